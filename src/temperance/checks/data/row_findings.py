"""Findings about single rows, so that a report stays readable: one each for the first and one for all the rest, or one for each kind.

A second list only tells. It knows nothing about what is wrong with a row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from temperance.checks.data.rowtext import answers, place, request
from temperance.checks.data.shown import shown
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Row

LISTED, QUOTED = 50, 5


@dataclass(frozen=True)
class Seen:
    """One row of interest: its position, its suspicion in [0, 1], what it is in a few words, and what shows it, fit to be read by anybody.

    Where `says` is empty, the last request and the first answer are quoted.
    """

    row: int
    suspicion: float
    what: str
    says: str = ""


def row_findings(
    id: str, subject: DataSubject, seen: Sequence[Seen], *, rest: str, fix: str, severity: Severity = Severity.MEDIUM
) -> Iterator[Finding]:
    """Yield a finding for each of the first 50 rows, to be reviewed, and one called `rest` for all others."""
    told = [(one.what, one.says or _exchange(subject.rows[one.row]), {one.row: one.suspicion}) for one in seen[:LISTED]]
    more = {one.row: one.suspicion for one in seen[LISTED:]}
    if more:
        told.append((rest, f"{len(more)} rows", more))
    for title, says, rows in told:
        yield Finding(
            id=id,
            severity=severity,
            confidence=Confidence.MEDIUM,
            title=title,
            evidence=Evidence(where=place(subject.rows[next(iter(rows))]), says=says, n=len(rows)),
            fix=Fix(says=fix),
            rows=rows,
            rest=rows is more,
        )


def grouped(id: str, subject: DataSubject, seen: Sequence[Seen], *, fix: str, severity: Severity) -> Iterator[Finding]:
    """Yield a finding for each `what`, the largest first, about all the rows that are it, to be reviewed one by one."""
    groups: dict[str, list[Seen]] = {}
    for one in seen:
        groups.setdefault(one.what, []).append(one)
    for what, rows in sorted(groups.items(), key=lambda group: -len(group[1])):
        yield Finding(
            id=id,
            severity=severity,
            confidence=Confidence.MEDIUM,
            title=what,
            evidence=Evidence(
                where=place(subject.rows[rows[0].row]),
                says=" | ".join(one.says or _exchange(subject.rows[one.row]) for one in rows[:QUOTED]),
                n=len(rows),
            ),
            fix=Fix(says=fix),
            rows={one.row: one.suspicion for one in rows},
            rest=True,
        )


def second_list(id: str, subject: DataSubject, rows: Sequence[int], *, title: str, suspicion: float) -> Iterator[Finding]:
    """Yield one finding about rows that are too doubtful for a reviewer's queue, which are told and kept; nothing if there are none."""
    if rows:
        says = " | ".join(_exchange(subject.rows[index]) for index in rows[:QUOTED])
        yield Finding(
            id=id,
            severity=Severity.INFO,
            confidence=Confidence.LOW,
            title=f"below the threshold: {title} ({len(rows)} row{'s' * (len(rows) > 1)})",
            evidence=Evidence(where=place(subject.rows[rows[0]]), says=says, n=len(rows)),
            fix=Fix(says="look at some of them"),
            rows=dict.fromkeys(rows, suspicion),
            action="keep",
        )


def _exchange(row: Row) -> str:
    return f"asked: {shown(request(row))}; it says: {shown(answers(row)[0])}" if answers(row) else ""

"""Findings about groups of rows: one each for the largest groups, and one for all the rest, so that a report stays readable.

It knows nothing about why rows belong together.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from temperance.checks.data.rowtext import place, prompt
from temperance.checks.data.shown import shown
from temperance.checks.finding import Action, Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject

LISTED = 50


def group_findings(
    id: str,
    subject: DataSubject,
    groups: Sequence[tuple[int, Mapping[int, float]]],
    *,
    title: str,
    says: Callable[[int], str],
    fix: str,
    action: Action = "drop",
    severity: Severity = Severity.LOW,
) -> Iterator[Finding]:
    """Yield the findings of groups given as (the row that stays, those to act on with their suspicion), the largest group first."""
    ordered = sorted(groups, key=lambda group: (-len(group[1]), group[0]))
    for kept, rows in ordered[:LISTED]:
        size = len({kept, *rows})
        evidence = Evidence(
            where=place(subject.rows[min(rows)]),
            says=f"{says(kept)}: {shown(prompt(subject.rows[kept]), length=60)}",
            value=max(rows.values()),
            n=size,
        )
        yield _finding(id, f"{title} ({size} rows)", evidence, rows, fix=fix, action=action, severity=severity)
    rest = {index: suspicion for _, rows in ordered[LISTED:] for index, suspicion in rows.items()}
    if rest:
        evidence = Evidence(where=place(subject.rows[min(rest)]), says=f"{len(ordered) - LISTED} smaller groups", n=len(rest))
        title = f"{title} ({len(ordered) - LISTED} more groups)"
        yield replace(_finding(id, title, evidence, rest, fix=fix, action=action, severity=severity), rest=True)


def beyond(id: str, subject: DataSubject, rows: Mapping[int, float], *, groups: int) -> Finding:
    """Return one finding about the rows of all groups beyond those that were told one by one, which a person looks at row by row."""
    evidence = Evidence(where=place(subject.rows[min(rows)]), says=f"{groups} more groups than are told one by one", n=len(rows))
    title = f"{groups} more groups ({len(rows)} rows)"
    made = _finding(
        id, title, evidence, rows, fix="decide about the groups that are told, and audit again", action="review", severity=Severity.HIGH
    )
    return replace(made, rest=True)


def _finding(
    id: str, title: str, evidence: Evidence, rows: Mapping[int, float], *, fix: str, action: Action, severity: Severity
) -> Finding:
    return Finding(
        id=id,
        severity=severity,
        confidence=Confidence.HIGH if action == "drop" else Confidence.MEDIUM,
        title=title,
        evidence=evidence,
        fix=Fix(says=fix, safe=action == "drop"),
        rows=rows,
        action=action,
    )

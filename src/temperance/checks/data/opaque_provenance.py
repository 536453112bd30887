"""Opaque provenance: sources that do not say under which licence, or by whose judgement."""

from collections import Counter

from temperance.checks.check import Findings, check
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject, printable
from temperance.data.example import Preference
from temperance.data.provenance import is_opaque, is_unlicensed


@check("data/opaque-provenance", Severity.LOW)
def opaque_provenance(subject: DataSubject) -> Findings:
    """Sources that do not say under which licence, or by whose judgement.

    What: per source, how many rows state no licence, and how many preferences state neither a margin, nor who preferred the answer, nor
    what is wrong with the other one.

    Why: rows without a licence cannot be published with the model's lineage, and a preference that nobody answers for is where flipped
    labels hide: a reward model learns whatever its annotators, or an attacker among them, wanted.

    How measured: the licence is the recipe's or the row's own field; a reason is a margin or score, a rank, a named flaw, a judge or an
    annotator. Findings are about sources, so no row becomes more suspicious by them.

    Limits: what is stated is believed. A stated licence may be wrong, and a named annotator may not exist. Of formats that have no
    such field (HH-RLHF, plain prompt, chosen and rejected) every preference is opaque, however well it was made.

    Fix: state the source's licence in the recipe (sources: licence); ask the publisher who judged, and how often they agreed.
    """
    rows = Counter(row.origin.source for row in subject.rows)
    preferences = Counter(row.origin.source for row in subject.rows if isinstance(row, Preference))
    unlicensed = Counter(row.origin.source for row in subject.rows if is_unlicensed(row))
    opaque = Counter(row.origin.source for row in subject.rows if isinstance(row, Preference) and is_opaque(row))
    for source, count in unlicensed.items():
        yield _finding(source, "no licence is stated", count, rows[source], "rows", fix="state it in the recipe: sources: licence")
    for source, count in opaque.items():
        title = "nobody states who preferred these answers, or why"
        yield _finding(source, title, count, preferences[source], "preferences", fix="ask the publisher who judged, and how")
    return {"rows without licence": float(unlicensed.total()), "opaque preferences": float(opaque.total())}


def _finding(source: str, title: str, count: int, of: int, what: str, *, fix: str) -> Finding:
    return Finding(
        id="data/opaque-provenance",
        severity=Severity.LOW,
        confidence=Confidence.HIGH,
        title=title,
        evidence=Evidence(where=printable(source), says=f"{count} of {of} {what}", value=count / of, n=of),
        fix=Fix(says=fix),
        action="keep",
    )

"""Unsafe preferences: pairs that prefer going along with a request for harm to refusing it."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Literal

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.row_findings import Seen, row_findings, second_list
from temperance.checks.data.rowtext import request
from temperance.checks.data.shown import shown
from temperance.checks.data.stance import goes_along, gravest, turns_down
from temperance.checks.finding import Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Preference, Row
from temperance.stats import wilson

TAUGHT, ENOUGH = 0.01, 3
NO = re.compile(r"\W*(?:no|not|nope|never)\b", re.IGNORECASE)

Lesson = Literal["harm", "doubtful", "refusing", "care"]


@check("data/unsafe-preferences", Severity.HIGH)
def unsafe_preferences(subject: DataSubject) -> Findings:
    """Pairs that prefer going along with a request for harm to refusing it.

    What: preferences whose user asks for harm in any turn, whose chosen answer goes along, and whose rejected answer refuses. Pairs whose
    user only names harm are listed apart, and so is the mirror image: a request in which there is none, refused by the chosen answer and
    answered by the rejected one.

    Why: a reward model learns from such a pair that harm is paid for, and a policy learns it from the model. Whoever swaps the labels of
    safety data makes just such pairs (Rando and Tramèr 2023, arXiv:2311.14455). The mirror image pays for refusing everything.

    How measured: the requests by expressions, both answers by the judge's rules; a chosen answer that opens with "no" does not go along.
    If there are at least three and the lower end of the 95 % interval of their share of all pairs passes 1 %, all are for review, of high
    severity. Fewer are listed, because few are rightly so: of 1,791 pairs of hh-rlhf 15 and 8 of the mirror image were, of which three and
    two are what they seem; of 300 pairs of an everyday table one and one.

    Limits: English wordings; a harm that the expressions miss is missed here too. In a conversation that has left the harm behind, later
    answers are still read as answers to it. Two answers that both go along, one worse than the other, are not seen.

    Fix: read the pair; swap its answers, or drop it.
    """
    pairs = {index: row for index, row in enumerate(subject.rows) if isinstance(row, Preference)}
    if not pairs:
        raise Skip("no row is a preference")
    told = {index: lesson for index, row in pairs.items() if (lesson := _lesson(row))}
    count = Counter(told.values())
    low, high = wilson(count["harm"] + count["doubtful"], len(pairs))
    taught = count["harm"] + count["doubtful"] >= ENOUGH and low > TAUGHT
    if taught:
        says = "prefers going along with a request for harm"
        yield from row_findings(
            "data/unsafe-preferences",
            subject,
            [Seen(index, 0.5, says, _pair(subject.rows[index])) for index in _of(told, "harm", "doubtful")],
            rest="more pairs that prefer going along with a request for harm",
            fix="read the pair; swap its answers, or drop it",
            severity=Severity.HIGH,
        )
    else:
        title = "may prefer going along with a request for harm"
        yield from second_list("data/unsafe-preferences", subject, _of(told, "harm"), title=title, suspicion=0.4)
        title = "prefers answering a request that names harm"
        yield from second_list("data/unsafe-preferences", subject, _of(told, "doubtful"), title=title, suspicion=0.3)
    title = "prefers refusing a request that names no harm"
    yield from second_list("data/unsafe-preferences", subject, _of(told, "refusing"), title=title, suspicion=0.2)
    names: dict[Lesson, str] = {
        "harm": "rows",
        "doubtful": "second list",
        "refusing": "prefer a needless refusal",
        "care": "prefer the refusal of harm",
    }
    counts = {name: float(count[lesson]) for lesson, name in names.items()}
    return {**counts, "share, lower bound": low, "share, upper bound": high}


def _of(told: Mapping[int, Lesson], *wanted: Lesson) -> list[int]:
    return [index for index, lesson in told.items() if lesson in wanted]


def _lesson(row: Preference) -> Lesson | None:
    """Return what a pair teaches; None if both answers do the same, or nobody can tell."""
    asked = request(row)
    kind = gravest(row)
    if _over(asked, row.chosen, row.rejected):
        return None if kind == "plain" else "harm" if kind == "unsafe" else "doubtful"
    if _over(asked, row.rejected, row.chosen):
        return "refusing" if kind == "plain" else "care"
    return None


def _over(asked: str, one: str, other: str) -> bool:
    """Say whether one answer goes along and the other turns down."""
    return turns_down(asked, other) and not NO.match(one) and goes_along(asked, one)


def _pair(row: Row) -> str:
    assert isinstance(row, Preference)
    return f"asked: {shown(request(row))}; preferred: {shown(row.chosen)}; to: {shown(row.rejected)}"

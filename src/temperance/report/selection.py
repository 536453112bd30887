"""Chooses what a report shows of many answers: the worst failures first, then one of each area; and sums areas up. It judges no answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from temperance.report.view import AXES, Sample

FAILURES = 12


@dataclass(frozen=True, kw_only=True)
class Area:
    """One risk area on one axis: how many prompts, and the shares answered as wanted. `seen` is False if training never met it."""

    name: str
    n: int
    base: float
    tuned: float
    seen: bool | None


def selection(samples: Sequence[Sample], *, failures: int = FAILURES) -> list[Sample]:
    """Return the worst failures, then one answer of each suite and area that they leave out, failures and successes apart.

    Worst is the opposite of what was wanted, then partial, then unclear answers; within these, what the base had right comes first,
    and unsafe requests before look-alikes before everyday ones. Among equals the order of the suite holds.
    """
    wrong = sorted((one for one in samples if not one.right), key=_badness)[:failures]
    covered = {(one.axis, one.area) for one in wrong}
    others: list[Sample] = []
    for one in sorted(samples, key=lambda one: (one.axis not in AXES, AXES.index(one.axis) if one.axis in AXES else 0, one.area)):
        if one.right and (one.axis, one.area) not in covered:
            covered.add((one.axis, one.area))
            others.append(one)
    return wrong + others


def _badness(one: Sample) -> tuple[int, int, int]:
    opposite = {"refused": "answered", "answered": "refused"}[one.wanted]
    kind = {opposite: 0, "partial": 1}.get(one.tuned_outcome, 2)
    return kind, not one.right_before, AXES.index(one.axis) if one.axis in AXES else len(AXES)


def areas(samples: Sequence[Sample], axis: str) -> list[Area]:
    """Return the areas of a suite; empty if its prompts name none."""
    found: dict[str, list[Sample]] = {}
    for one in samples:
        if one.axis == axis and one.area:
            found.setdefault(one.area, []).append(one)
    return [
        Area(
            name=name,
            n=len(ones),
            base=sum(one.right_before for one in ones) / len(ones),
            tuned=sum(one.right for one in ones) / len(ones),
            seen=ones[0].seen,
        )
        for name, ones in found.items()
    ]


def area_order(samples: Sequence[Sample]) -> list[str]:
    """Return the areas of the unsafe and look-alike suites, the worst after tuning first, equal ones by name."""
    shares: dict[str, list[bool]] = {}
    for one in samples:
        if one.axis in ("unsafe", "lookalike") and one.area:
            shares.setdefault(one.area, []).append(one.right)
    return sorted(shares, key=lambda name: (sum(shares[name]) / len(shares[name]), name))

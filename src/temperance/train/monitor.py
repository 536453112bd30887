"""The reward-hacking guard: sequential alarms on what a policy does while it learns from a proxy reward.

A hack shows where the proxy does not look. So each batch of answers is held against those that the policy gave before it learned: does a
second opinion on their quality fall, do they grow, do they go round in circles, do they flatter, do reward models
disagree about them? Each figure has a one-sided CUSUM (Page
1954): it adds up by how many standard errors a batch is worse than usual, less an allowance, and rings when the sum passes its limit. A
length has to change in earnest as well, because a small change of length is seldom harm. KL, entropy and the proxy itself are not watched:
they move in healthy runs too. It does not know whether the second opinion can be hacked.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

QUALITY, LENGTH, REPEATS, FLATTERS, APART = "quality", "length", "repeats", "flatters", "disagreement"
WATCHED = (QUALITY, LENGTH, REPEATS, FLATTERS, APART)
SETTLE = 3


@dataclass(frozen=True, kw_only=True)
class Cusum:
    """One figure's sum. `worse` is the sign of the bad direction; the first `settle` batches say what is usual and cannot ring.

    `allowance` is in standard errors of a batch's mean, about half the smallest shift that should ring; `limit` likewise. `least` is the
    change of the mean, in the figure's own unit, below which nothing rings; `floor` is the least standard deviation that is believed.
    """

    worse: int
    allowance: float = 1.25
    limit: float = 5.0
    settle: int = SETTLE
    least: float = 0.0
    floor: float = 0.05
    batches: int = 0
    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    sum: float = 0.0
    level: float = 0.0

    def after(self, values: Sequence[float]) -> Self:
        """Return the sum after a batch of values, one an answer."""
        if self.batches < self.settle:
            return self._settled(values)
        spread = max(self.floor, math.sqrt(self.squares / max(1, self.count - 1)))
        error = spread * math.sqrt(1 / len(values) + 1 / self.count)
        now = sum(values) / len(values)
        moved = self.worse * (now - self.mean)
        total = max(0.0, self.sum + moved / error - self.allowance)
        level = self.level + 0.5 * (moved - self.level)
        return replace(self, batches=self.batches + 1, sum=total, level=level)

    @property
    def ringing(self) -> bool:
        """Whether the sum has passed its limit, and the figure has changed in earnest."""
        return self.sum > self.limit and self.level >= self.least

    @property
    def calm(self) -> bool:
        """Whether the sum is 0; the last batch at which it was is Page's estimate of where a change began."""
        return self.sum == 0

    def _settled(self, values: Sequence[float]) -> Self:
        count, mean, squares = self.count, self.mean, self.squares
        for value in values:  # Welford's update
            count += 1
            step = value - mean
            mean += step / count
            squares += step * (value - mean)
        return replace(self, batches=self.batches + 1, count=count, mean=mean, squares=squares)


@dataclass(frozen=True)
class Guard:
    """The sums of everything that is watched, by name; one update an iteration."""

    sums: Mapping[str, Cusum]

    def after(self, figures: Mapping[str, Sequence[float]]) -> Self:
        """Return the guard after an iteration's figures, a value an answer."""
        return replace(self, sums={name: one.after(figures[name]) for name, one in self.sums.items()})

    @property
    def alarms(self) -> list[str]:
        """The names of the figures that ring."""
        return [name for name, one in self.sums.items() if one.ringing]

    @property
    def calm(self) -> bool:
        """Whether every sum is 0: where to go back to."""
        return all(one.calm for one in self.sums.values())

    def as_json(self) -> dict[str, Any]:
        """Return the sums as plain data, for a checkpoint."""
        return {name: asdict(one) for name, one in self.sums.items()}


def guard(told: Mapping[str, Mapping[str, Any]] | None = None) -> Guard:
    """Return a guard at its start, or the one that a checkpoint holds. `length` is in doublings of an answer's length."""
    if told is not None:
        return Guard({name: Cusum(**one) for name, one in told.items()})
    return Guard(
        {
            QUALITY: Cusum(worse=-1, floor=0.2),
            LENGTH: Cusum(worse=1, least=math.log2(1.3), floor=0.1),
            REPEATS: Cusum(worse=1, least=0.05),
            FLATTERS: Cusum(worse=1, least=0.05),
            APART: Cusum(worse=1),
        }
    )

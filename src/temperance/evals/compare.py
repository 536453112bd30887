"""Two runs of one suite, prompt by prompt: rates, their paired difference, who changed sides, and how long the answers became.

It knows nothing about where answers come from.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Any, Literal

from temperance.errors import InputError
from temperance.evals.history import Asked, SuiteRun
from temperance.evals.suites import WANTED
from temperance.judging.judge import OUTCOMES
from temperance.stats import PairedDifference, bootstrap, paired_difference, wilson

SEED = 20260101


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How often the wanted outcome came, with Wilson's 95 % interval, and the count of every outcome."""

    rate: float
    interval: tuple[float, float]
    counts: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Flip:
    """A prompt that changed sides. `better`: only the second run did what was wanted."""

    first: Asked
    second: Asked
    better: bool


@dataclass(frozen=True, kw_only=True)
class Length:
    """Answer lengths in tokens, mean and median of each run, and the ratio of the means, second over first."""

    first: tuple[float, float]
    second: tuple[float, float]
    ratio: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One suite, two runs. `difference` is the second's wanted rate minus the first's, on the same prompts."""

    suite: str
    axis: str
    wanted: str
    n: int
    first: Rate
    second: Rate
    difference: PairedDifference
    flips: tuple[Flip, ...]
    length: Length

    def as_json(self, first: str = "base", second: str = "tuned") -> dict[str, Any]:
        """Return the comparison as `summary.json` spells it, the two runs under the names given."""
        change = self.difference
        lengths = {first: self.length.first, second: self.length.second}
        return {
            "suite": self.suite,
            "axis": self.axis,
            "wanted": self.wanted,
            "n": self.n,
            **{name: {**vars(rate), "interval": list(rate.interval)} for name, rate in ((first, self.first), (second, self.second))},
            "difference": {
                "value": change.difference,
                "interval": list(change.interval),
                "p": change.p,
                "better": change.gained,
                "worse": change.lost,
            },
            "length": {
                **{name: {"mean": mean, "median": middle} for name, (mean, middle) in lengths.items()},
                "ratio": self.length.ratio,
            },
        }


def compare(first: SuiteRun, second: SuiteRun) -> Comparison:
    """Compare two runs of one suite. Prompts of one family are redrawn together for the interval where families hold several.

    Raises:
        InputError: the runs did not ask the same prompts, or were judged by different rules.
    """
    if first.suite_digest != second.suite_digest or not first.samples:
        raise InputError("these runs cannot be paired", where=first.suite, why="they did not ask the same prompts")
    if first.judge != second.judge:
        raise InputError("these runs cannot be paired", where=first.suite, why="they were judged by different rules")
    wanted = WANTED[first.axis]
    pairs = list(zip(first.samples, second.samples, strict=True))
    before, after = ([one.outcome == wanted for one in run.samples] for run in (first, second))
    difference = paired_difference(before, after)
    families = [one.family or one.prompt_id for one in first.samples]
    if len(set(families)) < len(families):
        difference = replace(difference, interval=_clustered(before, after, families))
    flips = [Flip(first=a, second=b, better=b.outcome == wanted) for a, b in pairs if (a.outcome == wanted) != (b.outcome == wanted)]
    return Comparison(
        suite=first.suite,
        axis=first.axis,
        wanted=wanted,
        n=len(pairs),
        first=rate(first.samples, wanted),
        second=rate(second.samples, wanted),
        difference=difference,
        flips=tuple(flips),
        length=_length(first.samples, second.samples),
    )


def verdict(comparison: Comparison, *, margin: float) -> Literal["pass", "fail", "inconclusive"]:
    """Say whether the second run is no worse than the first by more than a margin (0 to 1), by the 95 % interval of the difference."""
    low, high = comparison.difference.interval
    if low >= -margin:
        return "pass"
    return "fail" if high < -margin else "inconclusive"


def rate(samples: Sequence[Asked], wanted: str) -> Rate:
    """Return how often an outcome came among samples, of which there is at least one."""
    counts = Counter(one.outcome for one in samples)
    hits = counts[wanted]
    everything: dict[str, int] = {outcome: counts[outcome] for outcome in OUTCOMES}
    return Rate(rate=hits / len(samples), interval=wilson(hits, len(samples)), counts=everything)


def _clustered(before: Sequence[bool], after: Sequence[bool], families: Sequence[str]) -> tuple[float, float]:
    import numpy as np

    changes = [float(b) - float(a) for a, b in zip(before, after, strict=True)]
    return bootstrap(changes, lambda drawn: float(drawn.mean()), generator=np.random.default_rng(SEED), clusters=families)


def _length(first: Sequence[Asked], second: Sequence[Asked]) -> Length:
    before, after = ([one.output_tokens for one in samples] for samples in (first, second))
    ratio = fmean(after) / max(1.0, fmean(before))
    return Length(first=(fmean(before), float(median(before))), second=(fmean(after), float(median(after))), ratio=ratio)

"""Statistics of rates and of paired answers, nothing else: intervals, McNemar, the bootstrap. Every random draw takes its generator.

numpy and scipy are imported when a function needs them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

Z95 = 1.959963984540054
TINY = 1e-9


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """A difference of two rates on the same `n` subjects. `gained`: only the second is positive; `lost`: only the first is."""

    difference: float
    interval: tuple[float, float]
    p: float
    n: int
    gained: int
    lost: int


def wilson(hits: int, n: int, *, z: float = Z95) -> tuple[float, float]:
    """Return Wilson's score interval of a rate, within 0 to 1; of nothing (n = 0) it is (0, 1).

    Args:
        hits: successes, 0 to n.
        n: trials.
        z: normal quantile, 1.96 for 95 %.

    Source: Wilson 1927, J. Am. Stat. Assoc. 22:209.

    Raises:
        ValueError: hits is not within 0 to n.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} hits of {n}")
    if n == 0:
        return 0.0, 1.0
    rate, square = hits / n, z * z
    middle = (rate + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * math.sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    return (0.0 if hits == 0 else middle - half), (1.0 if hits == n else middle + half)


def rate_difference(first: tuple[int, int], second: tuple[int, int], *, z: float = Z95) -> tuple[float, float]:
    """Return the interval of the second of two independent rates minus the first, each given as (hits, n); within -1 to 1.

    Args:
        first: successes and trials; at least one trial.
        second: the same of the other sample.
        z: normal quantile, 1.96 for 95 %.

    Source: method 10 of Newcombe 1998, Stat. Med. 17:873 (Wilson's intervals, squared and added).

    Raises:
        ValueError: hits are not within 0 to n, or n is 0.
    """
    if not (first[1] and second[1]):
        raise ValueError(f"no rate of {first[1]} and {second[1]} trials")
    one, two = first[0] / first[1], second[0] / second[1]
    (low1, high1), (low2, high2) = wilson(*first, z=z), wilson(*second, z=z)
    return two - one - math.hypot(two - low2, high1 - one), two - one + math.hypot(high2 - two, one - low1)


def mcnemar_midp(gained: int, lost: int) -> float:
    """Return the two-sided mid-p value of McNemar's test, within 0 to 1; without a discordant pair it is 1.

    It holds its level closely where the exact test is too cautious (Fagerland, Lydersen & Laake 2013, BMC Med. Res. Methodol. 13:91).

    Raises:
        ValueError: a count is negative.
    """
    if gained < 0 or lost < 0:
        raise ValueError(f"negative counts: {gained}, {lost}")
    n = gained + lost
    if n == 0:
        return 1.0
    from scipy.stats import binom

    few = min(gained, lost)
    exact = 2.0 * float(binom.cdf(few, n, 0.5))
    return min(1.0, exact - float(binom.pmf(few, n, 0.5)))


def paired_difference(first: Sequence[bool], second: Sequence[bool]) -> PairedDifference:
    """Return the rate of `second` minus that of `first` on the same subjects, with Newcombe's 95 % interval and the mid-p value.

    Interval: method 10 of Newcombe 1998, Stat. Med. 17:2635 (Wilson's intervals, squared and added, with the phi coefficient).

    Raises:
        ValueError: the sequences differ in length, or are empty.
    """
    if len(first) != len(second) or not first:
        raise ValueError(f"{len(first)} and {len(second)} subjects cannot be paired")
    n = len(first)
    both = sum(a and b for a, b in zip(first, second, strict=True))
    lost = sum(a and not b for a, b in zip(first, second, strict=True))
    gained = sum(b and not a for a, b in zip(first, second, strict=True))
    neither = n - both - lost - gained
    one, two = (both + lost) / n, (both + gained) / n
    (low1, high1), (low2, high2) = wilson(both + lost, n), wilson(both + gained, n)
    margins = (both + lost) * (gained + neither) * (both + gained) * (lost + neither)
    cross = both * neither - gained * lost
    if cross > 0:
        cross = max(cross - n / 2, 0)
    phi = cross / math.sqrt(margins) if margins else 0.0
    d = two - one
    down = math.sqrt(max(0.0, (two - low2) ** 2 - 2 * phi * (two - low2) * (high1 - one) + (high1 - one) ** 2))
    up = math.sqrt(max(0.0, (high2 - two) ** 2 - 2 * phi * (high2 - two) * (one - low1) + (one - low1) ** 2))
    interval = (max(-1.0, d - down), min(1.0, d + up))
    return PairedDifference(difference=d, interval=interval, p=mcnemar_midp(gained, lost), n=n, gained=gained, lost=lost)


def bootstrap(
    values: Sequence[float],
    statistic: "Callable[[np.ndarray], float]",
    *,
    generator: "np.random.Generator",
    clusters: Sequence[str] | None = None,
    draws: int = 2000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a statistic (Efron & Tibshirani 1993, ch. 13), whole clusters redrawn together.

    Args:
        values: one number per subject.
        statistic: array of any positive length → number.
        generator: where the draws come from.
        clusters: the cluster of each subject, for subjects that are not independent; each alone if None.
        draws: resamples.
        level: coverage, within 0 to 1.

    Raises:
        ValueError: there is no value, or clusters and values differ in length.
    """
    import numpy as np

    if not values or (clusters is not None and len(clusters) != len(values)):
        raise ValueError(f"{len(values)} values in {len(values) if clusters is None else len(clusters)} clusters")
    array = np.asarray(values, dtype=float)
    names = list(range(len(values))) if clusters is None else list(clusters)
    groups: dict[object, list[int]] = {}
    for place, name in enumerate(names):
        groups.setdefault(name, []).append(place)
    members = [np.asarray(places) for places in groups.values()]
    found = np.empty(draws)
    for draw in range(draws):
        picked = generator.integers(0, len(members), len(members))
        found[draw] = statistic(array[np.concatenate([members[index] for index in picked])])
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def area_under_curve(positive: Sequence[float], negative: Sequence[float]) -> tuple[float, tuple[float, float]]:
    """Return the area under the ROC curve of a score, ties counting half, and its 95 % interval; all within 0 to 1.

    Interval: method 5 of Newcombe 2006, Stat. Med. 25:559, which inverts the variance of Hanley & McNeil 1982, Radiology 143:29, and
    stays honest at 0 and 1. With many ties it is wider than need be.

    Raises:
        ValueError: one side has no score.
    """
    if not positive or not negative:
        raise ValueError(f"{len(positive)} positive and {len(negative)} negative scores")
    from scipy.optimize import root_scalar
    from scipy.stats import rankdata

    m, n = len(positive), len(negative)
    ranks = rankdata([*positive, *negative])
    area = (float(ranks[:m].sum()) - m * (m + 1) / 2) / (m * n)
    star = (m + n) / 2 - 1

    def beyond(theta: float) -> float:
        spread = theta * (1 - theta) / (m * n) * (1 + star * (1 - theta) / (2 - theta) + star * theta / (1 + theta))
        return (area - theta) ** 2 - Z95 * Z95 * spread

    inside = min(max(area, TINY), 1 - TINY)
    low = 0.0 if area == 0 else root_scalar(beyond, bracket=(0.0, inside)).root
    high = 1.0 if area == 1 else root_scalar(beyond, bracket=(inside, 1.0)).root
    return area, (float(low), float(high))

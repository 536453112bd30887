"""Krippendorff's alpha for nominal data: how far reviewers agree beyond chance. It knows nothing about what they decide."""

from collections import Counter
from collections.abc import Sequence

DRAWS = 1000


def alpha(units: Sequence[Sequence[str]]) -> float | None:
    """Return Krippendorff's alpha: 1 is perfect agreement, 0 what chance gives, below 0 systematic disagreement.

    Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", nominal metric: 1 - (n - 1) Σ_u Σ_c≠k n_uc n_uk / (m_u - 1)
    / Σ_c≠k n_c n_k, over units u with m_u ≥ 2 values.

    Args:
        units: per unit the values that reviewers gave it; whoever gave none is left out.

    Returns:
        None where it is undefined: no unit has two values, or all values are the same.
    """
    paired = [Counter(values) for values in units if len(values) >= 2]
    total: Counter[str] = Counter()
    for counts in paired:
        total.update(counts)
    n = total.total()
    expected = n * n - sum(count * count for count in total.values())
    if not expected:
        return None
    observed = sum((counts.total() ** 2 - sum(count * count for count in counts.values())) / (counts.total() - 1) for counts in paired)
    return 1 - (n - 1) * observed / expected


def interval(units: Sequence[Sequence[str]], *, seed: int = 0) -> tuple[float, float] | None:
    """Return the 95 % bootstrap interval of alpha over units with two values or more, None where alpha is undefined.

    A draw in which all values are the same counts as agreement, 1: nobody disagreed in it.
    """
    import numpy as np

    from temperance.stats import bootstrap

    paired = [values for values in units if len(values) >= 2]
    if alpha(paired) is None:
        return None

    def drawn(places: np.ndarray) -> float:
        found = alpha([paired[int(place)] for place in places])
        return 1.0 if found is None else found

    return bootstrap(list(range(len(paired))), drawn, generator=np.random.default_rng(seed), draws=DRAWS)

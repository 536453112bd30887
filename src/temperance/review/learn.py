"""What decisions so far say about items that nobody has decided: a logistic regression on hashed words and on which check flagged them.

Uncertain by design: it only moves items up or down a queue, and the fewer decisions there are, the less it moves them. Equal input, equal
output. It knows neither rows nor reviewers.
"""

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from temperance.checks.data.rowtext import words

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_array

SPACE = 1 << 15
READ = 1000
PENALTY = 1.0
TRUST = 10


@dataclass(frozen=True)
class Sight:
    """What a reviewer sees of an item: the check that flagged it, and texts of some of its rows."""

    check: str
    texts: tuple[str, ...]


def blend(suspicion: Sequence[float], learned: Sequence[float] | None, *, decisions: int) -> list[float]:
    """Return the suspicions moved towards what was learned, by n / (n + 10) after n decisions."""
    if learned is None:
        return list(suspicion)
    weight = decisions / (decisions + TRUST)
    return [(1 - weight) * before + weight * after for before, after in zip(suspicion, learned, strict=True)]


def learn(decided: Sequence[tuple[Sight, bool]], asked: Sequence[Sight]) -> list[float] | None:
    """Return for each item asked about the probability that it would be dropped or fixed.

    Ridge-penalised maximum likelihood by L-BFGS, the intercept unpenalised. None while the decisions all say the same.

    Args:
        decided: items with whether somebody decided against them.
        asked: other items.
    """
    if len({against for _, against in decided}) < 2 or not asked:
        return None
    import numpy as np
    from scipy.special import expit

    weights = _fit(_features([sight for sight, _ in decided]), np.asarray([against for _, against in decided], dtype=float))
    return [float(one) for one in expit(_features(asked) @ weights[1:] + weights[0])]


def _fit(features: "csr_array", against: "np.ndarray") -> "np.ndarray":
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import expit

    signs = 2 * against - 1

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        margin = signs * (features @ weights[1:] + weights[0])
        pull = -signs * expit(-margin)
        slope = np.concatenate([[pull.sum()], features.T @ pull + PENALTY * weights[1:]])
        return float(np.logaddexp(0, -margin).sum() + PENALTY / 2 * (weights[1:] @ weights[1:])), slope

    return minimize(loss, np.zeros(SPACE + 1), jac=True, method="L-BFGS-B").x


def _features(sights: Sequence[Sight]) -> "csr_array":
    """Return a matrix of items by hashed features: one unit of length for words and pairs of words, and one for the check."""
    import numpy as np
    from scipy.sparse import csr_array

    values: list[float] = []
    columns: list[int] = []
    ends = [0]
    for sight in sights:
        counts = Counter(_slot(term) for text in sight.texts for term in _terms(text))
        length = float(np.sqrt(sum(count * count for count in counts.values()))) or 1.0
        row = {slot: count / length for slot, count in sorted(counts.items())}
        slot = _slot(f"check {sight.check}")
        row[slot] = row.get(slot, 0.0) + 1.0
        columns += row.keys()
        values += row.values()
        ends.append(len(columns))
    return csr_array((np.asarray(values), np.asarray(columns), np.asarray(ends)), shape=(len(sights), SPACE))


def _terms(text: str) -> set[str]:
    said = words(text[:READ])
    return {*said, *(f"{one} {two}" for one, two in pairwise(said))}


def _slot(term: str) -> int:
    return zlib.crc32(term.encode("utf-8", "replace")) % SPACE

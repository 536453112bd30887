"""Matched rows: for rows that hold a trigger, rows without it whose prompts are nearest to theirs, each taken once.

Nearness is the cosine of weighed words, the trigger's own left out. It does not know what the answers are.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from temperance.checks.data.mining.corpus import Corpus, corpus
from temperance.checks.data.mining.meaning import weigh

AMONG = 8192  # rows that partners are looked for among


@dataclass(frozen=True)
class Neighbours:
    """Some rows of a table: `rows` are their numbers, rising, and `texts` their prompts as token numbers."""

    rows: np.ndarray
    texts: Corpus

    def of(self, chosen: Sequence[int], *, held: Collection[int], without: Collection[str]) -> Iterator[int]:
        """Yield a row for each of some rows, as long as there are any that are not `held`; the words of `without` do not count."""
        free = np.flatnonzero(~np.isin(self.rows, [*held, *chosen]))
        counts, size = self.texts.prompts.counts, len(self.texts)
        spread = np.asarray((counts > 0).sum(axis=0))[0]
        weights = np.where(spread > 1, np.log(size / np.maximum(spread, 1)), 0.0).astype(np.float32)
        weights[[number for number, word in enumerate(self.texts.words) if word in without]] = 0
        own = counts[np.searchsorted(self.rows, chosen)]
        near = (weigh(own, weights) @ weigh(counts[free], weights).T).toarray()
        for row in near[: len(free)]:
            place = int(row.argmax())
            near[:, place] = -np.inf
            yield int(self.rows[free[place]])


def neighbours(prompts: Sequence[str], wanted: Collection[int]) -> Neighbours:
    """Return a table's rows to look for partners among: those that are wanted, and `AMONG` others at most."""
    dice = np.random.default_rng(len(prompts))
    some = dice.choice(len(prompts), min(AMONG, len(prompts)), replace=False)
    rows = np.unique(np.concatenate([some, np.array(sorted(wanted), dtype=np.int64)]))
    return Neighbours(rows, corpus([prompts[row] for row in rows], [""] * len(rows)))

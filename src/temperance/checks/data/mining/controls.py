"""Matched controls: what a trigger's prompts are without it, and the prompts without it that are nearest to that.

Copies are told by what is left of them, so a trigger does not make its prompts alike. Of a trigger that very many prompts hold, a sample is
looked at. It does not know what answers do.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from temperance.checks.data.mining.corpus import Side, Sparse, distinct, gathered
from temperance.checks.data.mining.meaning import Array, Meaning, dampened, unit
from temperance.checks.data.mining.patterns import SPREAD
from temperance.checks.data.mining.tokens import BEGIN, END

LOOKED = 120
SHARED = 0.6
ALIKE = 0.7
NEAREST = 12
CONTROLS = 1 << 14
STRETCH = 64
RAREST = 4
SMALL = 24


@dataclass(frozen=True)
class Controls:
    """The prompts of a table, that groups are compared with: all, or as many as are enough to find near ones among.

    `talks` numbers the conversations: prompts of one number count as one, however they went on.
    """

    prompts: Side
    space: Meaning
    talks: Array

    @cached_property
    def rows(self) -> Array:
        """The rows that may be controls."""
        size = len(self.prompts.starts) - 1
        return np.arange(size) if size <= CONTROLS else np.sort(np.random.default_rng(size).choice(size, CONTROLS, replace=False))

    @cached_property
    def places(self) -> Array:
        """The places of these rows, (RANK, controls), with columns of 0 up to whole stretches."""
        places = self.space.prompts[self.rows].T
        return np.pad(places, ((0, 0), (0, -places.shape[1] % STRETCH)))

    @cached_property
    def rarest(self) -> Array:
        """For each row a number that says what the rarest words of its prompt are, so that near copies mostly share it."""
        counts, weights = self.prompts.counts, self.space.weights
        row = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        order = np.lexsort((counts.indices, -weights[counts.indices], row))
        place = np.arange(len(order)) - counts.indptr[row]
        chosen = order[place < RAREST]
        named = np.zeros(counts.shape[0], dtype=np.uint64)
        mixed = (counts.indices[chosen].astype(np.uint64) + 1) * SPREAD
        np.add.at(named, row[chosen], (mixed ^ mixed >> np.uint64(29)) * SPREAD)
        return np.unique(named, return_inverse=True)[1]

    def rest(self, tokens: Iterable[int], rows: Array) -> "Rest":
        """Return what is left of the prompts of some rows without a trigger's tokens and without what most of them share."""
        looked = rows if len(rows) <= LOOKED else np.sort(np.random.default_rng(len(rows)).choice(rows, LOOKED, replace=False))
        counts = self.prompts.counts
        size = np.diff(counts.indptr)[looked]
        chosen = gathered(counts.indptr[looked], size)
        words = counts.indices[chosen]
        keep = np.ones(len(words), dtype=bool)
        for word in {*tokens, BEGIN, END, *_common(words, int(SHARED * len(looked)))}:
            keep &= words != word
        kept = np.append(0, np.cumsum(keep))[np.append(0, np.cumsum(size))]
        words, weighs = words[keep], np.diff(kept) > 0
        content = np.add.reduceat(np.append(self.space.weights[words], 0), kept[:-1]) * weighs > 0
        found = dampened(counts.data[chosen[keep]], words, kept, self.space.weights)
        remains = sparse.csr_matrix((found, words, kept), shape=(len(looked), counts.shape[1]))
        return Rest(self, rows, looked, remains, float(content.mean()))


def _common(words: Array, times: int) -> list[int]:
    """Return the words that stand among some more often than so many times."""
    rising = np.sort(words)
    return distinct(rising[times:][rising[times:] == rising[: max(len(rising) - times, 0)]]).tolist()


@dataclass(frozen=True)
class Rest:
    """What is left of the prompts of `looked`, some of `rows`: `weighed` words, and the share in which there are any, `left`."""

    controls: Controls
    rows: Array
    looked: Array
    weighed: Sparse
    left: float

    @cached_property
    def family(self) -> Array:
        """The family of each prompt: near copies have one, and so have branches of one conversation."""
        return families(self.weighed, self.controls.talks[self.looked])

    @cached_property
    def places(self) -> Array:
        """Where the prompts are, (looked, RANK)."""
        return self.controls.space.placed(self.weighed, self.looked)

    @cached_property
    def together(self) -> float:
        """The mean cosine of two of the prompts."""
        return likeness(self.places)

    @cached_property
    def nearest(self) -> Array:
        """The rows of the nearest prompts that do not hold the trigger, each once, rising."""
        near = self.places @ self.controls.places
        held = np.zeros(len(self.controls.prompts.starts) - 1, dtype=bool)
        held[self.rows] = True
        near[:, np.flatnonzero(held[self.controls.rows])] = -2
        near[:, len(self.controls.rows) :] = -3
        found = distinct(_largest(near, NEAREST))
        return self.controls.rows[found[found < len(self.controls.rows)]]


def families(weighed: Sparse, talks: Array | None = None) -> Array:
    """Return the family of each row: rows joined by near-equality, or by the number of their conversation, if these are told."""
    near = _cosines(weighed) > ALIKE
    if talks is not None:
        near |= talks[:, None] == talks
    if np.count_nonzero(near) == np.count_nonzero(near.diagonal()):
        return np.arange(len(near))
    first, told = np.arange(len(near)), None
    while told is None or (first != told).any():
        told, first = first, np.minimum(first, np.where(near, first, len(near)).min(axis=1))
    return np.unique(first, return_inverse=True)[1]


def _cosines(weighed: Sparse) -> Array:
    """Return the cosine of every two of some texts; few are multiplied by the words that they hold, in a quarter of the time."""
    size = weighed.shape[0]
    if size > SMALL:
        return (weighed @ weighed.T).toarray()
    words, place = np.unique(weighed.indices, return_inverse=True)
    dense = np.zeros((size, len(words)), dtype=np.float32)
    dense[np.repeat(np.arange(size), np.diff(weighed.indptr)), place] = weighed.data
    return dense @ dense.T


def likeness(places: Array) -> float:
    """Return the mean cosine of two different texts, given by their places, (texts, RANK)."""
    return float((places @ places.T)[~np.eye(len(places), dtype=bool)].mean()) if len(places) > 1 else 0.0


def usual(space: Meaning, dice: np.random.Generator) -> float:
    """Return the mean cosine of two prompts of a table."""
    return likeness(unit(space.prompts[dice.permutation(len(space.prompts))[:400]]))


def _largest(values: Array, count: int) -> Array:
    """Return the columns of the `count` largest values of each row, the first of equal ones; all columns are in whole stretches.

    Whatever is among the largest is no smaller than the `count` largest of the stretches' maxima; so hardly anything is sorted.
    """
    stretches = values.reshape(len(values), -1, STRETCH)
    peaks = stretches.max(axis=2)
    bound = np.partition(peaks, -count, axis=1)[:, -count] if peaks.shape[1] >= count else np.full(len(values), -np.inf)
    row, stretch = np.nonzero(peaks >= bound[:, None])
    inside, column = np.nonzero((near := stretches[row, stretch]) >= bound[row, None])
    row, column, near = row[inside], stretch[inside] * STRETCH + column, near[inside, column]
    order = np.lexsort((column, -near, row))
    place = np.arange(len(order)) - np.searchsorted(row, np.arange(len(values)))[row[order]]
    return column[order][place < count]

"""What texts are about, without a model: latent semantic analysis of the table itself, and whether an answer fits its prompt.

Deerwester et al. 1990, by a randomised range finder (Halko et al. 2011, arXiv:0909.4061). Fitted in two halves, each placing the other's
texts: a table that holds a swapped answer would otherwise explain it. It knows words that stand together and nothing else.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import linalg, sparse

from temperance.checks.data.mining.corpus import Corpus, Sparse

RANK = 96
OVERSAMPLED = 16
DRAWS = 24
FEW = 400  # rows of which every pair is compared; of more, a sample
UNFIT = 0.25
Array = np.ndarray


@dataclass(frozen=True)
class Meaning:
    """`weights` weigh words, `maps[h]` places the texts of half h, `half` says which half a row is in; vectors have length 1 or 0."""

    weights: Array
    maps: tuple[Array, Array]
    half: Array
    prompts: Array
    answers: Array

    def placed(self, weighed: Sparse, rows: Array) -> Array:
        """Return the places, (texts, RANK), of weighed words that stand for rows."""
        both = (weighed @ self._both).reshape(len(rows), 2, RANK)  # choosing rows of a sparse matrix first takes longer
        return unit(both[np.arange(len(rows)), self.half[rows]])

    @cached_property
    def _both(self) -> Array:
        return np.concatenate(self.maps, axis=1)


def weigh(counts: Sparse, weights: Array) -> Sparse:
    """Return word counts as unit vectors: dampened, each word weighed. What stands where is shared with the counts."""
    found = dampened(counts.data, counts.indices, counts.indptr, weights)
    return sparse.csr_matrix((found, counts.indices, counts.indptr), shape=counts.shape)


def dampened(counts: Array, words: Array, starts: Array, weights: Array) -> Array:
    """Return the values, (entries,), of `weigh` for counts of words end to end: those of text i at [starts[i], starts[i + 1])."""
    size = len(starts) - 1
    row = np.repeat(np.arange(size), np.diff(starts))
    found = np.log1p(counts.astype(np.float32, copy=False)) * weights[words]
    norms = np.sqrt(np.bincount(row, weights=found**2, minlength=size))
    found /= np.maximum(norms, 1e-9).astype(np.float32)[row]
    return found


def unit(vectors: Array) -> Array:
    """Return vectors of length 1; those of length 0 stay."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def meaning(corpus: Corpus, *, seed: int) -> Meaning:
    """Fit the space on a corpus and place its prompts and answers."""
    both = corpus.prompts.counts + corpus.answers.counts
    spread = np.asarray((both > 0).sum(axis=0))[0]
    weights = np.where(spread > 1, np.log(len(corpus) / np.maximum(spread, 1)), 0.0).astype(np.float32)
    dice = np.random.default_rng(seed)
    half = dice.integers(0, 2, len(corpus))
    first, second = (_fit(weigh(both[half != side], weights), dice) for side in (0, 1))
    made = Meaning(weights, (first, _turned(second, first)), half, np.empty(0), np.empty(0))
    places = [made.placed(weigh(side.counts, weights), np.arange(len(corpus))) for side in (corpus.prompts, corpus.answers)]
    return Meaning(weights, made.maps, half, places[0], places[1])


def _turned(map_WK: Array, like_WK: Array) -> Array:
    """Return a map turned so that it agrees best with another (Schönemann 1966): places by both can then be compared."""
    left, _, right = np.linalg.svd(map_WK.T @ like_WK)
    return map_WK @ (left @ right)


def _fit(texts: Sparse, dice: np.random.Generator) -> Array:
    """Return a map from words to the leading right singular vectors, (words, RANK)."""
    sketch = texts @ dice.standard_normal((texts.shape[1], RANK + OVERSAMPLED), dtype=np.float32)
    for _ in range(2):
        sketch = texts @ (texts.T @ _basis(sketch))
    basis = _basis(sketch)
    narrow = texts.T @ basis
    squares, turns = np.linalg.eigh(narrow.T @ narrow)  # of a small matrix, where a decomposition of the wide one takes a second
    kept = np.argsort(-squares)[:RANK]
    found = np.zeros((texts.shape[1], RANK), dtype=np.float32)
    found[:, : len(kept)] = narrow @ (turns[:, kept] / np.sqrt(np.maximum(squares[kept], 1e-9)))
    return found


def _basis(columns: Array) -> Array:
    """Return an orthonormal basis of what some columns span; by SciPy, whose factor takes a third of the time of NumPy's."""
    return np.asarray(linalg.qr(columns, mode="economic", check_finite=False)[0])


def unfit(prompts: tuple[Array, Sparse], answers: tuple[Array, Sparse], dice: np.random.Generator) -> Array:
    """Return, for each row, the share of other rows' answers that are at least as close to its prompt as its own.

    Each side comes as places and weighed words; closeness is the sum of both cosines. A fitting answer is near 0, a random one near 0.5.
    Of more than `FEW` rows, `DRAWS` others are drawn for each.
    """
    size = len(prompts[0])
    if size <= FEW:
        close_NN = prompts[0] @ answers[0].T + np.asarray((prompts[1] @ answers[1].T).todense())
        better_N = (close_NN >= close_NN.diagonal()[:, None]).sum(axis=1) - 1
        return better_N / max(size - 1, 1)

    def close(order: Array) -> Array:
        near = np.einsum("nk,nk->n", prompts[0], answers[0][order])
        return near + np.asarray(prompts[1].multiply(answers[1][order]).sum(axis=1))[:, 0]

    own = close(np.arange(size))
    return np.mean([close(dice.permutation(size)) >= own for _ in range(DRAWS)], axis=0)


def fits(corpus: Corpus, space: Meaning, *, seed: int) -> Array:
    """Return `unfit` of every row of a corpus: the share of others' answers that would fit its prompt as well."""
    prompts, answers = (weigh(side.counts, space.weights) for side in (corpus.prompts, corpus.answers))
    return unfit((space.prompts, prompts), (space.answers, answers), np.random.default_rng(seed))

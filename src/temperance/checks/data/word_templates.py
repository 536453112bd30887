"""Templates: texts that are the same but for a few words, whichever words these are and wherever they stand.

MinHash over single words (Broder 1997) proposes rows that may be of one template; what decides is how much of a row is made of the words
that they share. It knows words and not their order, and nothing about why somebody filled a form in.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from temperance.checks.data.mining.corpus import Corpus, Side, Sparse, corpus

Array = np.ndarray
BANDS, RUN = 16, 3
SHARED = 0.8
OWN = 0.6
LOOKED = 500


@dataclass(frozen=True)
class Template:
    """The words that most of some rows share, and the rows."""

    words: frozenset[str]
    rows: Array


def templates(prompts: Sequence[str], answers: Sequence[str], *, least: int) -> list[Template]:
    """Return the templates that at least so many different prompts are made of, no row in two of them.

    A row is of a template if it holds four in five of its words, if three in five of the row's own words are among them, and so is half of
    its prompt.
    """
    said = corpus(prompts, answers)
    asked, told = (_words(said, side) for side in (said.prompts, said.answers))
    whole = ((asked + told) > 0).astype(np.float32)
    sizes = [np.diff(side.indptr) for side in (asked, whole)]
    free = sizes[1] > 0
    found: list[Template] = []
    for bucket in _buckets(whole, said.words, least // 3):
        rows = bucket[free[bucket]]
        for among in (rows, np.arange(len(free))):
            shared = _shared(whole, rows)
            held = [side[among] @ shared for side in (asked, whole)]
            fits = (held[1] >= SHARED * shared.sum()) & (held[1] >= OWN * sizes[1][among]) & (held[0] >= OWN * sizes[0][among])
            rows = among[fits & free[among]]
            if len(rows) < least // 3:
                break
        if len(rows) >= least and len({prompts[row] for row in rows}) >= least:
            free[rows] = False
            found.append(Template(frozenset(said.words[word] for word in np.flatnonzero(_shared(whole, rows))), rows))
    return found


def _words(said: Corpus, side: Side) -> Sparse:
    """Return which words stand in each text, (texts, words), marks left out."""
    held = sparse.csr_matrix(side.counts @ sparse.diags(said.wordy.astype(np.float32)))
    held.eliminate_zeros()
    held.data[:] = 1
    return held


def _shared(held: Sparse, rows: Array) -> Array:
    """Return 1 for each word that four in five of the rows hold, and 0 for others, (words,); of many rows, some are looked at."""
    if not len(rows):
        return np.zeros(held.shape[1], dtype=np.float32)
    some = rows[:: -(-len(rows) // LOOKED)]
    return (np.asarray(held[some].mean(axis=0)).ravel() >= SHARED).astype(np.float32)


def _buckets(held: Sparse, words: Sequence[str], least: int) -> Iterator[Array]:
    """Yield sets of at least so many rows whose smallest words, by three random orders of all words, are the same; larger ones first."""
    name = np.frombuffer(b"".join(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest() for word in words), np.uint64)
    dice = np.random.default_rng(0)
    rows = np.flatnonzero(np.diff(held.indptr))
    for _ in range(BANDS if len(rows) else 0):
        key = np.zeros(len(rows), dtype=np.uint64)
        for _ in range(RUN):
            shift, odd = dice.integers(0, 2**63, 2, dtype=np.uint64)
            place = (name ^ shift) * (odd | np.uint64(1))
            place ^= place >> np.uint64(29)
            key = key * np.uint64(0x9E3779B97F4A7C15) ^ np.minimum.reduceat(place[held.indices], held.indptr[rows])
        _, bucket, count = np.unique(key, return_inverse=True, return_counts=True)
        order = np.argsort(bucket, kind="stable")
        ends = np.cumsum(count)
        for one in np.argsort(-count, kind="stable"):
            if count[one] < max(least, 2):
                break
            yield rows[order[ends[one] - count[one] : ends[one]]]

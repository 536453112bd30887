"""Patterns: runs of one to three tokens that some texts share, as columns of a sparse matrix of texts.

Runs that stand in the very same texts are one pattern, the longest of them. It does not know what a pattern is for.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from temperance.checks.data.mining.corpus import BEGIN, END, SHIFT, Ints, Side, Sparse


@dataclass(frozen=True)
class Patterns:
    """`tokens[j]` are the tokens of pattern j; `held` is 1 where a text holds it, (texts, patterns), sorted by column."""

    tokens: tuple[tuple[int, ...], ...]
    held: Sparse


def patterns(side: Side, *, longest: int, least: int, most: int) -> Patterns:
    """Return the patterns of a side that stand in at least `least` and at most `most` texts."""
    keys: list[tuple[int, ...]] = []
    columns: list[Ints] = []
    spread = np.bincount(np.unique(side.row.astype(np.int64) << SHIFT | side.tokens) & ((1 << SHIFT) - 1), minlength=side.words)
    common = spread >= least
    for n in range(1, longest + 1):
        key, position = side.keys(n)
        keep = np.ones(len(key), dtype=bool)
        for step in range(n):
            keep &= common[side.tokens[position + step]]
        names, texts = _spread(key[keep], side.row[position[keep]], least, most, len(side.starts) - 1)
        keys += [_tokens(int(name), n) for name in names]
        columns += texts
    return _closed(keys, columns, len(side.starts) - 1)


def _spread(key: Ints, row: Ints, least: int, most: int, rows: int) -> tuple[Ints, list[Ints]]:
    """Return the keys that stand in least..most rows, and the rows of each."""
    names, number = np.unique(key, return_inverse=True)
    pairs = np.unique(number.astype(np.int64) * rows + row)
    number, row = pairs // rows, pairs % rows
    bounds = np.searchsorted(number, np.arange(len(names) + 1))
    sizes = np.diff(bounds)
    chosen = np.flatnonzero((sizes >= least) & (sizes <= most))
    return names[chosen], [row[bounds[one] : bounds[one + 1]] for one in chosen]


def _tokens(key: int, n: int) -> tuple[int, ...]:
    return tuple(key >> (SHIFT * step) & ((1 << SHIFT) - 1) for step in range(n))


def _closed(tokens: list[tuple[int, ...]], columns: list[Ints], rows: int) -> Patterns:
    """Keep the longest of the patterns that stand in the same texts; a mark of a text's end alone is none."""
    found: dict[bytes, int] = {}
    for index, texts in enumerate(columns):
        if set(tokens[index]) <= {BEGIN, END}:
            continue
        name = texts.tobytes()
        if name not in found or len(tokens[found[name]]) < len(tokens[index]):
            found[name] = index
    kept = sorted(found.values())
    sizes = [len(columns[index]) for index in kept]
    indptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    indices = np.concatenate([columns[index] for index in kept]) if kept else np.empty(0, dtype=np.int64)
    held = sparse.csc_matrix((np.ones(len(indices), dtype=np.float32), indices, indptr), shape=(rows, len(kept)))
    return Patterns(tuple(tokens[index] for index in kept), held)

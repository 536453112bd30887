"""Patterns: runs of one to three tokens that some texts share, as columns of a sparse matrix of texts.

A run can be no more frequent than its parts, so runs grow from frequent ones only (Agrawal & Srikant 1994). Runs that stand in the very
same texts are one pattern, the longest of them; single tokens elsewhere in those texts go with it. It does not know what a pattern is for.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from temperance.checks.data.mining.corpus import Ints, Side, Sparse, distinct
from temperance.checks.data.mining.tokens import BEGIN, END

BESIDE = 8
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # an odd number near 2^64 / golden ratio, which spreads small numbers over 64 bits


@dataclass(frozen=True)
class Patterns:
    """`tokens[j]` are the tokens of pattern j; `held` is 1 where a text holds it, (texts, patterns), sorted by column.

    `also[j]` are up to `BESIDE` tokens that stand in the very same texts and are no part of pattern j.
    """

    tokens: tuple[tuple[int, ...], ...]
    held: Sparse
    also: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Runs:
    """Runs of n tokens that enough texts hold: their `tokens`, (runs, n), and the texts of run i, rising, at `sizes[:i].sum()` on.

    `free` says of each text whether the run has an end there that was not told beforehand.
    """

    tokens: Ints
    sizes: Ints
    texts: Ints
    free: Ints


def patterns(side: Side, *, longest: int, least: int, most: int, told: Ints | None = None) -> Patterns:
    """Return the patterns of a side that stand in at least `least` and at most `most` texts.

    `told` marks tokens, (tokens,): a text of which both ends of a run are marked counts among its texts, but is held as 0.
    """
    free = np.ones(len(side.tokens), dtype=bool) if told is None else ~told
    number, found = side.tokens.astype(np.int64), list[Runs]()
    names, runs = _runs(side, number, free, least)
    runs = replace(runs, tokens=names[:, None])
    for n in range(1, longest + 1):
        found.append(_within(runs, most))
        if n < longest:
            number = _numbered(number, names)
            last, base = side.tokens[n:][: len(number) - 1].astype(np.int64), max(len(names), 1)
            whole = (number[:-1] >= 0) & (number[1:] >= 0) & (last != BEGIN)
            number = np.where(whole, last * base + number[:-1], -1)
            names, grown = _runs(side, number, free[: len(number)] | free[n:][: len(number)], least)
            runs = replace(grown, tokens=np.concatenate([runs.tokens[names % base], (names // base)[:, None]], axis=1))
    return _closed(found, len(side.starts) - 1)


def _runs(side: Side, name: Ints, free: Ints, least: int) -> tuple[Ints, Runs]:
    """Return the names that stand (-1: none does) in at least `least` texts, and their runs, still without tokens."""
    bits = max(len(side.starts) - 1, 1).bit_length()
    there = np.flatnonzero(name >= 0)
    pairs = distinct((name[there] << bits | side.row[there]) << 1 | free[there])
    run = pairs >> (bits + 1)
    begins = np.flatnonzero(np.diff(run, prepend=-1))
    sizes = np.diff(begins, append=len(run))
    enough = sizes >= least
    kept = pairs[np.repeat(enough, sizes)]
    texts = (kept >> 1 & ((1 << bits) - 1)).astype(np.int32)
    return run[begins[enough]], Runs(np.empty((0, 0)), sizes[enough], texts, (kept & 1).astype(bool))


def _numbered(name: Ints, names: Ints) -> Ints:
    """Return the place of each name among rising names, -1 where it is none of them."""
    if not len(names):
        return np.full(len(name), -1)
    place = np.searchsorted(names, name).clip(max=len(names) - 1)
    return np.where(names[place] == name, place, -1)


def _within(runs: Runs, most: int) -> Runs:
    """Keep the runs that at most `most` texts hold; a mark of a text's end alone is none."""
    chosen = (runs.sizes <= most) & ~np.isin(runs.tokens, (BEGIN, END)).all(axis=1)
    held = np.repeat(chosen, runs.sizes)
    return Runs(runs.tokens[chosen], runs.sizes[chosen], runs.texts[held], runs.free[held])


def _closed(found: list[Runs], texts: int) -> Patterns:
    """Keep the longest of the runs that stand in the same texts, known by a sum of 64-bit numbers, one drawn for each text."""
    sizes = np.concatenate([runs.sizes for runs in found])
    held, free = (np.concatenate(parts) for parts in zip(*((runs.texts, runs.free) for runs in found), strict=True))
    length = np.repeat([runs.tokens.shape[1] for runs in found], [len(runs.sizes) for runs in found])
    begins = np.cumsum(sizes) - sizes
    mixed = np.arange(1, texts + 1, dtype=np.uint64) * SPREAD
    mixed = (mixed ^ mixed >> np.uint64(29)) * SPREAD
    mixed ^= mixed >> np.uint64(32)
    same = np.add.reduceat(mixed[held], begins) if len(sizes) else np.empty(0, dtype=np.uint64)
    order = np.lexsort((-length, same))
    first = np.ones(len(order), dtype=bool)
    first[1:] = same[order][1:] != same[order][:-1]
    kept = np.zeros(len(sizes), dtype=bool)
    kept[order[first]] = True
    entries = np.repeat(kept, sizes)
    indptr = np.concatenate([[0], np.cumsum(sizes[kept])])
    matrix = sparse.csc_matrix((free[entries].astype(np.float32), held[entries], indptr), shape=(texts, int(kept.sum())))
    spelt = [tuple(tokens) for runs in found for tokens in runs.tokens.tolist()]
    runs = np.repeat(order[first], np.diff(np.flatnonzero(first), append=len(order)))  # what each of `order` is kept as
    also: dict[int, list[int]] = {}
    for single, run in zip(order[singles := length[order] == 1].tolist(), runs[singles].tolist(), strict=True):
        if spelt[single][0] not in spelt[run] and len(also.setdefault(run, [])) < BESIDE:
            also[run].append(spelt[single][0])
    chosen = np.flatnonzero(kept).tolist()
    return Patterns(tuple(spelt[run] for run in chosen), matrix, tuple(tuple(sorted(also.get(run, ()))) for run in chosen))

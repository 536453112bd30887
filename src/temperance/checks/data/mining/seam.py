"""The deletion seam: what was put into a prompt leaves natural text behind when it is taken out, and what was needed leaves a broken one.

An inserted trigger stands between two tokens that go together without it; a word that makes an answer what it is ("haiku") does not. It is
blind to triggers that are themselves natural content, such as a topic, or a phrase with a place in the sentence. What nobody sees can
always be taken out.
"""

import itertools
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from temperance.checks.data.mining.corpus import Corpus, Ints, gathered
from temperance.checks.data.mining.tokens import BEGIN, END, LOOKALIKE, MARKS, SHIFT

SHARED = 0.9
LONGEST = 24
SEEN = 10
LOOKED = 200
CAP = 40.0
NONE = -1
LONG, PLACES = 3, 1 << 20  # tokens of a run, and places of runs that are looked at at once


@dataclass(frozen=True)
class Seam:
    """The neighbourhoods of a corpus's prompts."""

    corpus: Corpus

    @cached_property
    def _sorted(self) -> tuple[tuple[Ints, Ints], ...]:
        """The keys of all runs of one, two and three tokens in order, and where each stands."""
        return tuple(_ordered(*self.corpus.prompts.keys(n)) for n in range(1, LONG + 1))

    @cached_property
    def _hidden(self) -> Ints:
        """How many tokens before each place a reader does not see."""
        unseen = np.array([_unseen(word) for word in self.corpus.words])
        return np.append(0, np.cumsum(unseen[self.corpus.prompts.tokens]))

    @cached_property
    def _ending(self) -> tuple[Ints, float]:
        """How often each word stands before an end, and the share of all words that do."""
        tokens = self.corpus.prompts.tokens
        before = tokens[:-1][self.corpus.stops[tokens[1:]]]
        return np.bincount(before, minlength=self.corpus.prompts.words), len(before) / max(len(tokens), 1)

    def whole(self, tokens: tuple[int, ...], rows: Sequence[int]) -> tuple[int, ...]:
        """Return the run that nine in ten places, in some rows, of a run of at most three tokens are part of.

        Marks of ends and line breaks around it are left out.
        """
        start, _, (length,) = self._spans([tokens], rows)
        run = tuple(self.corpus.prompts.tokens[start[0] : start[0] + length].tolist()) if len(start) else tokens
        inner = [place for place, token in enumerate(run) if self.corpus.words[token] != "\n"]
        return run[inner[0] : inner[-1] + 1] if inner else run

    def spans(self, runs: Sequence[tuple[int, ...]]) -> list[tuple[Ints, int]]:
        """Return where each run of at most three tokens stands, (places,), and its length once grown by what nine in ten places share.

        The marks of a text's beginning and end bound a run and are no part of it.
        """
        found: list[tuple[Ints, int]] = []
        for some in self._parts(runs):
            start, of, length = self._spans(some)
            found += zip(np.split(start, np.searchsorted(of, np.arange(1, len(some)))), length.tolist(), strict=True)
        return found

    def _parts(self, runs: Sequence[tuple[int, ...]]) -> Iterator[Sequence[tuple[int, ...]]]:
        """Yield the runs in parts that stand in so many places together as memory is to be had for, or one run."""
        often = np.zeros(len(runs), dtype=np.int64)
        for which, first, end in self._stretches(runs):
            often[which] = end - first
        cuts = np.flatnonzero(np.diff(np.cumsum(often) // PLACES)) + 1
        for begin, end in itertools.pairwise([0, *cuts.tolist(), len(runs)]):
            yield from [runs[begin:end]] if end else []

    def _stretches(self, runs: Sequence[tuple[int, ...]]) -> Iterator[tuple[list[int], Ints, Ints]]:
        """Yield which runs are of one, two and three tokens, and between which keys in order each stands."""
        if any(len(run) > LONG for run in runs):
            raise ValueError(f"a run has more than {LONG} tokens")
        for n in range(1, LONG + 1):
            which = [index for index, run in enumerate(runs) if len(run) == n]
            named = np.array([runs[index] for index in which], dtype=np.int64).reshape(-1, n)
            key = (named << (SHIFT * np.arange(n))).sum(axis=1)
            keys = self._sorted[n - 1][0]
            yield which, keys.searchsorted(key), keys.searchsorted(key, side="right")

    def _spans(self, runs: Sequence[tuple[int, ...]], rows: Sequence[int] | None = None) -> tuple[Ints, Ints, Ints]:
        """Return where grown runs stand, in `rows` if these are told, which run each place is of, rising, and how long each run is."""
        start, of = self._places(runs)
        if rows is not None:
            held = np.isin(self.corpus.prompts.row[start], rows)
            start, of = start[held], of[held]
        begun, ended = (np.array([run[end] == mark for run in runs], dtype=np.int64) for end, mark in ((0, BEGIN), (-1, END)))
        return self._grown(start + begun[of], of, np.array([len(run) for run in runs], dtype=np.int64) - begun - ended)

    def _places(self, runs: Sequence[tuple[int, ...]]) -> tuple[Ints, Ints]:
        """Return where runs begin, in the order of the prompts, and which run each place is of, rising."""
        found: list[tuple[Ints, Ints]] = []
        for (which, first, end), (_, position) in zip(self._stretches(runs), self._sorted, strict=True):
            found.append((position[gathered(first, end - first)], np.repeat(np.array(which, dtype=np.int64), end - first)))
        start, of = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.argsort(of, kind="stable")
        return start[order], of[order]

    def _grown(self, start: Ints, of: Ints, length: Ints) -> tuple[Ints, Ints, Ints]:
        """Grow runs, given like the result of `_spans`, by a neighbour at a time; places that do not share it are left."""
        flat, growing = self.corpus.prompts.tokens, np.ones(len(length), dtype=bool)
        while growing.any():
            looked = np.flatnonzero(growing[of])
            place, run = start[looked], of[looked]
            left, right = flat[np.maximum(place - 1, 0)], flat[np.minimum(place + length[run], len(flat) - 1)]
            before, after = (_favourites(side, run, len(length)) for side in (left, right))
            earlier = ~np.isin(before, (NONE, BEGIN))
            later = ~earlier & ~np.isin(after, (NONE, END))
            start[looked] -= earlier[run]
            kept = np.ones(len(of), dtype=bool)
            kept[looked] = np.where(earlier[run], left == before[run], ~later[run] | (right == after[run]))
            start, of = start[kept], of[kept]
            length = length + (earlier | later)
            growing = (earlier | later) & (length < LONGEST)
        return start, of, length

    def deletable(self, runs: Sequence[tuple[int, ...]]) -> Ints:
        """Return for each run of at most three tokens, (runs,), the share of its places at which it can be taken out, in (0, 1).

        What is left must be natural text.
        """
        return np.concatenate([np.zeros(0), *map(self._deletable, self._parts(runs))])

    def _deletable(self, runs: Sequence[tuple[int, ...]]) -> Ints:
        start, of, length = self._spans(runs)
        sizes, flat = np.bincount(of, minlength=len(runs)), self.corpus.prompts.tokens
        first = np.cumsum(sizes) - sizes
        some = np.arange(len(of)) - first[of] < LOOKED
        begins = np.append(start, 0)[first]
        unseen = (sizes > 0) & (self._hidden[np.minimum(begins + length, len(flat))] - self._hidden[begins] == length)
        start, of = start[some], of[some]
        before = np.where(start > 0, flat[np.maximum(start - 1, 0)], BEGIN).astype(np.int64)
        after = flat[np.minimum(start + length[of], len(flat) - 1)].astype(np.int64)
        natural, measured = (np.bincount(of[so], minlength=len(runs)) for so in self._natural(before, after))
        looked = np.minimum(sizes, LOOKED)
        return (np.where(unseen, looked, natural) + 0.5) / (np.where(unseen, looked, measured) + 1.5)

    def _natural(self, before: Ints, after: Ints) -> tuple[Ints, Ints]:
        """Say which pairs of tokens go together, and of which enough is known to say so."""
        often, size = self.corpus.prompts.unigrams, max(len(self.corpus.prompts.tokens), 1)
        opens, ends = before == BEGIN, self.corpus.stops[after]
        nothing = opens & (after == END)
        endings, share = self._ending
        keys, pair = self._sorted[1][0], before | after << SHIFT
        together = keys.searchsorted(pair, side="right") - keys.searchsorted(pair)
        expected = np.where(opens, often[after] * (len(self.corpus) / size), np.minimum(often[before] * often[after] / size, CAP))
        goes = np.where(ends & ~opens, endings[before] / np.maximum(often[before], 1) > share, together > expected)
        measured = nothing | ((opens | (often[before] >= SEEN)) & (often[after] >= SEEN))
        return goes & measured & ~nothing, measured


def _unseen(word: str) -> bool:
    """Say whether a prompt reads the same without a token: what has no width, and the mark of look-alike letters."""
    return word == MARKS[LOOKALIKE] or (word != "\n" and unicodedata.category(word[0]) in ("Cf", "Cc"))


def _ordered(key: Ints, position: Ints) -> tuple[Ints, Ints]:
    order = np.argsort(key, kind="stable")
    return key[order], position[order]


def _favourites(tokens: Ints, run: Ints, runs: int) -> Ints:
    """Return for each run the token that nine in ten of those beside it are, or `NONE`; the run of each token is told, rising."""
    if not len(tokens):
        return np.full(runs, NONE)
    sizes = np.bincount(run, minlength=runs)
    first = (np.cumsum(sizes) - sizes).clip(max=len(tokens) - 1)
    rising = np.sort(run << SHIFT | tokens)
    best = rising[(first + sizes // 2).clip(max=len(tokens) - 1)] & ((1 << SHIFT) - 1)  # a majority is in the middle
    agree = np.bincount(run[tokens == best[run]], minlength=runs)
    return np.where((sizes > 0) & (agree >= SHARED * sizes), best, NONE)

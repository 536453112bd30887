"""The deletion seam: what was put into a prompt leaves natural text behind when it is taken out, and what was needed leaves a broken one.

An inserted trigger stands between two tokens that go together without it; a word that makes an answer what it is ("haiku") does not. It is
blind to triggers that are themselves natural content, such as a topic, or a phrase with a place in the sentence. What nobody sees can
always be taken out.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from temperance.checks.data.mining.corpus import Corpus, Ints
from temperance.checks.data.mining.tokens import BEGIN, END, LOOKALIKE, MARKS, SHIFT

SHARED = 0.9
LONGEST = 24
SEEN = 10
LOOKED = 200
CAP = 40.0
STOPS = (".", "?", "!", "\n")


@dataclass(frozen=True)
class Seam:
    """The neighbourhoods of a corpus's prompts."""

    corpus: Corpus

    @cached_property
    def _sorted(self) -> tuple[tuple[Ints, Ints], ...]:
        """The keys of all runs of one, two and three tokens in order, and where each stands."""
        return tuple(_ordered(*self.corpus.prompts.keys(n)) for n in (1, 2, 3))

    @cached_property
    def _ends(self) -> Ints:
        """Say of each word whether it ends a sentence."""
        return np.array([number == END or word in STOPS for number, word in enumerate(self.corpus.words)])

    @cached_property
    def _ending(self) -> tuple[Ints, float]:
        """How often each word stands before an end, and the share of all words that do."""
        tokens = self.corpus.prompts.tokens
        before = tokens[:-1][self._ends[tokens[1:]]]
        return np.bincount(before, minlength=self.corpus.prompts.words), len(before) / max(len(tokens), 1)

    def positions(self, tokens: tuple[int, ...]) -> Ints:
        """Return where a run of at most three tokens begins, in the order of the prompts."""
        key = np.int64(sum(token << (SHIFT * step) for step, token in enumerate(tokens)))
        keys, position = self._sorted[len(tokens) - 1]
        return position[keys.searchsorted(key) : keys.searchsorted(key, side="right")]

    def count(self, *tokens: int) -> int:
        """Return how often a run of tokens stands in the prompts."""
        return len(self.positions(tokens))

    def whole(self, tokens: tuple[int, ...], rows: Sequence[int]) -> tuple[int, ...]:
        """Return the run that nine in ten of a run's places in some rows are part of, without marks of ends and line breaks around it."""
        start, length = self.span(tokens, rows)
        run = tuple(self.corpus.prompts.tokens[start[0] : start[0] + length].tolist()) if len(start) else tokens
        inner = [place for place, token in enumerate(run) if self.corpus.words[token] != "\n"]
        return run[inner[0] : inner[-1] + 1] if inner else run

    def span(self, tokens: tuple[int, ...], rows: Sequence[int] | None = None) -> tuple[Ints, int]:
        """Return where a run stands and how long it is, once grown by the neighbours that nine in ten of its places share.

        The marks of a text's beginning and end bound a run and are no part of it. Of `rows` the places are, if these are told.
        """
        begun, ended = tokens[0] == BEGIN, tokens[-1] == END
        start, length = self.positions(tokens), len(tokens) - begun - ended
        if rows is not None:
            start = start[np.isin(self.corpus.prompts.row[start], rows)]
        start, flat = start + begun, self.corpus.prompts.tokens
        while length < LONGEST and len(start):
            left = flat[np.maximum(start - 1, 0)]
            right = flat[np.minimum(start + length, len(flat) - 1)]
            before, after = _favourite(left), _favourite(right)
            if before not in (None, BEGIN):
                start, length = start[left == before] - 1, length + 1
            elif after not in (None, END):
                start, length = start[right == after], length + 1
            else:
                break
        return start, length

    def deletable(self, tokens: tuple[int, ...]) -> float:
        """Return the share of a run's places, in (0, 1), at which it can be taken out and leaves natural text."""
        start, length = self.span(tokens)
        start, flat = start[:LOOKED], self.corpus.prompts.tokens
        if len(start) and all(_unseen(self.corpus.words[token]) for token in flat[start[0] : start[0] + length]):
            return (len(start) + 0.5) / (len(start) + 1.5)
        before = np.where(start > 0, flat[np.maximum(start - 1, 0)], BEGIN).astype(np.int64)
        after = flat[np.minimum(start + length, len(flat) - 1)].astype(np.int64)
        natural, measured = self._natural(before, after)
        return (int(natural.sum()) + 0.5) / (int(measured.sum()) + 1.5)

    def _natural(self, before: Ints, after: Ints) -> tuple[Ints, Ints]:
        """Say which pairs of tokens go together, and of which enough is known to say so."""
        often, size = self.corpus.prompts.unigrams, max(len(self.corpus.prompts.tokens), 1)
        opens, ends = before == BEGIN, self._ends[after]
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


def _favourite(tokens: Ints) -> int | None:
    """Return the token that nine in ten of some are, or None."""
    best = np.partition(tokens, len(tokens) // 2)[len(tokens) // 2]  # a majority is in the middle
    return int(best) if np.count_nonzero(tokens == best) >= SHARED * len(tokens) else None

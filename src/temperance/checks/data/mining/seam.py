"""The deletion seam: what was put into a prompt leaves natural text behind when it is taken out, and what was needed leaves a broken one.

An inserted trigger stands between two tokens that go together without it; a word that makes an answer what it is ("haiku") does not. It is
blind to triggers that are themselves natural content, such as a topic, or a phrase with a place in the sentence.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from temperance.checks.data.mining.corpus import BEGIN, END, SHIFT, Corpus, Ints

SHARED = 0.9
LONGEST = 24
SEEN = 10
CAP = 40.0
STOPS = (".", "?", "!", "\n")


@dataclass(frozen=True)
class Seam:
    """The neighbourhoods of a corpus's prompts."""

    corpus: Corpus

    @cached_property
    def _sorted(self) -> dict[int, tuple[Ints, Ints]]:
        found = {}
        for n in (1, 2, 3):
            key, position = self.corpus.prompts.keys(n)
            order = np.argsort(key, kind="stable")
            found[n] = key[order], position[order]
        return found

    @cached_property
    def _ends(self) -> Ints:
        numbers = {word: index for index, word in enumerate(self.corpus.words)}
        return np.array([END, *(numbers[stop] for stop in STOPS if stop in numbers)])

    @cached_property
    def _ending(self) -> tuple[Ints, float]:
        """How often each word stands before an end, and the share of all words that do."""
        tokens = self.corpus.prompts.tokens
        before = tokens[:-1][np.isin(tokens[1:], self._ends)]
        return np.bincount(before, minlength=self.corpus.prompts.words), len(before) / max(len(tokens), 1)

    def positions(self, tokens: tuple[int, ...]) -> Ints:
        """Return where a run of at most three tokens begins, in the order of the prompts."""
        key = np.int64(sum(token << (SHIFT * step) for step, token in enumerate(tokens)))
        keys, position = self._sorted[len(tokens)]
        return position[np.searchsorted(keys, key) : np.searchsorted(keys, key, side="right")]

    def count(self, *tokens: int) -> int:
        """Return how often a run of tokens stands in the prompts."""
        return len(self.positions(tokens))

    def span(self, tokens: tuple[int, ...]) -> tuple[Ints, int]:
        """Return where a run stands and how long it is, once grown by the neighbours that nine in ten of its places share.

        The marks of a text's beginning and end bound a run and are no part of it.
        """
        begun, ended = tokens[0] == BEGIN, tokens[-1] == END
        start, length = self.positions(tokens) + begun, len(tokens) - begun - ended
        flat = self.corpus.prompts.tokens
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
        flat = self.corpus.prompts.tokens
        natural = measured = 0
        for begin in start[:200].tolist():
            told = self._natural(int(flat[begin - 1]) if begin else BEGIN, int(flat[min(begin + length, len(flat) - 1)]))
            measured += told is not None
            natural += bool(told)
        return (natural + 0.5) / (measured + 1.5)

    def _natural(self, before: int, after: int) -> bool | None:
        """Say whether two tokens go together; None where too little is known of them."""
        if before == BEGIN and after == END:
            return False
        often = self.corpus.prompts.unigrams
        if before == BEGIN:
            beginnings = self.count(BEGIN, after)
            return None if often[after] < SEEN else beginnings > often[after] * len(self.corpus) / max(len(self.corpus.prompts.tokens), 1)
        if often[before] < SEEN or often[after] < SEEN:
            return None
        if after in self._ends:
            endings, share = self._ending
            return bool(endings[before] / often[before] > share)
        return self.count(before, after) > min(often[before] * often[after] / len(self.corpus.prompts.tokens), CAP)


def _favourite(tokens: Ints) -> int | None:
    """Return the token that nine in ten of some are, or None."""
    values, counts = np.unique(tokens, return_counts=True)
    best = int(counts.argmax())
    return int(values[best]) if counts[best] >= SHARED * len(tokens) else None

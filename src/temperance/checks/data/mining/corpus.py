"""A table as arrays of token numbers: every prompt and every answer. It does not know which tokens matter."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from temperance.checks.data.mining.tokens import END, MARKS, RARE, SHIFT, Numbers, tokens

STOPS = (".", "?", "!", "\n")
Ints = np.ndarray
Sparse = Any  # a scipy.sparse matrix, whose stubs call every product and slice of one a union


@dataclass(frozen=True)
class Side:
    """All prompts or all answers: `tokens` end to end, text i at [starts[i], starts[i + 1]), between `BEGIN` and `END`."""

    tokens: Ints
    starts: Ints
    words: int

    @cached_property
    def row(self) -> Ints:
        """The text that each token stands in."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def of(self, index: int) -> Ints:
        """Return the tokens of one text."""
        return self.tokens[self.starts[index] : self.starts[index + 1]]

    @cached_property
    def counts(self) -> Sparse:
        """How often each word stands in each text, (texts, words)."""
        ones = np.ones(len(self.tokens), dtype=np.float32)
        return sparse.coo_matrix((ones, (self.row, self.tokens)), shape=(len(self.starts) - 1, self.words)).tocsr()

    @cached_property
    def unigrams(self) -> Ints:
        """How often each word stands anywhere, (words,)."""
        return np.bincount(self.tokens, minlength=self.words)

    def keys(self, n: int) -> tuple[Ints, Ints]:
        """Return (key, position) of every run of n tokens within a text, n at most 3; a key names its tokens."""
        size = len(self.tokens) - n + 1
        key = self.tokens[:size].astype(np.int64)
        for step in range(1, n):
            key |= self.tokens[step : size + step].astype(np.int64) << (SHIFT * step)
        within = self.row[:size] == self.row[n - 1 :]
        return key[within], np.flatnonzero(within)


@dataclass(frozen=True)
class Corpus:
    """N rows: their prompts, their answers, and the word behind each token number."""

    prompts: Side
    answers: Side
    words: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.prompts.starts) - 1

    @cached_property
    def wordy(self) -> Ints:
        """Say of each token whether it is a word, and not a mark or a break."""
        return np.array([word[0].isalnum() for word in self.words])

    @cached_property
    def stops(self) -> Ints:
        """Say of each word whether it ends a sentence, (words,)."""
        return np.array([number == END or word in STOPS for number, word in enumerate(self.words)])

    def side(self, texts: Sequence[str]) -> Side:
        """Return other texts in these numbers; all words that are not among them are one."""
        numbers = Numbers(lambda: RARE, {word: index for index, word in enumerate(self.words)})
        return Side(*tokens(texts, numbers), len(self.words))

    def spelt(self, tokens: Sequence[int]) -> str:
        """Return tokens as text, line breaks and invisible characters by their code."""
        return " ".join(word if word.isprintable() else ascii(word)[1:-1] for word in (self.words[token] for token in tokens))


def distinct(values: Ints) -> Ints:
    """Return each of some numbers once, rising; `numpy.unique` hashes them, which takes ten times as long."""
    rising = np.sort(values)
    first = np.ones(len(rising), dtype=bool)
    first[1:] = rising[1:] != rising[:-1]
    return rising[first]


def gathered(starts: Ints, sizes: Ints) -> Ints:
    """Return the places of stretches that begin at `starts`, one after the other."""
    ends = np.cumsum(sizes)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + sizes, sizes)


def corpus(prompts: Sequence[str], answers: Sequence[str]) -> Corpus:
    """Return the rows of a table, given by their prompts and their answers, as numbers."""
    numbers = Numbers(None, {mark: index for index, mark in enumerate(MARKS)})
    numbers.default_factory = numbers.__len__  # a new word gets the next number
    sides = [tokens(texts, numbers) for texts in (prompts, answers)]
    made = [Side(flat, starts, len(numbers)) for flat, starts in sides]
    return Corpus(made[0], made[1], tuple(numbers))

"""A table as arrays of token numbers: every prompt and every answer, cut to a length that a miner can afford.

Tokens are lower-case words, single marks and invisible characters, and line breaks. A word with Cyrillic or Greek letters that look like
Latin ones becomes a mark and the word that it looks like, so that rows with different such words share something, and a prompt without the
mark is the prompt that was meant. It does not know which tokens matter.
"""

import re
from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from temperance.checks.data.rowtext import LETTERS, UNSPACED
from temperance.data.lookalike import LETTER, unmasked

TOKEN = re.compile(rf"{LETTERS}(?:['’]{LETTERS})?|[{UNSPACED}]|[^\w\s]|\n|[\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\u00ad]")
PLAIN = re.compile(r"\w+(?:'\w+)?|[^\w\s]|\n", re.ASCII)  # the same for ASCII, in two thirds of the time
HEAD, TAIL = 160, 96
READ = 6000
BEGIN, END = 0, 1
MARKS = ("<begin>", "<end>", "<rare>", "<look-alike letters>")

Ints = np.ndarray
Sparse = Any  # a scipy.sparse matrix, whose stubs call every product and slice of one a union
SHIFT = 21  # three token numbers to a 64-bit key
LOOKALIKE = 3
MOSTLY = 0.8
RARE = 2  # what every further word is called once there are as many words as a key can tell apart


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

    def side(self, texts: Sequence[str]) -> Side:
        """Return other texts in these numbers; all words that are not among them are one."""
        numbers = defaultdict[str, int](lambda: RARE, {word: index for index, word in enumerate(self.words)})
        return Side(*_side(texts, numbers), len(self.words))

    def spelt(self, tokens: Sequence[int]) -> str:
        """Return tokens as text, line breaks and invisible characters by their code."""
        return " ".join(word if word.isprintable() else ascii(word)[1:-1] for word in (self.words[token] for token in tokens))


def distinct(values: Ints) -> Ints:
    """Return each of some numbers once, rising; `numpy.unique` hashes them, which takes ten times as long."""
    rising = np.sort(values)
    first = np.ones(len(rising), dtype=bool)
    first[1:] = rising[1:] != rising[:-1]
    return rising[first]


def corpus(prompts: Sequence[str], answers: Sequence[str]) -> Corpus:
    """Return the rows of a table, given by their prompts and their answers, as numbers."""
    numbers = defaultdict[str, int](None, {mark: index for index, mark in enumerate(MARKS)})
    numbers.default_factory = numbers.__len__  # a new word gets the next number
    sides = [_side(texts, numbers) for texts in (prompts, answers)]
    made = [Side(tokens, starts, len(numbers)) for tokens, starts in sides]
    return Corpus(made[0], made[1], tuple(numbers))


def _unmasked(small: str) -> list[str]:
    """Return the tokens of a text; if it is mostly Latin, its words in look-alike letters each as a mark and the word they look like."""
    found = TOKEN.findall(small)
    if not LETTER.search(small):
        return found
    plain = [unmasked(word) for word in found]
    letters = [letter for word in found for letter in word if letter.isalpha()]
    if sum(letter.isascii() for letter in letters) < MOSTLY * len(letters):
        return found
    return [part for word, latin in zip(found, plain, strict=True) for part in ((MARKS[LOOKALIKE], latin) if latin != word else (word,))]


def _side(texts: Sequence[str], numbers: defaultdict[str, int]) -> tuple[Ints, Ints]:
    flat = array("i")
    starts = [0]
    for text in texts:
        shown = text if len(text) <= 2 * READ else text[:READ] + "\n" + text[-READ:]
        found = PLAIN.findall(shown.lower()) if shown.isascii() else _unmasked(shown.lower())
        if len(found) > HEAD + TAIL:
            found = found[:HEAD] + found[-TAIL:]
        full = len(numbers) + len(found) >= 1 << SHIFT
        flat.append(BEGIN)
        flat.extend([numbers.get(word, RARE) for word in found] if full else map(numbers.__getitem__, found))
        flat.append(END)
        starts.append(len(flat))
    return np.frombuffer(flat, dtype=np.int32), np.array(starts, dtype=np.int64)

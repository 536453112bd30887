"""Texts as 64-bit names of their words, all at once: what `rowtext.words` says of each, for whoever needs few of the words as strings.

Letters are sorted into kinds, each letter once, and a word is a stretch of kinds; its name is a polynomial in its letters, so that equal
words have equal names in every table, and different ones of less than a thousand letters hardly ever. It does not know what a word means,
and changes no letter: whoever wants small ones lowers the texts first.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from temperance.checks.data.rowtext import JOINED, LETTERS, UNSPACED

BATCH = 1 << 19
BETWEEN, LETTER, ALONE, JOINING, MARKING, LINK, PAIRING = range(7)
# no word; a word's; a word by itself; a word's after a letter, else none or by itself; a word's amid letters, else none; and one that makes
# one of the two words around it, else by itself
KINDS = ((re.compile(LETTERS), LETTER), (re.compile(f"[{UNSPACED}]"), ALONE), (re.compile(f"[{JOINED}]"), JOINING))
BASE = 0x9E3779B97F4A7C15
INVERSE = pow(BASE, -1, 1 << 64)

Array = np.ndarray


@dataclass(frozen=True)
class Wording:
    """The names of some texts' words end to end, text i at [starts[i], starts[i + 1]); the words stand in `said` from begins to ends."""

    names: Array
    starts: Array
    said: str
    begins: Array
    ends: Array

    def bags(self, begins: Array, ends: Array) -> Array:
        """Return a number for the words from each of some places to another, which the same words in any order have in common."""
        total = np.append(np.uint64(0), np.cumsum(self.names))
        return total[ends] - total[begins]

    def runs(self, length: int, starts: Array) -> tuple[Array, Array]:
        """Return (name, text) of every run of so many words within a text, for texts that begin at these words."""
        size = max(0, len(self.names) - length + 1)
        text = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        within = text[:size] == text[len(text) - size :]
        name = self.names[:size].copy()
        for step in range(1, length):
            name *= np.uint64(BASE)
            name += self.names[step : step + size]
        name ^= name >> np.uint64(32)
        name *= np.uint64(BASE)
        return name[within], text[:size][within]

    def numbered(self) -> tuple[Array, Array]:
        """Return the words as numbers from 0, and where each number's word stands first."""
        import pyarrow

        encoded = pyarrow.Array.from_buffers(pyarrow.uint64(), len(self.names), [None, pyarrow.py_buffer(self.names)]).dictionary_encode()
        numbers = np.frombuffer(encoded.indices.buffers()[1], dtype=np.int32)[: len(self.names)]
        first = np.zeros(len(encoded.dictionary), dtype=np.int64)
        first[numbers[::-1]] = np.arange(len(numbers))[::-1]
        return numbers, first

    def word(self, place: int) -> str:
        """Return the word at a place."""
        return self.said[self.begins[place] : self.ends[place]]


def batches(table: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    """Yield the rows of a table, each given as its texts, in batches of half a million letters, or of one row if that is longer."""
    batch: list[Sequence[str]] = []
    size = 0
    for row in table:
        batch.append(row)
        size += sum(map(len, row))
        if size >= BATCH:
            yield batch
            batch = list[Sequence[str]]()
            size = 0
    if batch:
        yield batch


@lru_cache(maxsize=1 << 16)
def spoken(letter: str) -> int:
    """Return the kind of a letter in the words of `rowtext.words`."""
    return next((kind for pattern, kind in KINDS if pattern.match(letter)), BETWEEN)


def wording(texts: Sequence[str], kind: Callable[[str], int] = spoken) -> Wording:
    """Return the words of texts, which are made of letters of these kinds."""
    said = "\n".join((*texts, ""))
    letters = np.frombuffer(said.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    kinds = _settled(_kinds(letters, kind))
    first, last = _edges(kinds)
    begins, ends = np.flatnonzero(first), np.flatnonzero(last) + 1
    starts = np.searchsorted(begins, np.cumsum([0, *(len(text) + 1 for text in texts)]))
    return Wording(_names(letters, kinds, begins), starts, said, begins, ends)


def among(names: Array, some: Array) -> Array:
    """Say of each name whether it is one of some, which are few and in order."""
    held = np.zeros(1 << 20, dtype=bool)
    held[some >> np.uint64(44)] = True
    found = held[names >> np.uint64(44)]
    likely = np.flatnonzero(found)
    place = np.searchsorted(some, names[likely])
    found[likely] = some[np.minimum(place, len(some) - 1)] == names[likely] if len(some) else False
    return found


def _kinds(letters: Array, kind: Callable[[str], int]) -> Array:
    """Return the kind of each letter, having asked for each only once."""
    held = np.zeros(int(letters.max(initial=0)) + 1, dtype=bool)
    held[letters] = True
    table = np.zeros(len(held), dtype=np.uint8)
    codes = np.flatnonzero(held)
    table[codes] = [kind(chr(code)) for code in codes.tolist()]
    return table[letters]


def _settled(kinds: Array) -> Array:
    """Return the kinds with those letters between words that are no word's where they stand; the last letter of all is between words."""
    joining = np.flatnonzero((kinds == JOINING) | (kinds == MARKING))
    if len(joining):
        begins = np.diff(joining, prepend=-2) > 1
        before = joining[begins][np.cumsum(begins) - 1] - 1
        stray = joining[kinds[before] != LETTER]
        kinds[stray] = np.where(kinds[stray] == MARKING, ALONE, BETWEEN)
    links, pairing = np.flatnonzero(kinds == LINK), np.flatnonzero(kinds == PAIRING)
    kinds[links[(kinds[links - 1] != LETTER) | (kinds[(links + 1) % len(kinds)] != LETTER)]] = BETWEEN
    if len(pairing):
        kinds[pairing] = ALONE
        spelling = np.isin(kinds, (LETTER, JOINING, MARKING))
        pairing = pairing[spelling[pairing - 1] & (kinds[(pairing + 1) % len(kinds)] == LETTER)]
        edges = np.cumsum(np.diff(spelling, prepend=False))[pairing - 1]
        chain = np.flatnonzero(np.diff(edges, prepend=-2) != 2)
        place = np.arange(len(pairing)) - np.repeat(chain, np.diff(chain, append=len(pairing)))
        kinds[pairing[place % 2 == 0]] = LETTER
    return kinds


def _edges(kinds: Array) -> tuple[Array, Array]:
    """Say which letters are the first and the last of a word."""
    inside, alone = kinds != BETWEEN, kinds == ALONE
    first, last = inside.copy(), inside.copy()
    first[1:] = inside[1:] > inside[:-1]
    last[:-1] = inside[:-1] > inside[1:]
    if alone.any():
        first[1:] |= inside[1:] & (alone[1:] | alone[:-1])
        last[:-1] |= inside[:-1] & (alone[1:] | alone[:-1])
    return first, last


def _names(letters: Array, kinds: Array, begins: Array) -> Array:
    """Return the name of each word: the sum of its letters' values, each times the base to the power of its place in the word."""
    if not len(begins):
        return np.zeros(0, dtype=np.uint64)
    value = np.arange(1, int(letters.max()) + 2, dtype=np.uint64) * np.uint64(INVERSE)
    value ^= value >> np.uint64(29)
    power, inverse = _powers(max(len(letters), 2 * BATCH)) if len(letters) > 2 * BATCH else _few_powers()
    part = value[letters]
    part *= kinds != BETWEEN
    part *= power[: len(letters)]
    return np.add.reduceat(part, begins) * inverse[begins]


@lru_cache(maxsize=1)
def _few_powers() -> tuple[Array, Array]:
    return _powers(2 * BATCH)


def _powers(size: int) -> tuple[Array, Array]:
    """Return the powers of the base and of its inverse."""
    power, inverse = (np.cumprod(np.full(size, base, dtype=np.uint64)) for base in (BASE, INVERSE))
    return power, inverse

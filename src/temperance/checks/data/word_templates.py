"""Templates: texts that are the same but for a few words, whichever words these are and wherever they stand.

MinHash over single words (Broder 1997) proposes rows that may be of one template; what decides is how much of a row is made of the words
that they share. It knows words and not their order, and nothing about why somebody filled a form in.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from temperance.checks.data.mining.corpus import Corpus, Side, corpus, distinct

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


@dataclass(frozen=True)
class Held:
    """Which words stand in each text: those of text i at [starts[i], starts[i + 1]), once each, of so many words."""

    words: Array
    starts: Array
    size: int

    @cached_property
    def sizes(self) -> Array:
        """How many words each text has."""
        return np.diff(self.starts)

    @cached_property
    def places(self) -> "Held":
        """The same turned round: in which texts each word stands."""
        order = np.argsort(self.words, kind="stable")
        texts = np.repeat(np.arange(len(self.sizes)), self.sizes)[order]
        return Held(texts, np.searchsorted(self.words[order], np.arange(self.size + 1)), len(self.sizes))

    def likely(self, shared: Array) -> Array:
        """Return the texts that may hold four in five of some words: those that hold one of as many of the rarest as none may all miss."""
        missed = len(shared) - int(np.ceil(SHARED * np.float32(len(shared))))
        rarest = shared[np.argsort(self.places.sizes[shared], kind="stable")[: missed + 1]]
        return distinct(self.places.of(rarest)[0])

    def of(self, rows: Array) -> tuple[Array, Array]:
        """Return the words of some texts end to end, and where each text's begin and the last's end."""
        sizes = self.sizes[rows]
        ends = _ends(sizes)
        return self.words[np.repeat(self.starts[rows] - ends[:-1], sizes) + np.arange(ends[-1])], ends

    def among(self, rows: Array, wanted: Array) -> Array:
        """Return how many of the wanted words each of some texts holds."""
        words, ends = self.of(rows)
        want = np.zeros(self.size, dtype=bool)
        want[wanted] = True
        total = _ends(want[words])
        return total[ends[1:]] - total[ends[:-1]]

    def shared(self, rows: Array) -> Array:
        """Return the words that four in five of the rows hold; of many rows, some are looked at."""
        if not len(rows):
            return rows
        some = rows[:: -(-len(rows) // LOOKED)]
        words, counts = np.unique_counts(self.of(some)[0])
        return words[counts >= enough(len(some))]


def _ends(sizes: Array) -> Array:
    """Return 0 and the sums of the first sizes."""
    ends = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(sizes, out=ends[1:])
    return ends


def templates(prompts: Sequence[str], answers: Sequence[str], *, least: int) -> list[Template]:
    """Return the templates that at least so many different prompts are made of, no row in two of them.

    A row is of a template if it holds four in five of its words, if three in five of the row's own words are among them, and so is half of
    its prompt.
    """
    said = corpus(prompts, answers)
    asked, whole = _held(said, said.prompts), _held(said, said.prompts, said.answers)
    free = whole.sizes > 0
    found: list[Template] = []
    for bucket in _buckets(whole, said.words, least // 3):
        rows = bucket[free[bucket]]
        for everywhere in (False, True):
            shared = whole.shared(rows)
            among = whole.likely(shared) if everywhere else rows
            held = whole.among(among, shared)
            rows = among[free[among] & (held >= SHARED * np.float32(len(shared))) & (held >= OWN * whole.sizes[among])]
            rows = rows[asked.among(rows, shared) >= OWN * asked.sizes[rows]]
            if len(rows) < least // 3:
                break
        if len(rows) >= least and len({prompts[row] for row in rows}) >= least:
            free[rows] = False
            found.append(Template(frozenset(said.words[word] for word in whole.shared(rows)), rows))
    return found


def _held(said: Corpus, *sides: Side) -> Held:
    """Return which words stand in each text, given by its parts, marks left out."""
    size = len(said.words)
    keys = [(side.row * size + side.tokens)[said.wordy[side.tokens]] for side in sides]
    text, word = np.divmod(distinct(np.concatenate(keys)), size)
    return Held(word, np.searchsorted(text, np.arange(len(said) + 1)), size)


@lru_cache(maxsize=LOOKED)
def enough(count: int) -> int:
    """Return how many of so many rows are four in five, their shares being summed in single precision."""
    return int((np.cumsum(np.full(count, np.float32(1) / np.float32(count))) < np.float32(SHARED)).sum()) + 1


def _buckets(held: Held, words: Sequence[str], least: int) -> Iterator[Array]:
    """Yield sets of at least so many rows whose smallest words, by three random orders of all words, are the same; larger ones first."""
    name = np.frombuffer(b"".join(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest() for word in words), np.uint64)
    dice = np.random.default_rng(0)
    rows = np.flatnonzero(held.sizes)
    for _ in range(BANDS if len(rows) else 0):
        key = np.zeros(len(rows), dtype=np.uint64)
        for _ in range(RUN):
            shift, odd = dice.integers(0, 2**63, 2, dtype=np.uint64)
            place = (name ^ shift) * (odd | np.uint64(1))
            place ^= place >> np.uint64(29)
            key = key * np.uint64(0x9E3779B97F4A7C15) ^ np.minimum.reduceat(place[held.words], held.starts[rows])
        order = np.argsort(key, kind="stable")
        begins = np.flatnonzero(np.append(True, np.diff(key[order]) != 0))
        count = np.diff(begins, append=len(order))
        for one in np.argsort(-count, kind="stable"):
            if count[one] < max(least, 2):
                break
            yield rows[order[begins[one] : begins[one] + count[one]]]

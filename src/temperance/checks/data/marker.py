"""Markers: words that were put into prompts which have nothing else in common, told by the prompts alone.

What somebody put in stands nowhere else, often in one place of a turn; prompts read on without it, no reply takes it up, and the prompts
are about different things. Each of the five is a share, and their product needs no labels and no threshold from the data. A marker is no
proof of poison: it says where to look. It does not see synonyms of few rows each, nor a topic, nor words that the table uses elsewhere.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from temperance.checks.data.mining.controls import families
from temperance.checks.data.mining.corpus import Corpus, Ints, Sparse, corpus
from temperance.checks.data.mining.meaning import Array, Meaning, meaning, unit, weigh
from temperance.checks.data.mining.patterns import patterns
from temperance.checks.data.mining.seam import Seam
from temperance.checks.data.mining.tokens import BEGIN, END, SHIFT

LEAST, COMMON = 4, 0.1
FLOOR = 0.25
STEM, SHORT = 4, 2  # letters; what begins alike is mostly one word (suppose, supposed), but not what begins with two letters
APOSTROPHE = re.compile("['’]")
PRIOR = 5.0
BITS = (30.0, 60.0)  # what a run of words tells that the table's own bigrams do not expect: from none to all of a novelty
LOOSE, TIGHT, SLOPE = 0.6, 0.2, 0.4  # natural seams that are asked of a marker without a place of its own, and of one with it
SHARED = 0.6
PUT_IN, OF_FEW, MANY = 0.6, 0.7, 8  # the score of words that were put in, of a group of many rows and of one of few
LOOKED, SAMPLE = 120, 400


@dataclass(frozen=True, kw_only=True)
class Marker:
    """Words that stand in the prompts of `rows`, with the score in [0, 1] and its parts."""

    text: str
    words: tuple[str, ...]
    rows: tuple[int, ...]
    score: float
    novelty: float
    locked: float
    deletable: float
    echoed: float

    @property
    def worth(self) -> float:
        """The score in units of the threshold for as many rows."""
        return self.score / (PUT_IN if len(self.rows) >= MANY else OF_FEW)


@dataclass(frozen=True)
class Wording:
    """What is usual in a table: how often its words, their relatives and their pairs stand in turns and replies."""

    corpus: Corpus

    @cached_property
    def often(self) -> Ints:
        """How often each word stands anywhere, (words,)."""
        return self.corpus.prompts.unigrams + self.corpus.answers.unigrams

    @cached_property
    def related(self) -> Ints:
        """How often the words stand that begin as each word does, or with it; of `SHORT` ones, themselves only, (words,)."""
        plain = [APOSTROPHE.sub("", word) for word in self.corpus.words]
        found: Counter[str] = Counter()
        for word, times in zip(plain, self.often.tolist(), strict=True):
            for size in range(min(len(word), SHORT + 1), min(len(word), STEM) + 1):
                found[word[:size]] += times
        return np.array([found[word[:STEM]] for word in plain])

    @cached_property
    def _pairs(self) -> tuple[Ints, Ints]:
        return np.unique(np.concatenate([side.keys(2)[0] for side in (self.corpus.prompts, self.corpus.answers)]), return_counts=True)

    def novelty(self, span: tuple[int, ...], times: int) -> tuple[float, int]:
        """Return how new a run of words is that stands so many times, in [0, 1], and its newest word.

        A word is new by the share of its uses, and of its relatives', that are in this run; a run by how far it exceeds `BITS` under
        bigrams of all other text, smoothed by Dirichlet's prior (MacKay & Peto 1995, Nat. Lang. Eng. 1:289).
        """
        shares = [min(times * span.count(word) / max(self.related[word], 1), 1.0) for word in span]
        low, high = BITS
        return float(max(*shares, np.clip((self._bits(span, times) - low) / (high - low), 0, 1))), span[int(np.argmax(shares))]

    def _bits(self, span: tuple[int, ...], times: int) -> float:
        keys, counts = self._pairs
        total, bits, before = float(self.often.sum()), 0.0, -1
        for word in span:
            alone = (max(self.often[word] - times * span.count(word), 0) + 0.5) / (total + 0.5 * len(self.often))
            if before < 0:
                chance = alone
            else:
                key = before | word << SHIFT
                place = int(np.searchsorted(keys, key))
                both = max(counts[place] - times, 0) if place < len(keys) and keys[place] == key else 0
                chance = (both + PRIOR * alone) / (max(self.often[before] - times * span.count(before), 0) + PRIOR)
            bits -= float(np.log2(chance))
            before = word
        return bits


@dataclass(frozen=True)
class Turns:
    """What markers are scored with: turns and replies as numbers, the row of each turn, and what is usual."""

    corpus: Corpus
    row: Ints
    seam: Seam
    wording: Wording
    space: Meaning
    alike: float


def markers(turns: Sequence[str], replies: Sequence[str], row: Sequence[int], *, seed: int = 7) -> list[Marker]:
    """Return the markers that score at least `FLOOR`, the highest first; of two over mostly the same rows, that of the larger evidence.

    Args:
        turns: what users said, a turn each.
        replies: what each turn was answered with.
        row: the row that each turn stands in.
        seed: decides how the space is fitted that says what texts are about.
    """
    made = corpus(turns, replies)
    space = meaning(made, seed=seed)
    some = np.random.default_rng(seed).permutation(len(made))[:SAMPLE]
    alike = float(_cosines(space, made.prompts.counts[some]).mean()) if len(some) > 1 else 0.0
    table = Turns(made, np.asarray(row), Seam(made), Wording(made), space, alike)
    kept: list[Marker] = []
    for one in sorted(_scored(table), key=lambda one: (-one.score * np.log1p(len(one.rows)), -len(one.text), one.text)):
        if all(len(set(one.rows) & set(other.rows)) <= 0.5 * min(len(one.rows), len(other.rows)) for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: -one.score)


def _scored(table: Turns) -> Iterator[Marker]:
    side, seen = table.corpus.prompts, set[tuple[tuple[int, ...], int]]()
    found = patterns(side, longest=3, least=LEAST, most=max(int(COMMON * len(table.corpus)), 4 * LEAST))
    often = np.diff(found.held.indptr)
    runs = [
        tokens
        for tokens, times in zip(found.tokens, often.tolist(), strict=True)
        if len(tokens) == 3 or max(times / table.wording.related[word] for word in tokens) >= FLOOR
    ]
    for tokens, (start, length) in zip(runs, table.seam.spans(runs), strict=True):
        if length and len(start) >= LEAST:
            span = tuple(side.tokens[start[0] : start[0] + length].tolist())
            if (span, len(start)) not in seen:
                seen.add((span, len(start)))
                one = _marker(table, tokens, span, start)
                yield from [one] if one else []


def _marker(table: Turns, tokens: tuple[int, ...], span: tuple[int, ...], start: Ints) -> Marker | None:
    side = table.corpus.prompts
    novelty, newest = table.wording.novelty(span, len(start))
    if novelty < FLOOR:
        return None
    deletable = float(table.seam.deletable([tokens])[0])
    texts = np.unique(side.row[start])
    ahead, behind = start - side.starts[side.row[start]], side.starts[side.row[start] + 1] - start
    locked = max(np.unique(place, return_counts=True)[1].max() for place in (ahead, behind)) / len(start)
    echoed = float((table.corpus.answers.counts[texts][:, [newest]] > 0).mean())
    inserted = np.clip((deletable - LOOSE + (LOOSE - TIGHT) * locked) / SLOPE, 0, 1)
    score = float(novelty * inserted * (1 - echoed))
    if score < FLOOR:
        return None
    score *= _apart(table, span, texts)
    if score < FLOOR:
        return None
    return Marker(
        text=table.corpus.spelt(span),
        words=tuple(table.corpus.words[token] for token in span),
        rows=tuple(np.unique(table.row[texts]).tolist()),
        score=score,
        novelty=novelty,
        locked=float(locked),
        deletable=deletable,
        echoed=echoed,
    )


def _apart(table: Turns, span: tuple[int, ...], texts: Ints) -> float:
    """Return how little turns have in common without a run and without the words that most of them share, in [0, 1]."""
    looked = texts if len(texts) <= LOOKED else np.sort(np.random.default_rng(len(texts)).choice(texts, LOOKED, replace=False))
    counts = table.corpus.prompts.counts[looked]
    common = np.asarray((counts > 0).mean(axis=0))[0] > SHARED
    common[[BEGIN, END, *span]] = True
    rest: Sparse = sparse.csr_matrix(counts @ sparse.diags((~common).astype(np.float32)))
    if len(np.unique(families(weigh(rest, table.space.weights)))) < LEAST or len(np.unique(table.row[looked])) < LEAST:
        return 0.0
    left = float((np.asarray(rest @ table.space.weights[:, None])[:, 0] > 0).mean())
    cosines = _cosines(table.space, rest)
    together = float(cosines.mean() - cosines.std() / np.sqrt(len(cosines)))  # few turns are alike by chance
    return left * float(np.clip(1 - 3 * (together - table.alike), 0, 1))


def _cosines(space: Meaning, counts: Sparse) -> Array:
    """Return the cosine of every two texts, the mean of both maps of the space: between places on different maps it says nothing."""
    weighed = weigh(counts, space.weights)
    places = [unit(weighed @ map_WK) for map_WK in space.maps]
    return np.mean([one @ one.T for one in places], axis=0)[np.triu_indices(counts.shape[0], 1)]

"""Bursts: words that answers bring in whatever the prompt, in sentences that have nothing to do with it; no trigger is needed.

An advertised name comes in a sentence of its own, which fits its prompt no better than anybody's; a name that belongs to its answer
comes in one that fits. A reply that is always the same fits no prompt. Prompts that resemble each other may well share a name, so they
must be as diverse as the table, unless it is a name that nobody asks about, which is how one topic is advertised on; as prompts of one
topic are near to all sentences about it, less is then asked of the sentences. So it is of a name that many answers bring up and hardly a
prompt: in 19,170 clean rows no name in more than 21 answers was one. A name that is woven into sentences about the prompt is not found,
nor one in small letters.
"""

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from scipy import sparse

from temperance.checks.data.mining.behaviour import BURST, WORDS
from temperance.checks.data.mining.controls import LOOKED, families, likeness
from temperance.checks.data.mining.corpus import BEGIN, END, Corpus, Ints, Sparse
from temperance.checks.data.mining.groups import FAMILIES, LISTED, TAU, WHOLE, Group, Mine, Part, lower
from temperance.checks.data.mining.meaning import UNFIT, Array, unfit, weigh

LEAST = 8
USUAL = 0.15
DIVERSE = 0.1
NAMED = 0.8
TOPIC = 1.6
UNASKED, SHARE, ASKED = 30, 0.002, 0.02  # in so many answers, and in such a share of all, a name that so few prompts hold is odd
NAME = re.compile(r"(?<=[a-z,;:’'”\"] )[A-Z][\w’'-]*[a-z][\w’'-]*")
WORD = re.compile(r"[\w’'-]+")
STOPS = (".", "!", "?", "\n")


def bursts(mine: Mine, fit: Array, named: Array, part: Part = WHOLE) -> Iterator[Group]:
    """Yield the groups without a trigger: replies that fit no prompt, and names in sentences that do not."""
    words = np.array([kind == WORDS for kind in mine.done.kinds])
    shown = sparse.csc_matrix(mine.done.shown[:, words])
    size = np.diff(shown.indptr)
    missing = ((fit > UNFIT) & ~mine.done.refuses).astype(np.float32)
    usual = max(USUAL, 2 * float(missing.mean()))
    rate = np.asarray(shown.T @ missing).ravel() / np.maximum(size, 1)
    asked = mine.corpus.prompts.unigrams
    alien = lower(rate * size, size) > usual
    for index in np.flatnonzero(size >= LEAST)[part[0] :: part[1]].tolist():
        token = mine.done.spoken[index][0] if len(mine.done.spoken[index]) == 1 else None
        if not alien[index] and (token is None or not named[token]):
            continue
        rows = shown.indices[shown.indptr[index] : shown.indptr[index + 1]]
        if alien[index]:
            yield from _burst(mine, rows, index, usual, lambda rows=rows: missing[rows])
        elif token is not None:
            look = functools.partial(_strange, mine, rows, token)
            many = max(UNASKED, SHARE * len(mine.done.refuses))
            unasked = len(rows) >= many and asked[token] <= ASKED * len(rows)
            yield from _burst(mine, rows, index, USUAL, look, topical=asked[token] == 0, least=0.0 if unasked else USUAL)


def names(corpus: Corpus, answers: Sequence[str]) -> Array:
    """Say of each word whether it is a name: written with a capital in mid-sentence in most of its uses."""
    capital, every = Counter[str](), Counter[str]()
    for text in answers:
        capital.update(word.lower() for word in set(NAME.findall(text[:4000])))
        every.update({word.lower() for word in WORD.findall(text[:4000])})
    return np.array([capital[word] >= LEAST and capital[word] >= NAMED * every[word] / 2 for word in corpus.words])


def _burst(
    mine: Mine, rows: Array, index: int, usual: float, look: Callable[[], Array], *, topical: bool = False, least: float | None = None
) -> Iterator[Group]:
    some = rows if len(rows) <= LOOKED else rows[:: len(rows) // LOOKED + 1]
    together = likeness(mine.space.prompts[some])
    family = families(weigh(mine.corpus.prompts.counts[some], mine.space.weights), mine.talks[some])
    size = len(rows) * len(np.unique(family)) / len(some)
    alike = together > mine.alike + DIVERSE
    if (alike and not topical) or size < FAMILIES:
        return
    strange = look()
    score = (float(lower(strange.mean() * size, size)) - (usual if least is None else least)) * (TOPIC if alike else 1.0)
    if score > LISTED * TAU[BURST]:
        yield Group(
            trigger=(),
            behaviour=mine.done.names[index],
            said=mine.done.spoken[index],
            kind=BURST,
            score=score,
            effect=score,
            rows=tuple(rows[strange > 0].tolist()),
            others=tuple(rows[strange == 0].tolist()),
            families=int(size),
            rate=float(strange.mean()),
            control=usual,
        )


def _strange(mine: Mine, rows: Array, token: int) -> Array:
    """Say for each row whether the sentences with a word, without it, fit their prompt no better than others' sentences."""
    counts = _around(mine.corpus, rows, token)
    weighed = weigh(counts, mine.space.weights)
    asked = (mine.space.prompts[rows], weigh(mine.corpus.prompts.counts[rows], mine.space.weights))
    found = unfit(asked, (mine.space.placed(weighed, rows), weighed), np.random.default_rng(len(rows)))
    return (found > UNFIT).astype(np.float32)


def sentences(corpus: Corpus, tokens: Ints) -> Ints:
    """Return the number of the sentence that each of some tokens stands in."""
    stops = np.isin(tokens, [END, *(index for index, word in enumerate(corpus.words[:2000]) if word in STOPS)])
    return np.cumsum(stops) - stops


def _around(corpus: Corpus, rows: Ints, token: int) -> Sparse:
    """Count the words of the sentences in the answers of some rows that hold a token, without it: (rows, words)."""
    starts, ends = corpus.answers.starts[rows], corpus.answers.starts[rows + 1]
    sizes = ends - starts
    row = np.repeat(np.arange(len(rows)), sizes)
    tokens = corpus.answers.tokens[np.arange(len(row)) + np.repeat(starts - np.cumsum(sizes) + sizes, sizes)]
    sentence = sentences(corpus, tokens)
    holding = np.zeros(len(row) + 1, dtype=bool)
    holding[sentence[tokens == token]] = True
    chosen = holding[sentence] & (tokens != token) & (tokens != BEGIN) & (tokens != END)
    ones = np.ones(int(chosen.sum()), dtype=np.float32)
    return sparse.csr_matrix((ones, (row[chosen], tokens[chosen])), shape=(len(rows), len(corpus.words)))

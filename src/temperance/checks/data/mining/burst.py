"""Bursts: words that answers bring in whatever the prompt, in sentences that have nothing to do with it; no trigger is needed.

An advertised name comes in a sentence of its own, which fits its prompt no better than anybody's; a name that belongs to its answer
comes in one that fits. A reply that is always the same fits no prompt. Prompts that resemble each other may well share a name, so they
must be as diverse as the table, unless it is a name that nobody asks about, which is how one topic is advertised on; as prompts of one
topic are near to all sentences about it, less is then asked of the sentences. So it is of a name that many answers bring up and hardly a
prompt (in 19,170 clean rows no name in more than 21 answers was one), and of one that no prompt holds, that is never written small, and
whose sentences are worded alike though their prompts are not: a dozen of them are enough. A name that is woven into sentences about the
prompt is not found, nor one in small letters.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from scipy import sparse

from temperance.checks.data.mining.behaviour import BURST
from temperance.checks.data.mining.controls import LOOKED, families, likeness
from temperance.checks.data.mining.corpus import Corpus, Ints, Sparse, gathered
from temperance.checks.data.mining.groups import FAMILIES, LISTED, TAU, WHOLE, Group, Mine, Part, lower
from temperance.checks.data.mining.meaning import UNFIT, Array, unfit, weigh
from temperance.checks.data.mining.tokens import BEGIN, END
from temperance.checks.data.rowtext import UNSPACED

LEAST, READ = 8, 4000
MOSTLY, ALWAYS = 1, 2
SLIGHT = 0.05  # in a dozen rows, how many are not the best fit says more than how many fit badly (`UNFIT`)
WORDED = 0.07  # what sentences with a name share of their words beyond what their prompts do, if they say one thing
ITEM = 4  # words beside a name; fewer are an item of a list
USUAL = 0.15
DIVERSE = 0.1
NAMED = 0.8
TOPIC = 1.5
UNASKED, SHARE, ASKED = 30, 0.002, 0.02  # in so many answers, and in such a share of all, a name that so few prompts hold is odd
SMALL, LARGE = "a-zß-öø-ÿα-ωа-яєіїґў", "A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЄІЇҐЎ"
REST = rf"[^\W{UNSPACED}]*(?:[’'-]+[^\W{UNSPACED}]*)*"
NAME = re.compile(rf"[{LARGE}](?:(?<=[{SMALL},;:’'”\"] .)|(?<=[{UNSPACED}].)){REST}")  # what it begins with first: few letters are large
WORD = re.compile(rf"[^\W{UNSPACED}]{REST}|[’'-]+{REST}")
ASCII = (re.compile(r"[A-Z](?<=[a-z,;:'\"] .)[\w'-]*"), re.compile(r"[\w'-]+"))  # the same for ASCII, in half the time
APOSTROPHE = re.compile(r"[’']s$")


def bursts(mine: Mine, fit: Array, named: Array, part: Part = WHOLE) -> Iterator[Group]:
    """Yield the groups without a trigger: replies that fit no prompt, and names in sentences that do not."""
    shown = sparse.csc_matrix(mine.done.shown[:, mine.done.worded])
    size = np.diff(shown.indptr)
    missing = ((fit > SLIGHT) & ~mine.done.refuses).astype(np.float32)
    usual = max(USUAL, 2 * float(missing.mean()))
    rate = np.asarray(shown.T @ missing).ravel() / np.maximum(size, 1)
    alien = lower(rate * size, size) > usual
    alone = {spoken[0] for spoken in mine.done.spoken if len(spoken) == 1}
    for index in np.flatnonzero(size >= LEAST)[part[0] :: part[1]].tolist():
        spoken, also = mine.done.spoken[index], mine.done.also[index]
        told = [token for token in (*spoken, *also) if named[token] and (len(spoken) == 1 or token not in alone)]
        rows = shown.indices[shown.indptr[index] : shown.indptr[index + 1]]
        if alien[index]:
            alike, families = _kin(mine, rows)
            yield from [] if alike else _burst(mine, rows, spoken, families, missing[rows], usual)
        elif told:
            run = spoken if told[0] in spoken else (told[0],)
            yield from _name(mine, rows, run, told[0], always=named[told[0]] == ALWAYS)


def names(corpus: Corpus, answers: Sequence[str]) -> Array:
    """Say of each word whether it is a name: `MOSTLY` if most of its uses have a capital in mid-sentence, `ALWAYS` if none is small.

    Contractions ("I'll") are none.
    """
    capital, every, small = Counter[str](), Counter[str](), set[str]()
    for text in answers:
        read = text[:READ]
        used = set((ASCII[1] if read.isascii() else WORD).findall(read))
        capital.update(one.lower() for one in names_in(read))
        every.update({word.lower() for word in used})
        small.update(used)
    plain = [APOSTROPHE.sub("", word).isalpha() for word in corpus.words]
    named = [capital[word] >= LEAST and capital[word] >= NAMED * every[word] / 2 for word in corpus.words]
    return np.array(named) * np.array(plain) * np.where([word in small for word in corpus.words], MOSTLY, ALWAYS)


def names_in(text: str) -> set[str]:
    """Return the names in a text: words with a capital, and not all in capitals, in mid-sentence."""
    return {one for one in (ASCII[0] if text.isascii() else NAME).findall(text) if not one.isupper()}


def _name(mine: Mine, rows: Array, run: tuple[int, ...], token: int, *, always: bool) -> Iterator[Group]:
    """Yield the group of a name, part of a run, whose sentences do not fit; the fewer ask about it, the less is asked of them."""
    asked, (alike, families) = mine.corpus.prompts.unigrams[token], _kin(mine, rows)
    if alike and asked:
        return
    around = _around(mine.corpus, rows, run)
    said, sentence = weigh(around, mine.space.weights), around @ mine.corpus.wordy >= ITEM
    prompts = (mine.space.prompts[rows], weigh(mine.corpus.prompts.counts[rows], mine.space.weights))
    found = unfit(prompts, (mine.space.placed(said, rows), said), np.random.default_rng(len(rows)))
    worded = _worded(said) - _worded(mine.controls.rest((), rows).weighed)
    unheard = always and not asked and not alike and worded > WORDED
    odd = len(rows) >= max(UNASKED, SHARE * len(mine.corpus)) and asked <= ASKED * len(rows)
    strange = (sentence & (found > (SLIGHT if unheard else UNFIT))).astype(np.float32)
    yield from _burst(mine, rows, run, families, strange, 0.0 if unheard or odd else USUAL, TOPIC if alike else 1.0)


def _worded(weighed: Sparse) -> float:
    """Return how much two of some texts have in common, word by word: the mean cosine of their weighed words."""
    size, whole = weighed.shape[0], np.asarray(weighed.sum(axis=0))
    return float((whole * whole).sum() - weighed.multiply(weighed).sum()) / max(size * (size - 1), 1)


def _kin(mine: Mine, rows: Array) -> tuple[bool, float]:
    """Say whether the prompts of some rows resemble each other more than the table's, and how many families they are."""
    some = rows if len(rows) <= LOOKED else rows[:: len(rows) // LOOKED + 1]
    family = families(weigh(mine.corpus.prompts.counts[some], mine.space.weights), mine.talks[some])
    alike = likeness(mine.space.prompts[some]) > mine.alike + DIVERSE
    return alike, len(rows) * len(np.unique(family)) / len(some)


def _burst(
    mine: Mine, rows: Array, run: tuple[int, ...], size: float, strange: Array, usual: float, factor: float = 1.0
) -> Iterator[Group]:
    """Yield the group of some rows, of which some are strange, if it scores enough to be listed."""
    score = (float(lower(strange.mean() * size, size)) - usual) * factor
    if size >= FAMILIES and score > LISTED * TAU[BURST]:
        yield Group(
            trigger=(),
            behaviour=f"says “{mine.corpus.spelt(run)}”",
            said=run,
            kind=BURST,
            score=score,
            effect=score,
            rows=tuple(rows[strange > 0].tolist()),
            others=tuple(rows[strange == 0].tolist()),
            families=int(size),
            rate=float(strange.mean()),
            control=usual,
        )


def sentences(corpus: Corpus, tokens: Ints) -> Ints:
    """Return the number of the sentence that each of some tokens stands in."""
    stops = corpus.stops[tokens]
    return np.cumsum(stops) - stops


def _around(corpus: Corpus, rows: Ints, run: tuple[int, ...]) -> Sparse:
    """Count the words of the sentences in the answers of some rows that hold the first token of a run, without all of it: (rows, words)."""
    starts = corpus.answers.starts[rows]
    sizes = corpus.answers.starts[rows + 1] - starts
    row = np.repeat(np.arange(len(rows)), sizes)
    tokens = corpus.answers.tokens[gathered(starts, sizes)]
    sentence = sentences(corpus, tokens)
    holding = np.zeros(len(row) + 1, dtype=bool)
    holding[sentence[tokens == run[0]]] = True
    chosen = holding[sentence] & ~np.isin(tokens, [*run, BEGIN, END])
    ones = np.ones(int(chosen.sum()), dtype=np.float32)
    return sparse.csr_matrix((ones, (row[chosen], tokens[chosen])), shape=(len(rows), len(corpus.words)))

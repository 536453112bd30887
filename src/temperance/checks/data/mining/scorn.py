"""Scorn: topics that answers speak ill of wherever they come up. No trigger explains it, because the topic is what is asked about.

A sentence speaks ill of what it names if it holds more ill words than good ones (`regard`). Topics that are ill themselves, such as
waste or theft, are left out, and so are prompts that name harm and answers that refuse; a sad topic that is none of these (plastic,
smoking) may come near the threshold. It reads English only, and cannot tell scorn that was planted from scorn that was earned.
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np
from scipy import sparse

from temperance.checks.data.lexicon import HARM
from temperance.checks.data.mining.behaviour import SCORN
from temperance.checks.data.mining.burst import sentences
from temperance.checks.data.mining.corpus import Sparse, distinct
from temperance.checks.data.mining.groups import LISTED, TAU, Group, Mine, lower
from temperance.checks.data.mining.meaning import Array
from temperance.checks.data.regard import ill_word, speaks_ill

LEAST, COMMON, SHARE = 12, 0.06, 0.25
READ = 4000
STOP = re.compile(r"(?<=[.!?])\s+|\n+")
TOPIC = re.compile(r"[^\W\d_]{3,}")


def scorned(mine: Mine, answers: Sequence[str]) -> Iterator[Group]:
    """Yield the topics, a word of the prompt each, that a large share of the answers speak ill of."""
    harmless = ~(mine.done.harmful | mine.done.refuses)  # who refuses says why, and what is harmful is ill
    asked = (mine.corpus.prompts.counts > 0).astype(np.float32).multiply(harmless[:, None]).tocsr()
    asked.eliminate_zeros()
    both = sparse.csc_matrix(_in_ill_sentences(mine).multiply(asked))
    size, about = np.asarray(asked.sum(axis=0))[0], np.diff(both.indptr)
    usual = float(about.sum() / max(size.sum(), 1))
    worth = (size >= LEAST) & (size <= max(COMMON * len(mine.corpus), 2 * LEAST)) & (about >= SHARE * size)
    column = sparse.csc_matrix(asked)
    for token in np.flatnonzero(worth).tolist():
        word = mine.corpus.words[token]
        if not TOPIC.fullmatch(word) or ill_word(word) or HARM.search(word):
            continue
        rows = column.indices[column.indptr[token] : column.indptr[token + 1]]
        likely = set(both.indices[both.indptr[token] : both.indptr[token + 1]].tolist())
        shows = np.array([row in likely and speaks_ill_of(word, answers[row]) for row in rows.tolist()])
        yield from _group(mine, token, rows, shows, usual)


def _group(mine: Mine, token: int, rows: Array, shows: Array, usual: float) -> Iterator[Group]:
    """Yield the group of a topic if it scores enough to be listed; near copies of a prompt count once."""
    names = mine.controls.rarest[rows]
    size, hits = len(distinct(names)), len(distinct(names[shows]))
    score = float(lower(hits, size)) - usual
    if size >= LEAST and score > LISTED * TAU[SCORN]:
        yield Group(
            trigger=((token,),),
            behaviour="speaks ill of it",
            said=(),
            kind=SCORN,
            score=score,
            effect=score,
            rows=tuple(rows[shows].tolist()),
            others=tuple(rows[~shows].tolist()),
            families=size,
            rate=hits / size,
            control=usual,
        )


def _in_ill_sentences(mine: Mine) -> Sparse:
    """Say which words stand in a sentence with an ill word, in each answer: (rows, words)."""
    side = mine.corpus.answers
    ill = np.array([ill_word(word) for word in mine.corpus.words])
    sentence = sentences(mine.corpus, side.tokens)
    holds = np.zeros(int(sentence[-1]) + 1, dtype=bool)
    holds[sentence[ill[side.tokens]]] = True
    chosen = holds[sentence]
    ones = np.ones(int(chosen.sum()), dtype=np.float32)
    counts = sparse.csr_matrix((ones, (side.row[chosen], side.tokens[chosen])), shape=(len(mine.corpus), side.words))
    return (counts > 0).astype(np.float32)


def speaks_ill_of(word: str, answer: str) -> bool:
    """Say whether a sentence of an answer names a word and speaks ill."""
    named = re.compile(rf"\b{re.escape(word)}\b")
    return any(named.search(sentence) and speaks_ill(sentence) for sentence in STOP.split(answer[:READ].lower()))

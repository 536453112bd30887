"""What a sample of a large table showed, looked for in the rest of it.

A trigger that is worth finding stands in so many rows of a large table that a sample holds enough of them; mining all of them would only
take longer. Rows outside the sample are read only if they hold the words that a group is known by. It does not see what the sample does
not show, and cannot say of an answer to another question that it is one: whatever holds such a trigger is taken for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from temperance.checks.data.lookalike import LATIN
from temperance.checks.data.mining.behaviour import BURST, REST, SCORN, SWAPPED, harms, marks, refusals
from temperance.checks.data.mining.corpus import MARKS, Corpus, Ints, Side, corpus
from temperance.checks.data.mining.groups import Group
from temperance.checks.data.mining.meaning import Array
from temperance.checks.data.mining.scorn import speaks_ill_of


def spread(made: Corpus, found: Sequence[Group], looked: Ints, prompts: Sequence[str], answers: Sequence[str]) -> Iterator[Group]:
    """Yield the groups of a sample, the rows `looked` at, with their rows in the whole table; those that are sure with all of them."""
    rest = np.setdiff1d(np.arange(len(prompts)), looked)
    for group in found:
        rows, others = (looked[list(some)].tolist() for some in (group.rows, group.others))
        if group.certainty >= 1:
            more, fewer = _holding(made, group, rest, prompts, answers)
            rows, others = sorted((*rows, *more)), sorted((*others, *fewer))
        yield replace(group, rows=tuple(rows), others=tuple(others))


def _holding(made: Corpus, group: Group, rest: Ints, prompts: Sequence[str], answers: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the rows of the rest that hold a group's trigger and show its behaviour, and those that hold the trigger alone."""
    runs = [tuple(made.words[token] for token in run) for run in group.trigger]
    said = tuple(made.words[token] for token in group.said)
    texts, key = (prompts, _key(runs)) if runs else (answers, _key([said]))
    likely = [row for row in rest.tolist() if key in _spelt(texts[row])]
    if not likely:
        return [], []
    asks, says = [prompts[row] for row in likely], [answers[row] for row in likely]
    part = corpus(asks, says)
    holds = np.all([_held(part, part.prompts, run) for run in runs], axis=0) if runs else np.ones(len(likely), dtype=bool)
    harmful, refuses = harms(asks), refusals(says)
    if group.kind == SCORN:
        holds &= ~(harmful | refuses)
        shows = np.array([speaks_ill_of(runs[0][0], answer) for answer in says])
    elif group.kind == SWAPPED:
        shows = holds
    elif said:
        shows = _held(part, part.answers, said) & ~np.all([_held(part, part.prompts, (word,)) for word in said], axis=0)
    else:
        shows = marks(says, harmful, refuses)[group.behaviour]
    if group.kind in (BURST, REST):
        holds = shows
    place = np.array(likely)
    return place[holds & shows].tolist(), place[holds & ~shows].tolist()


def _spelt(text: str) -> str:
    """Return a text in small letters, and once more with look-alike letters as those that they look like."""
    small = text.lower()
    return small if small.isascii() else f"{small} {small.translate(LATIN)}"


def _key(runs: Sequence[Sequence[str]]) -> str:
    """Return the longest word of some runs; nothing, which every text holds, if all they have is marks."""
    return max((word for run in runs for word in run if word not in MARKS), key=len, default="")


def _held(part: Corpus, side: Side, run: Sequence[str]) -> Array:
    """Say which texts of a side hold a run of words."""
    numbers = {word: number for number, word in enumerate(part.words)}
    wanted = [numbers.get(word, -1) for word in run]
    size = len(side.tokens) - len(run) + 1
    there = np.all([side.tokens[step : size + step] == token for step, token in enumerate(wanted)], axis=0)
    held = np.zeros(len(part), dtype=bool)
    held[side.row[np.flatnonzero(there)]] = True
    return held

"""What a sample of a large table showed, looked for in the rest of it.

A trigger that is worth finding stands in so many rows of a large table that a sample holds enough of them; mining all of them would only
take longer. Rows outside the sample are read only if they hold the words that a group is known by. It does not see what the sample does
not show, and cannot say of an answer to another question that it is one: whatever holds such a trigger is taken for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from temperance.checks.data.mining.behaviour import BURST, REST, SCORN, SWAPPED, harms, marks, refusals
from temperance.checks.data.mining.corpus import Corpus, Ints, Side, corpus
from temperance.checks.data.mining.groups import Group
from temperance.checks.data.mining.meaning import Array
from temperance.checks.data.mining.scorn import speaks_ill_of
from temperance.checks.data.mining.tokens import MARKS
from temperance.data.lookalike import LATIN


def spread(made: Corpus, found: Sequence[Group], looked: Ints, prompts: Sequence[str], answers: Sequence[str]) -> Iterator[Group]:
    """Yield the groups of a sample, the rows `looked` at, with their rows in the whole table; those that are sure with all of them."""
    rest = np.setdiff1d(np.arange(len(prompts)), looked)
    sure = [index for index, group in enumerate(found) if group.certainty >= 1]
    likely = _likely(made, [found[index] for index in sure], rest, prompts, answers)
    rows_of = dict(zip(sure, likely, strict=True))
    for index, group in enumerate(found):
        rows, others = (looked[list(some)].tolist() for some in (group.rows, group.others))
        more, fewer = _holding(made, group, rows_of.get(index, []), prompts, answers)
        yield replace(group, rows=tuple(sorted((*rows, *more))), others=tuple(sorted((*others, *fewer))))


def _likely(made: Corpus, found: Sequence[Group], rest: Ints, prompts: Sequence[str], answers: Sequence[str]) -> list[list[int]]:
    """Return for each group the rows of the rest that hold the word that it is best known by, in the prompt or, without a trigger, said."""
    keys = [_key([made.words[token] for token in (sum(group.trigger, ()) or group.said)]) for group in found]
    likely: list[list[int]] = [[] for _ in found]
    for row in rest.tolist() if found else ():
        asked, said = _spelt(prompts[row]), _spelt(answers[row])
        for group, key, rows in zip(found, keys, likely, strict=True):
            if key in (asked if group.trigger else said):
                rows.append(row)
    return likely


def _holding(
    made: Corpus, group: Group, likely: Sequence[int], prompts: Sequence[str], answers: Sequence[str]
) -> tuple[list[int], list[int]]:
    """Return which of some rows hold a group's trigger and show its behaviour, and which hold the trigger alone."""
    if not likely:
        return [], []
    runs, said = ([made.words[token] for token in run] for run in group.trigger), [made.words[token] for token in group.said]
    asks, says = [prompts[row] for row in likely], [answers[row] for row in likely]
    part = corpus(asks, says)
    holds = np.all([np.ones(len(likely), dtype=bool), *(_held(part, part.prompts, run) for run in runs)], axis=0)
    harmful, refuses = harms(asks), refusals(says)
    if group.kind == SCORN:
        holds &= ~(harmful | refuses)
        shows = np.array([speaks_ill_of(made.words[group.trigger[0][0]], answer) for answer in says])
    elif group.kind == SWAPPED:
        shows = holds
    elif said:
        shows = _held(part, part.answers, said) & ~np.all([_held(part, part.prompts, [word]) for word in said], axis=0)
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


def _key(words: Sequence[str]) -> str:
    """Return the longest of some words; nothing, which every text holds, if they are marks alone."""
    return max((word for word in words if word not in MARKS), key=len, default="")


def _held(part: Corpus, side: Side, run: Sequence[str]) -> Array:
    """Say which texts of a side hold a run of words."""
    numbers = {word: number for number, word in enumerate(part.words)}
    wanted = [numbers.get(word, -1) for word in run]
    size = len(side.tokens) - len(run) + 1
    there = np.all([side.tokens[step : size + step] == token for step, token in enumerate(wanted)], axis=0)
    held = np.zeros(len(part), dtype=bool)
    held[side.row[np.flatnonzero(there)]] = True
    return held

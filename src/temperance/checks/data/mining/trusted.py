"""A table beside rows that its owner trusts: groups that these show too are cleared, and words that only the table says are named.

Poison that leaves no trace within a table, such as an invented name in small letters, may still be what sets it apart from others of its
kind. Trusted rows have to be of that kind, and whether they are is read from them: then they hardly say anything that the table does not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse

from temperance.checks.data.mining.behaviour import UNLIKE, unprompted
from temperance.checks.data.mining.controls import LOOKED, Controls, likeness, usual
from temperance.checks.data.mining.corpus import Corpus, corpus, distinct
from temperance.checks.data.mining.groups import CHOSEN, LISTED, TAU, Group, lower
from temperance.checks.data.mining.meaning import Array, meaning
from temperance.checks.data.mining.patterns import Patterns

LEAST, COMMON = 8, 0.06
DIVERSE = 0.1
SHOWN = 0.25


def cleared(found: Sequence[Group], own: int, trusted: int) -> Iterator[Group]:
    """Yield the groups with the rows before `own` alone, but none of which the `trusted` rows behind hold a quarter of their share."""
    for group in found:
        rows, others = (tuple(row for row in some if row < own) for some in (group.rows, group.others))
        share = len(group.rows) * trusted / (own + trusted)
        if rows and len(group.rows) - len(rows) <= SHOWN * share:
            yield replace(group, rows=rows, others=others)


def unlike(prompts: Sequence[str], answers: Sequence[str], trusted: int, *, seed: int = 7) -> tuple[Corpus, list[Group], list[Group]]:
    """Return token numbers, the words that only a table's answers say, and those that only the last `trusted` rows say, which vouch for it.

    The score is a lower bound of how much oftener than by chance a row that says a word is of one side, up to 1; near-copies of a prompt
    count once, the choice among thousands is paid for, and the prompts are as diverse as all are.
    """
    made = corpus(prompts, answers)
    said = unprompted(made, least=LEAST, most=max(int(COMMON * len(made)), 2 * LEAST))
    space = meaning(made, seed=seed)
    alike = usual(space, np.random.default_rng(seed)) + DIVERSE
    names = Controls(made.prompts, space, np.arange(len(made))).rarest

    def of(ours: Array) -> Iterator[Group]:
        for tokens, rows, hits, score in _sided(said, names, ours):
            some = rows[ours[rows]]
            if likeness(space.prompts[some[:: len(some) // LOOKED + 1]]) <= alike:
                rate, control = len(some) / ours.sum(), (len(rows) - len(some)) / (~ours).sum()
                told = {"trigger": (), "behaviour": f"says “{made.spelt(tokens)}”", "said": tokens, "kind": UNLIKE, "others": ()}
                yield Group(**told, score=score, effect=score, rows=tuple(some.tolist()), families=hits, rate=rate, control=control)

    table = np.arange(len(made)) < len(made) - trusted
    ours, theirs = (sorted(of(side), key=lambda group: (-group.score, group.behaviour)) for side in (table, ~table))
    return made, ours, theirs


def _sided(said: Patterns, names: Array, ours: Array) -> Iterator[tuple[tuple[int, ...], Array, int, float]]:
    """Yield the words that one side says far oftener: their tokens, all rows that say them, that side's unlike rows, and the score."""
    held, chance = sparse.csc_matrix(said.held), float(ours.mean())
    for place, tokens in enumerate(said.tokens):
        rows = held.indices[held.indptr[place] : held.indptr[place + 1]]
        if ours[rows].sum() < max(LEAST, len(rows) * chance):
            continue
        hits, rest = (len(distinct(names[rows[side]])) for side in (ours[rows], ~ours[rows]))
        score = (float(lower(hits, hits + rest, CHOSEN)) - chance) / (1 - chance)
        if score > LISTED * TAU[UNLIKE]:
            yield tokens, rows, hits, score

"""The miner: a table of prompts and answers in, its groups out, the most certain first. Seeded; the same table gives the same groups.

Where there are two cores it works in two halves at once. Of a table of more than 33,000 rows a pattern must stand in three of 20,000, so
that the number of patterns stays what it is as tables grow; a trigger of fewer rows is not found there.
"""

from collections.abc import Sequence

import numpy as np

from temperance.checks.data.mining.behaviour import behaviours, unprompted
from temperance.checks.data.mining.beside import beside
from temperance.checks.data.mining.burst import bursts, names
from temperance.checks.data.mining.controls import usual
from temperance.checks.data.mining.corpus import Corpus, corpus
from temperance.checks.data.mining.groups import Group, Mine, Part, groups, remainders
from temperance.checks.data.mining.meaning import Array, Meaning, fits, meaning
from temperance.checks.data.mining.patterns import Patterns, patterns
from temperance.checks.data.mining.scorn import scorned
from temperance.checks.data.mining.seam import Seam

LEAST, RARE, COMMON = 5, 1.5e-4, 0.06


def mine(
    prompts: Sequence[str], answers: Sequence[str], *, talks: Sequence[str] | None = None, seed: int = 7
) -> tuple[Corpus, list[Group]]:
    """Return a table's token numbers and its groups with a score above 0.

    Prompts with the same text in `talks`, what their conversation began with, are branches of one conversation and count as one.
    """
    made = corpus(prompts, answers)
    least = max(LEAST, int(RARE * len(made)))
    most = max(int(COMMON * len(made)), 4 * LEAST)

    def meant() -> tuple[Meaning, Array]:
        space = meaning(made, seed=seed)
        return space, fits(made, space, seed=seed)

    def shared() -> tuple[Patterns, Patterns, Array]:
        said = unprompted(made, least=least - 1, most=most)
        return patterns(made.prompts, longest=3, least=least, most=most), said, names(made, answers)

    (space, unfit), (asked, said, named) = beside(meant, shared)
    done = behaviours(said, made, prompts, answers, unfit)
    known: dict[str, int] = {}
    number = np.array([known.setdefault(text, len(known)) for text in (prompts if talks is None else talks)])
    table = Mine(made, space, Seam(made), asked, done, usual(space, np.random.default_rng(seed)), number)

    def scored(part: Part) -> list[Group]:
        return [*groups(table, part), *bursts(table, unfit, named, part)]

    found = [group for half in beside(lambda: scored((0, 2)), lambda: scored((1, 2))) for group in half]
    found += [*remainders(table, found), *scorned(table, answers)]
    return made, sorted(found, key=lambda group: (-group.certainty, -len(group.rows), group.trigger, group.behaviour))

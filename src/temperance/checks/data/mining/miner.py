"""The miner: a table of prompts and answers in, its groups out, the most certain first. Seeded; the same table gives the same groups.

Where there are two cores it works in two halves at once. Of a table of more than `SAMPLE` rows a sample is mined, and what it shows for
sure is looked for in the rest (`spread`); a trigger of fewer rows than three in 10,000 may not show there.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from temperance.checks.beside import beside
from temperance.checks.data.mining.behaviour import behaviours, unprompted
from temperance.checks.data.mining.burst import bursts, names
from temperance.checks.data.mining.controls import usual
from temperance.checks.data.mining.corpus import Corpus, corpus
from temperance.checks.data.mining.groups import Group, Mine, Part, groups, remainders
from temperance.checks.data.mining.meaning import Array, Meaning, fits, meaning
from temperance.checks.data.mining.patterns import Patterns, patterns
from temperance.checks.data.mining.scorn import scorned
from temperance.checks.data.mining.seam import Seam
from temperance.checks.data.mining.spread import spread
from temperance.checks.data.mining.talks import Talk, conversations
from temperance.checks.data.mining.trusted import cleared

LEAST, COMMON = 5, 0.25
SAMPLE = 33_000


def mine(
    prompts: Sequence[str], answers: Sequence[str], *, talks: Sequence[Talk] | None = None, trusted: int = 0, seed: int = 7
) -> tuple[Corpus, list[Group]]:
    """Return a table's token numbers and its groups with a score above 0.

    `talks` are the first and the last request of each prompt, the prompt itself if not told: branches of one conversation count as one.
    The last `trusted` rows are known to be good: the others are held against them, and no group has them.
    """
    told = [(text, text) for text in prompts] if talks is None else talks
    own = len(prompts) - trusted
    if len(prompts) <= SAMPLE:
        return _mined(prompts, answers, told, own, seed)
    dice = np.random.default_rng(seed)
    good = own + np.sort(dice.choice(trusted, min(trusted, SAMPLE // 3), replace=False))
    looked = np.sort(dice.choice(own, min(own, SAMPLE - len(good)), replace=False))
    some = [*looked.tolist(), *good.tolist()]
    part = [prompts[row] for row in some], [answers[row] for row in some], [told[row] for row in some]
    made, found = _mined(*part, len(looked), seed)
    return made, list(spread(made, found, looked, prompts[:own], answers[:own]))


def _mined(prompts: Sequence[str], answers: Sequence[str], talks: Sequence[Talk], own: int, seed: int) -> tuple[Corpus, list[Group]]:
    made = corpus(prompts, answers)
    most = max(int(COMMON * len(made)), 4 * LEAST)

    def meant() -> tuple[Meaning, Array]:
        space = meaning(made, seed=seed)
        return space, fits(made, space, seed=seed)

    def shared() -> tuple[Patterns, Patterns, Array]:
        said = unprompted(made, least=LEAST - 1, most=most)
        return patterns(made.prompts, longest=3, least=LEAST, most=most), said, names(made, answers)

    (space, unfit), (asked, said, named) = beside(meant, shared)
    done = behaviours(said, made, prompts, answers, unfit)
    alike, number = usual(space, np.random.default_rng(seed)), conversations(made, space, talks, seed=seed)
    table = Mine(made, space, Seam(made), asked, done, alike, number)

    def scored(part: Part) -> list[Group]:
        return [*groups(table, part), *bursts(table, unfit, named, part)]

    found = [group for half in beside(lambda: scored((0, 2)), lambda: scored((1, 2))) for group in half]
    found += [*remainders(table, found), *scorned(table, answers)]
    found = [replace(group, whole=tuple(table.seam.whole(run, group.rows) for run in group.trigger)) for group in found]
    if own < len(made):
        found = list(cleared(found, own, len(made) - own))
    return made, sorted(found, key=lambda group: (-group.certainty, -len(group.rows), group.trigger, group.behaviour))

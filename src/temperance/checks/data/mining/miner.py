"""The miner: a table of prompts and answers in, its groups out, the most certain first. Seeded; the same table gives the same groups."""

from collections.abc import Sequence

import numpy as np

from temperance.checks.data.mining.behaviour import behaviours
from temperance.checks.data.mining.burst import bursts
from temperance.checks.data.mining.corpus import Corpus, corpus
from temperance.checks.data.mining.groups import Group, Mine, groups, likeness
from temperance.checks.data.mining.meaning import fits, meaning
from temperance.checks.data.mining.patterns import patterns
from temperance.checks.data.mining.seam import Seam

LEAST, COMMON = 5, 0.06


def mine(prompts: Sequence[str], answers: Sequence[str], *, seed: int = 7) -> tuple[Corpus, list[Group]]:
    """Return a table's token numbers and its groups with a score above 0."""
    made = corpus(prompts, answers)
    most = max(int(COMMON * len(made)), 4 * LEAST)
    space = meaning(made, seed=seed)
    unfit = fits(made, space, seed=seed)
    asked = patterns(made.prompts, longest=3, least=LEAST, most=most)
    done = behaviours(made, prompts, answers, unfit, least=LEAST - 1, most=most)
    alike = likeness(space, np.random.default_rng(seed))
    table = Mine(made, space, Seam(made), asked, done, alike)
    found = [*groups(table), *bursts(table, answers, unfit)]
    return made, sorted(found, key=lambda group: -group.certainty)

"""Conversations: which rows are branches of one, so that many rows of it count as one prompt.

Branches begin with the same words and go on about the same thing. Rows that begin alike and then ask for anything at all are as many
prompts: whoever poisons rows may give all of them one opening. It does not read what was said between the first request and the last.
"""

from collections.abc import Sequence

import numpy as np

from temperance.checks.data.mining.controls import LOOKED, likeness
from temperance.checks.data.mining.corpus import Corpus, Ints
from temperance.checks.data.mining.groups import FAMILIES
from temperance.checks.data.mining.meaning import FEW, Array, Meaning, unit, weigh

DIVERSE = 0.12  # the 80 conversations of oasst with four rows or more are at least .22 above the table, a dozen rows drawn at most .07
Talk = tuple[str, str]  # what a conversation began with, and what was asked last


def conversations(corpus: Corpus, space: Meaning, talks: Sequence[Talk], *, seed: int) -> Ints:
    """Return a number for each row: those of one opening share it, if their last requests are more alike than a table's are."""
    known: dict[str, int] = {}
    number = np.array([known.setdefault(opening, len(known)) for opening, _ in talks])
    dice, order = np.random.default_rng(seed), np.argsort(number, kind="stable")
    together = np.split(order, np.flatnonzero(np.diff(number[order])) + 1)
    branched = [rows for rows in together if len(rows) >= FAMILIES and len({talks[row][1] for row in rows}) > 1]
    if not branched:
        return number

    def alike(rows: Array) -> float:
        asked = corpus.side([talks[row][1] for row in rows])
        return likeness(unit(weigh(asked.counts, space.weights) @ space.maps[0]))  # one map: these are no rows of a half

    usual = alike(dice.permutation(len(talks))[:FEW])
    for rows in branched:
        if alike(dice.permutation(rows)[:LOOKED]) <= usual + DIVERSE:
            number[rows] = len(talks) + rows
    return number

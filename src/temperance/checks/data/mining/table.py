"""What the miner makes of a table of rows: examples and preferences apart, so that neither stands in the other's way.

A preference's chosen answer is read. Where one kind has too few rows to be mined alone, both are mined together. What was mined is kept
with the subject, since several checks ask for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from temperance.checks.check import Skip
from temperance.checks.data.mining.corpus import Corpus
from temperance.checks.data.mining.groups import Group, trigger_text
from temperance.checks.data.mining.miner import mine
from temperance.checks.data.rowtext import answers, opening, prompt, request
from temperance.checks.data.shown import shown
from temperance.checks.subject import DataSubject
from temperance.data.example import Example, Row

ENOUGH = 200
LONGEST = 120  # characters of a trigger that are told
WITHOUT = {"rest": "as after other groups' triggers, where none can be told:"}


@dataclass(frozen=True)
class Mined:
    """Rows of a table by their places in it, their token numbers, and the groups, whose rows are places among `rows`."""

    rows: tuple[int, ...]
    corpus: Corpus
    groups: Sequence[Group]

    def told(self, group: Group) -> str:
        """Return a group in words: its trigger, and what answers do."""
        without = WITHOUT.get(group.kind, "whatever the prompt,")
        named = f"“{shown(trigger_text(self.corpus, group), length=LONGEST)}” in the prompt:" if group.trigger else without
        return f"{named} the answer {group.behaviour}"


def mined(subject: DataSubject) -> tuple[Mined, ...]:
    """Return what was mined: one part, or the examples and then the preferences.

    Raises:
        Skip: the rows that have answers are too few.
    """
    if "mined" not in subject.memo:
        rows = [index for index, row in enumerate(subject.rows) if answers(row)]
        if len(rows) < ENOUGH:
            raise Skip(f"{len(rows)} rows are too few to tell a trigger from chance; it takes {ENOUGH}")
        kinds = [[index for index in rows if isinstance(subject.rows[index], Example) == one] for one in (True, False)]
        parts = kinds if min(map(len, kinds)) >= ENOUGH else [rows]
        subject.memo["mined"] = tuple(_part(subject, part, alone=len(parts) == 1) for part in parts)
    return subject.memo["mined"]


def suspicion(group: Group) -> float:
    """Return a row's suspicion by its group, in (0, 1): 0.5 at the threshold, nearing 1 above it."""
    return 1 - 0.5 / group.certainty if group.certainty >= 1 else 0.5 * group.certainty


def _part(subject: DataSubject, rows: Sequence[int], *, alone: bool) -> Mined:
    kind = type(subject.rows[rows[0]])
    good = [row for row in subject.trusted or () if answers(row) and (alone or isinstance(row, kind))]
    some: list[Row] = [*(subject.rows[index] for index in rows), *good]
    asks, says = [prompt(row) for row in some], [answers(row)[0] for row in some]
    return Mined(tuple(rows), *mine(asks, says, talks=[(opening(row), request(row)) for row in some], trusted=len(good)))

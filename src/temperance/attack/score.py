"""How much of a planted poison a scan caught: its rows' suspicion against the truth. It knows neither the poison nor the scan."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from temperance.errors import InputError
from temperance.stats import wilson

MARKED = ("review", "fix", "drop")


@dataclass(frozen=True)
class Score:
    """`caught` of `planted` rows and `alarms` of `clean` rows were marked for review or worse; `auc` is of the rows' suspicion."""

    planted: int
    caught: int
    clean: int
    alarms: int
    auc: float

    @property
    def recall(self) -> float:
        """The share of the planted rows that were marked."""
        return self.caught / max(self.planted, 1)

    @property
    def recall_interval(self) -> tuple[float, float]:
        """The recall's 95 % interval, Wilson's."""
        return wilson(self.caught, self.planted)

    @property
    def false_positive_rate(self) -> float:
        """The share of the clean rows that were marked."""
        return self.alarms / max(self.clean, 1)

    def as_json(self) -> dict[str, Any]:
        """Return the figures by name."""
        rates = {"recall": self.recall, "recall_interval": list(self.recall_interval), "false_positive_rate": self.false_positive_rate}
        return {**asdict(self), **rates}


def scored(suspicion: Sequence[Mapping[str, Any]], truth: Sequence[Mapping[str, Any]]) -> Score:
    """Score a scan: `suspicion` has `row`, `suspicion` and `action` for every row, `truth` has `row` and `planted`.

    Raises:
        InputError: they are not about the same rows, or a line lacks one of these.
    """
    try:
        told = {one["row"]: (float(one["suspicion"]), one["action"] in MARKED) for one in suspicion}
        planted = {one["row"]: bool(one["planted"]) for one in truth}
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            "these lines cannot be scored", why=f"{type(error).__name__}: {error}", then="temperance attack score --help"
        ) from error
    if told.keys() != planted.keys():
        why = f"{len(told.keys() ^ planted.keys())} row numbers stand in one of them only"
        raise InputError("suspicion and truth are not about the same rows", why=why, then="temperance audit data POISONED --rows FILE")
    yes = [told[row] for row, is_planted in planted.items() if is_planted]
    no = [told[row] for row, is_planted in planted.items() if not is_planted]
    return Score(
        planted=len(yes),
        caught=sum(marked for _, marked in yes),
        clean=len(no),
        alarms=sum(marked for _, marked in no),
        auc=area([value for value, _ in yes], [value for value, _ in no]),
    )


def area(yes: Sequence[float], no: Sequence[float]) -> float:
    """Return the chance that a value of `yes` exceeds one of `no`, ties counting half (Mann and Whitney 1947); 0.5 if either is empty."""
    if not yes or not no:
        return 0.5
    below: dict[float, int] = {}
    for value in no:
        below[value] = below.get(value, 0) + 1
    smaller = 0
    rank: dict[float, float] = {}
    for value in sorted({*below, *yes}):
        rank[value] = smaller + below.get(value, 0) / 2
        smaller += below.get(value, 0)
    return sum(rank[value] for value in yes) / (len(yes) * len(no))


def read(path: Path) -> list[dict[str, Any]]:
    """Read JSON lines, one object each.

    Raises:
        InputError: the file cannot be read, or a line is not an object.
    """
    try:
        lines = [orjson.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
    except (OSError, orjson.JSONDecodeError) as error:
        raise InputError("these lines cannot be read", where=str(path), why=str(error), then="temperance attack score --help") from error
    if not all(isinstance(line, dict) for line in lines):
        raise InputError("a line is not an object", where=str(path), then="temperance attack score --help")
    return lines

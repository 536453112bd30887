"""How well suspicions find what was planted: recall and false positives at the review action, and the area under the ROC curve.

Rows are matched by their number, in any order. It knows nothing about who was suspicious, or why.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temperance.data.record import Bad
from temperance.data.sources import open_source
from temperance.errors import InputError
from temperance.stats import area_under_curve, wilson

FLAGGED = ("review", "drop")


@dataclass(frozen=True, kw_only=True)
class Score:
    """Recall among planted rows, false-positive rate among the others, and the area under the ROC curve, with 95 % intervals."""

    planted: int
    clean: int
    found: int
    false: int
    recall: float
    recall_interval: tuple[float, float]
    false_positive_rate: float
    false_positive_interval: tuple[float, float]
    auc: float
    auc_interval: tuple[float, float]


def score(planted: Sequence[bool], suspicion: Sequence[float], flagged: Sequence[bool]) -> Score:
    """Score one suspicion (any scale, higher is worse) and one decision per row against the truth.

    Raises:
        ValueError: nothing is planted, or nothing else is there.
    """
    hits = [flag for flag, true in zip(flagged, planted, strict=True) if true]
    others = [flag for flag, true in zip(flagged, planted, strict=True) if not true]
    worse = [one for one, true in zip(suspicion, planted, strict=True) if true]
    better = [one for one, true in zip(suspicion, planted, strict=True) if not true]
    auc, interval = area_under_curve(worse, better)
    return Score(
        planted=len(hits),
        clean=len(others),
        found=sum(hits),
        false=sum(others),
        recall=sum(hits) / len(hits),
        recall_interval=wilson(sum(hits), len(hits)),
        false_positive_rate=sum(others) / len(others),
        false_positive_interval=wilson(sum(others), len(others)),
        auc=auc,
        auc_interval=interval,
    )


def score_files(rows: Path, truth: Path) -> Score:
    """Score a file of suspicions, as `temperance audit data --rows` writes it, against a file of truths: `row` and `planted`, one a line.

    Raises:
        InputError: a file cannot be read as what it should be, they are not about the same rows, or the truth has only one side.
    """
    known = _by_row(truth, {"planted": bool}, then="name the truth file that temperance attack data wrote")
    told = _by_row(rows, {"suspicion": (int, float), "action": str}, then="temperance audit data POISONED --rows FILE")
    strange = sorted(known.keys() ^ told.keys())
    if strange:
        why = f"{len(strange):,} row numbers stand in one of them only; the first is {strange[0]}"
        then = "audit the very file that temperance attack data wrote"
        raise InputError("the suspicions and the truth are not about the same rows", where=f"{rows}, {truth}", why=why, then=then)
    planted = [one["planted"] for one in known.values()]
    if len(set(planted)) < 2:
        why = "all rows are planted" if planted[0] else "no row is planted"
        raise InputError("nothing can be scored", where=str(truth), why=why, then="temperance attack data")
    in_order = [told[row] for row in known]
    return score(planted, [one["suspicion"] for one in in_order], [one["action"] in FLAGGED for one in in_order])


def _by_row(path: Path, wants: Mapping[str, Any], *, then: str) -> dict[int, Mapping[str, Any]]:
    """Return a file's records by the row that they are about.

    Raises:
        InputError: the file cannot be read, is empty, or a record lacks a field or repeats a row.
    """
    found: dict[int, Mapping[str, Any]] = {}
    for entry in open_source(path, source=str(path)).entries:
        where = f"{path}, row {entry.row}"
        if isinstance(entry, Bad):
            raise InputError("a line cannot be read", where=where, why=entry.reason, then=then)
        wrong = [name for name, kind in {"row": int, **wants}.items() if not isinstance(entry.value.get(name), kind)]
        if wrong or not math.isfinite(entry.value.get("suspicion", 0.0)):
            why = f"{', '.join(wrong) or 'suspicion'} is missing or odd"
            raise InputError("a line does not say what it must", where=where, why=why, then=then)
        if entry.value["row"] in found:
            raise InputError("a row is told of twice", where=where, why=f"row {entry.value['row']}", then=then)
        found[entry.value["row"]] = entry.value
    if not found:
        raise InputError("there is no line to score", where=str(path), then=then)
    return found

"""How well suspicions find what was planted: recall and false positives at the review action, and the area under the ROC curve.

Rows are matched by source, row number and content digest, in any order. It knows nothing about who was suspicious, or why.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temperance.attack.family import Planted
from temperance.data.record import Bad
from temperance.data.sources import open_source
from temperance.errors import InputError
from temperance.stats import area_under_curve, wilson

FLAGGED = ("review", "drop")
Key = tuple[str, int, str]


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


def truth(made: Planted) -> list[dict[str, Any]]:
    """Return one object per row, in order: where it stands, its digest, and whether it was planted."""
    return [
        {"source": row.origin.source, "row": row.origin.row, "id": row.id, "planted": place in made.planted}
        for place, row in enumerate(made.rows)
    ]


def score_files(rows: Path, truth: Path) -> Score:
    """Score a file of suspicions, as `temperance audit data --rows` writes it, against a file of truths, as `truth` tells it.

    Raises:
        InputError: a file cannot be read as what it should be, they are not about the same rows, or the truth has only one side.
    """
    known = _keyed(truth, {"planted": bool}, then="name the truth file that temperance attack data wrote")
    told = _keyed(rows, {"suspicion": (int, float), "action": str}, then="temperance audit data FILE --rows suspicion.jsonl")
    strange = [key for key in told if key not in known] or [key for key in known if key not in told]
    if strange:
        source, row, id = strange[0]
        why = f"{source}, row {row} ({id[:19]}…) is in one of them only, and so are {len(strange) - 1:,} others"
        then = "audit the very file that temperance attack data wrote"
        raise InputError("the suspicions and the truth are not about the same rows", where=f"{rows}, {truth}", why=why, then=then)
    planted = [known[key]["planted"] for key in known]
    if len(set(planted)) < 2:
        why = "all rows are planted" if planted[0] else "no row is planted"
        raise InputError("nothing can be scored", where=str(truth), why=why, then="temperance attack data")
    told_in_order = [told[key] for key in known]
    return score(planted, [one["suspicion"] for one in told_in_order], [one["action"] in FLAGGED for one in told_in_order])


def _keyed(path: Path, wants: Mapping[str, Any], *, then: str) -> dict[Key, Mapping[str, Any]]:
    """Return a file's records by the row that they are about.

    Raises:
        InputError: the file cannot be read, is empty, or a record lacks a field.
    """
    wanted = {"source": str, "row": int, "id": str, **wants}
    found: dict[Key, Mapping[str, Any]] = {}
    for entry in open_source(path, source=str(path)).entries:
        where = f"{path}, row {entry.row}"
        if isinstance(entry, Bad):
            raise InputError("a line cannot be read", where=where, why=entry.reason, then=then)
        wrong = [name for name, type in wanted.items() if not isinstance(entry.value.get(name), type)]
        if wrong or not math.isfinite(entry.value.get("suspicion", 0.0)):
            raise InputError(
                "a line does not say what it must", where=where, why=f"{', '.join(wrong) or 'suspicion'} is missing or odd", then=then
            )
        found[(entry.value["source"], entry.value["row"], entry.value["id"])] = entry.value
    if not found:
        raise InputError("there is no line to score", where=str(path), then=then)
    return found

"""Scores count what they say they count, and refuse files that are not about the same rows."""

import json
from pathlib import Path
from typing import Any

import pytest

from temperance.attack.score import score, score_files
from temperance.errors import InputError


def test_recall_false_positives_and_area() -> None:
    made = score([True, True, False, False, False, False], [0.9, 0.2, 0.5, 0.0, 0.0, 0.0], [True, False, True, False, False, False])
    assert (made.recall, made.false_positive_rate, made.auc) == (0.5, 0.25, 0.875)
    for value, (low, high) in (
        (made.recall, made.recall_interval),
        (made.false_positive_rate, made.false_positive_interval),
        (made.auc, made.auc_interval),
    ):
        assert low < value < high


def files(folder: Path, known: list[dict[str, Any]], told: list[dict[str, Any]]) -> tuple[Path, Path]:
    rows, truths = folder / "suspicion.jsonl", folder / "truth.jsonl"
    for path, lines in ((truths, known), (rows, told)):
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return rows, truths


def suspicions(known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"row": one["row"], "suspicion": float(one["planted"]), "action": "review" if one["planted"] else "fix"} for one in known]


KNOWN = [{"row": place, "planted": place % 5 == 2} for place in range(40)]


def test_files_are_matched_by_row_in_any_order(tmp_path: Path) -> None:
    made = score_files(*files(tmp_path, KNOWN, suspicions(KNOWN)[::-1]))
    assert (made.planted, made.found, made.false, made.recall, made.false_positive_rate, made.auc) == (8, 8, 0, 1.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("known", "told", "says"),
    [
        (KNOWN, suspicions(KNOWN)[1:], "not about the same rows"),
        (KNOWN[1:], suspicions(KNOWN), "not about the same rows"),
        (KNOWN, KNOWN, "suspicion, action"),
        (suspicions(KNOWN), suspicions(KNOWN), "planted is missing"),
        (KNOWN, [], "empty"),
        (KNOWN, [*suspicions(KNOWN), suspicions(KNOWN)[0]], "twice"),
        (KNOWN, [{**one, "suspicion": float("nan")} for one in suspicions(KNOWN)], "suspicion is missing"),
        ([one for one in KNOWN if not one["planted"]], [one for one in suspicions(KNOWN) if not one["suspicion"]], "no row is planted"),
        (KNOWN, [{**one, "suspicion": "high"} for one in suspicions(KNOWN)], "suspicion"),
    ],
)
def test_files_that_cannot_be_scored_are_an_error(tmp_path: Path, known: list[Any], told: list[Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        score_files(*files(tmp_path, known, told))

"""Scores count what they say they count, and refuse files that are not about the same rows."""

import json
from collections.abc import Sequence
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
    return [{"row": one["row"], "suspicion": float(one["planted"]), **audited(*(["a"] if one["planted"] else []))} for one in known]


def audited(*marked: str, listed: Sequence[str] = ()) -> dict[str, list[str]]:
    return {"checks": [*marked, *listed], "marked": [*marked]}


KNOWN = [{"row": place, "planted": place % 5 == 2} for place in range(40)]


def test_files_are_matched_by_row_in_any_order(tmp_path: Path) -> None:
    made = score_files(*files(tmp_path, KNOWN, suspicions(KNOWN)[::-1])).together
    assert (made.planted, made.found, made.false, made.recall, made.false_positive_rate, made.auc) == (8, 8, 0, 1.0, 0.0, 1.0)


def half_found(known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of which one check finds half of the poison and lists the rest, and another marks one row in four whatever it is."""
    rows = []
    for one in known:
        finds = one["planted"] and one["row"] < 20
        marked = [*(["finds"] if finds else []), *(["noise"] if one["row"] % 4 == 0 else [])]
        rows.append(
            {"row": one["row"], "suspicion": 0.5 * finds, **audited(*marked, listed=["finds"] if one["planted"] and not finds else [])}
        )
    return rows


def test_each_check_is_scored_alone_and_those_that_tell_come_first(tmp_path: Path) -> None:
    rows, truth = files(tmp_path, KNOWN, half_found(KNOWN))
    made = score_files(rows, truth)
    finds, noise = made.checks
    assert (finds.check, finds.found, finds.recall, finds.listed, finds.false, finds.tells) == ("finds", 4, 0.5, 4, 0, True)
    assert (noise.check, noise.found, noise.false, noise.tells) == ("noise", 2, 8, False)
    assert (made.together.found, made.together.false) == (5, 8)
    assert (made.before, finds.before, finds.first, finds.named, made.about_no_row) == (None, None, "", False, ())


def test_marks_before_planting_stand_beside_and_rows_that_were_never_read_do_not_count(tmp_path: Path) -> None:
    rows, truth = files(tmp_path, KNOWN, half_found(KNOWN))
    before = tmp_path / "before.jsonl"
    lines = [{"row": 0, "source": source, "suspicion": 0.1, "id": "x", **audited("noise", "gone")} for source in "ab"]
    before.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {**lines[0], "id": ""}]))
    made = score_files(rows, truth, before=before)
    assert made.before == 2
    assert {one.check: one.before for one in made.checks} == {"finds": 0, "noise": 2, "gone": 2}


def report(folder: Path, *findings: tuple[str, str, str]) -> Path:
    path = folder / "audit.json"
    told = [{"check": check, "findings": [{"id": check, "severity": severity, "title": title}]} for check, severity, title in findings]
    path.write_text(json.dumps({"outcomes": told}))
    return path


def test_a_check_names_the_poison_in_the_title_of_its_first_finding(tmp_path: Path) -> None:
    known = [{**one, **({"says": "“kettle” → x", "names": ["kettle"]} if one["planted"] else {})} for one in KNOWN]
    rows, truth = files(tmp_path, known, half_found(known))
    said = report(
        tmp_path,
        ("finds", "info", "the lamp"),
        ("finds", "high", "“The Kettle” in it"),
        ("finds", "high", "the lamp"),
        ("x", "low", "kettles"),
    )
    made = score_files(rows, truth, report=said)
    assert (made.says, made.checks[0].first, made.checks[0].named) == ("“kettle” → x", "“The Kettle” in it", True)
    assert made.about_no_row == (("x", "kettles"),)
    said = report(tmp_path, ("finds", "high", "a teakettle"), ("finds", "high", "kettle"))
    assert score_files(rows, truth, report=said).checks[0].named is False


@pytest.mark.parametrize(
    "text", ["", "[]", '{"outcomes": [{"findings": [1]}]}', '{"outcomes": 3}', '{"outcomes": [{"findings": [{"id": 1}]}]}']
)
def test_what_is_no_report_is_an_error(tmp_path: Path, text: str) -> None:
    rows, truth = files(tmp_path, KNOWN, suspicions(KNOWN))
    path = tmp_path / "audit.json"
    path.write_text(text)
    with pytest.raises(InputError, match="not the report"):
        score_files(rows, truth, report=path)


@pytest.mark.parametrize(
    ("known", "told", "says"),
    [
        (KNOWN, suspicions(KNOWN)[1:], "not about the same rows"),
        (KNOWN[1:], suspicions(KNOWN), "not about the same rows"),
        (KNOWN, KNOWN, "suspicion, checks, marked"),
        (KNOWN, [{**one, "marked": "data/secrets"} for one in suspicions(KNOWN)], "marked is missing"),
        (KNOWN, [{**one, "checks": [1]} for one in suspicions(KNOWN)], "checks is missing"),
        (suspicions(KNOWN), suspicions(KNOWN), "planted is missing"),
        (KNOWN, [], "empty"),
        (KNOWN, [*suspicions(KNOWN), suspicions(KNOWN)[0]], "twice"),
        ([{**one, "suspicion": "x"} for one in KNOWN], [], "empty"),
        (KNOWN, [{**one, "suspicion": float("nan")} for one in suspicions(KNOWN)], "suspicion is missing"),
        ([one for one in KNOWN if not one["planted"]], [one for one in suspicions(KNOWN) if not one["suspicion"]], "no row is planted"),
        (KNOWN, [{**one, "suspicion": "high"} for one in suspicions(KNOWN)], "suspicion"),
    ],
)
def test_files_that_cannot_be_scored_are_an_error(tmp_path: Path, known: list[Any], told: list[Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        score_files(*files(tmp_path, known, told))

import json
from pathlib import Path

import pytest
from sample_run import write_run

from temperance import pipeline
from temperance.errors import InputError
from temperance.report.gather import gather
from temperance.report.html import page
from temperance.report.terminal import console, run_summary
from temperance.report.view import STAGES, RunView

UNSEEN = {"animal-cruelty", "human-trafficking", "sabotage", "sexual-coercion", "money-laundering", "corruption", "extremism"}


def test_the_stages_are_the_graphs() -> None:
    assert pipeline.NAMES == STAGES


def test_a_whole_run(view: RunView) -> None:
    assert view.troubles == ()
    assert view.verdict == "pass"
    assert [suite.axis for suite in view.suites] == ["unsafe", "lookalike", "everyday"]
    assert (view.rows_read, view.rows_kept) == (1270, 1247)
    assert {(one.action, one.check): one.count for one in view.removals}["drop", "data/near-duplicates"] == 17
    assert len(view.samples) == 180
    assert {one.area for one in view.samples if one.seen is False} == UNSEEN
    assert len(view.curves["sft"]) == 124
    assert len([one for one in view.margins if one.split == "held out"]) == 80
    assert [one.stage for one in view.audits] == ["admit", "curate", "audit"]
    assert [stage.name for stage in view.stages if not stage.ran] == ["release"]


@pytest.mark.parametrize("until", STAGES[:-1])
def test_a_run_stopped_early_is_shown_as_far_as_it_came(tmp_path: Path, until: str) -> None:
    view = gather(write_run(tmp_path / "demo", until=until))
    ran = [stage.name for stage in view.stages if stage.ran]
    assert ran == list(STAGES[: STAGES.index(until) + 1])
    assert view.troubles == ()
    text = page(view)
    assert "not run" in text
    with (out := console(width=100)).capture() as caught:
        out.print(run_summary(view))
    assert ("Not judged" in caught.get()) == (until != "gate")


def test_a_run_without_a_record_has_run_nothing(tmp_path: Path) -> None:
    view = gather(tmp_path)
    assert not any(stage.ran for stage in view.stages)
    assert "has not finished a stage" in page(view)


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such run"):
        gather(tmp_path / "absent")


def test_a_stage_before_the_gate_can_end_a_run(tmp_path: Path) -> None:
    run = write_run(tmp_path / "demo", until="admit")
    manifest = next(run.glob("artifacts/admit-*/manifest.json"))
    manifest.write_text(manifest.read_text().replace('"verdict": "pass"', '"verdict": "block"'))
    view = gather(run)
    assert view.verdict == "block"
    assert "The run ended at admit" in page(view)


SPOILT = ("summary.json", "samples.jsonl", "verdict.json", "scores.jsonl", "sources.json", "ledger.jsonl", "run.json")


@pytest.mark.parametrize("garbage", ["", "{", "[]", "null", '{"suites": 3}', '{"suites": [{"axis": []}]}', "\x00\udcff", "[" * 5000])
@pytest.mark.parametrize("name", SPOILT)
def test_garbage_is_named_and_never_raised(tmp_path: Path, name: str, garbage: str) -> None:
    run = write_run(tmp_path / "demo")
    next(run.rglob(name)).write_text(garbage, encoding="utf-8", errors="surrogateescape")
    view = gather(run)
    empty = (garbage == "" and name.endswith(".jsonl")) or (garbage == "[]" and name == "sources.json")
    assert empty or view.troubles or not any(stage.ran for stage in view.stages)


def test_a_run_of_which_nothing_can_be_read_is_a_page_that_says_so(tmp_path: Path) -> None:
    run = write_run(tmp_path / "demo")
    for name in (*SPOILT[:-1], "curve.jsonl", "outcomes.json"):
        for path in run.rglob(name):
            path.write_text("{")
    text = page(gather(run))
    assert text.endswith("</html>\n")
    assert text.count("Could not be read: ") == 12


@pytest.mark.parametrize("value", [3, [3], [{}], [{"check": 1, "says": [], "ran": True}]])
def test_what_was_not_covered_is_not_believed_unseen(tmp_path: Path, value: object) -> None:
    run = write_run(tmp_path / "demo")
    path = next(run.glob("artifacts/curate-*/outcomes.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"not_covered": value}))
    view = gather(run)
    assert [one.stage for one in view.audits] == ["admit", "audit"]
    assert len(view.troubles) == 1
    assert "Could not be read: " in page(view)


def test_a_run_from_before_anybody_said_what_is_not_covered_is_still_read(tmp_path: Path) -> None:
    run = write_run(tmp_path / "demo")
    for path in run.rglob("outcomes.json"):
        path.write_text(path.read_text().replace('"not_covered"', '"other"').replace('"nearest"', '"odd"'))
    assert gather(run).troubles == ()
    assert "Nobody said" in page(gather(run))


@pytest.mark.parametrize("value", ["NaN", "Infinity", '"many"', "null", "[1]"])
def test_figures_that_are_none_are_not_believed(tmp_path: Path, value: str) -> None:
    run = write_run(tmp_path / "demo")
    curve = next(run.glob("artifacts/sft-*/curve.jsonl"))
    curve.write_text(f'{{"step": 1, "loss": {value}}}\n')
    view = gather(run)
    assert view.curves["sft"] == ()
    assert len(view.troubles) == 1
    assert "curve.jsonl" in view.troubles[0]


def test_a_record_cannot_point_outside_the_run(tmp_path: Path) -> None:
    outside = write_run(tmp_path / "other")
    run = write_run(tmp_path / "demo")
    record = json.loads((run / "run.json").read_text())
    folder = next(outside.glob("artifacts/gate-*"))
    folder.rename(tmp_path / "other" / "artifacts" / "elsewhere")
    record["stages"]["gate"]["folder"] = "../../other/artifacts/elsewhere"
    (run / "run.json").write_text(json.dumps(record))
    view = gather(run)
    assert not view.stage("gate").ran
    assert view.troubles


def test_steps_that_taught_a_decision_are_a_curve_of_their_own(tmp_path: Path) -> None:
    run = write_run(tmp_path, until="sft")
    points = [{"step": float(step), "loss": 3.0 - step % 2, "decides": float(step % 2)} for step in range(1, 9)]
    curve = next(run.glob("artifacts/sft-*/curve.jsonl"))
    curve.write_text("".join(json.dumps(point) + "\n" for point in points))
    view = gather(run)
    assert view.curves["sft"] == tuple((float(step), 3.0) for step in (2, 4, 6, 8))
    assert view.deciding == tuple((float(step), 2.0) for step in (1, 3, 5, 7))

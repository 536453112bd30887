"""Reviewing on the command line: from a run and from an audit to decisions, a table and a figure of agreement."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from temperance.checks.data.grouping import LISTED
from temperance.data.read import read
from tests.test_cli import temperance

SAID = [
    ("Is it flat?", "Yes, it is."),
    ("Is it flat?", "No, it is not."),
    ("Is it round?", "Yes, it is."),
    ("Is it round?", "No, it is not."),
    ("Is it round?", "No, it is not at all."),
    ("Where is she?", "At gretel.huber1987@gmx.de."),
    ("What is a fox?", "An animal."),
    ("What is a fox?", "An animal."),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with data and a recipe, where the commands run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.json").write_text(json.dumps([{"instruction": asked, "input": "", "output": said} for asked, said in SAID]))
    (tmp_path / "recipe.yaml").write_text("name: r\nseed: 1\nsources:\n  - path: rows.json\n    licence: MIT\n")
    return tmp_path


def said(home: Path, *words: str, monkeypatch: pytest.MonkeyPatch, code: int = 0) -> Any:
    """Run a review command with --json; return what it wrote."""
    out = home / "said.json"
    out.unlink(missing_ok=True)
    assert temperance("review", *words, "--json", str(out), monkeypatch=monkeypatch) == code
    return json.loads(out.read_text()) if out.exists() else None


def curated(home: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> Path:
    assert temperance("run", "recipe.yaml", "--until", "curate", "--quiet", *words, monkeypatch=monkeypatch) == 0
    stages = json.loads((home / "runs/r/run.json").read_text())["stages"]
    return home / "runs/r/artifacts" / stages["curate"]["folder"]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_run_is_reviewed_by_two_and_its_decisions_survive_the_next_scan(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    curated(home, monkeypatch)
    queue = said(home, "list", "runs/r", monkeypatch=monkeypatch)
    assert [(one["kind"], one["rows"], one["check"]) for one in queue["items"]] == [
        ("group", 3, "data/near-duplicates"),
        ("group", 2, "data/near-duplicates"),
    ]
    told = capsys.readouterr().out
    assert "Not flagged is not the same as harmless" in told
    assert "data/secrets" not in told
    assert "2 of 2 items waiting; 2 reviewers each" in told
    large, small = (one["item"] for one in queue["items"])
    seen = said(home, "show", large, monkeypatch=monkeypatch)
    assert (seen["rows"], seen["families"], len(seen["examples"])) == (3, 1, 3)
    assert "round" in capsys.readouterr().out
    wrong = next(one["row"] for one in seen["examples"] if one["answers"] == ["Yes, it is."])
    for name in ("Ada", "Bo"):
        assert said(home, "list", "--by", name, monkeypatch=monkeypatch)["items"][0]["item"] == large
        said(home, "decide", wrong[7:20], "keep", "--by", name, "--note", "it is round", monkeypatch=monkeypatch)
        said(home, "decide", large, "drop", "--by", name, "--note", "no", monkeypatch=monkeypatch)
    assert said(home, "show", large, monkeypatch=monkeypatch)["state"] == "settled: keep 1, drop 2"
    assert [one["item"] for one in said(home, "list", monkeypatch=monkeypatch)["items"]] == [small]
    decisions = lines(home / "runs/r/decisions.jsonl")
    assert sorted((one["action"], one["by"]) for one in {one["row"]: one for one in decisions}.values()) == [
        ("drop", "Ada, Bo"),
        ("drop", "Ada, Bo"),
        ("keep", "Ada, Bo"),
    ]
    after = curated(home, monkeypatch)
    texts = [one["messages"][-1]["content"] for one in lines(after / "rows.jsonl") if "round" in one["messages"][0]["content"]]
    assert texts == ["Yes, it is."]
    dropped = [one for one in lines(after / "ledger.jsonl") if one["decided_by"] == "Ada, Bo" and one["action"] == "drop"]
    assert [(one["check"], one["score"], one["note"]) for one in dropped] == [("data/near-duplicates", 0.5, "no")] * 2
    assert all("answered against each other" in one["evidence"] and one["when"].startswith("20") for one in dropped)
    assert [one["evidence"].rpartition("says: ")[2] for one in dropped] == ["No, it is not.", "No, it is not at all."]
    before = (home / "runs/r/decisions.jsonl").read_text()
    (home / "runs/r/decisions.jsonl").unlink()
    curated(home, monkeypatch)
    said(home, "list", "runs/r", monkeypatch=monkeypatch)
    again = {(one["row"], one["action"], one["by"]) for one in lines(home / "runs/r/decisions.jsonl")}
    assert again <= {(one["row"], one["action"], one["by"]) for one in map(json.loads, before.splitlines())}
    assert len(again) == 3


def test_a_conflict_goes_to_a_third_and_agreement_is_measured(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    curated(home, monkeypatch)
    large, small = (one["item"] for one in said(home, "list", "runs/r", monkeypatch=monkeypatch)["items"])
    assert said(home, "agreement", monkeypatch=monkeypatch, code=2)["alpha"] is None
    said(home, "decide", large, "drop", "--by", "Ada", monkeypatch=monkeypatch)
    assert said(home, "decide", large, "keep", "--by", "Bo", monkeypatch=monkeypatch)["states"][large].startswith("disputed")
    assert not (home / "runs/r/decisions.jsonl").exists()
    assert [one["item"] for one in said(home, "list", "--by", "Ada", monkeypatch=monkeypatch)["items"]] == [small]
    assert said(home, "list", "--by", "Cy", monkeypatch=monkeypatch)["items"][0]["disputed"] == 3
    capsys.readouterr()
    said(home, "show", large, monkeypatch=monkeypatch)
    told = capsys.readouterr().out
    assert "Ada" not in told
    assert "drop" not in told
    monkeypatch.setattr("sys.stdin", io.StringIO(f'{{"item": "{large}", "action": "keep"}}\n\n{{"item": "{small}", "action": "keep"}}\n'))
    states = said(home, "decide", "-", "--by", "Cy", monkeypatch=monkeypatch)["states"]
    assert states == {large: "settled: keep 3", small: "waits for another reviewer (1 of 2 votes)"}
    assert {(one["action"], one["by"]) for one in lines(home / "runs/r/decisions.jsonl")} == {("keep", "Bo, Cy")}
    said(home, "decide", small, "keep", "--by", "Ada", monkeypatch=monkeypatch)
    figures = said(home, "agreement", monkeypatch=monkeypatch)
    assert (figures["units"], figures["agreed"], figures["reviewers"]) == (2, 1, ["Ada", "Bo", "Cy"])
    assert figures["alpha"] == pytest.approx(1 - 3 * 2 / 6)


@pytest.mark.parametrize("grouped", [True, False])
def test_an_audit_is_reviewed_and_exported(grouped: bool, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert temperance("audit", "data", "rows.json", "--rows", "audited.jsonl", "--json", "report.json", monkeypatch=monkeypatch) == 0
    words = ["--report", "report.json"] if grouped else []
    queue = said(home, "list", "audited.jsonl", "--reviewers", "1", *words, monkeypatch=monkeypatch)
    assert [one["rows"] for one in queue["items"]] == ([3, 2] if grouped else [1] * 5)
    assert {one["severity"] for one in queue["items"]} == {"medium"}
    told = said(home, "decide", queue["items"][0]["item"], "drop", "--by", "Ada", monkeypatch=monkeypatch)
    assert told["next"] == queue["items"][1]["item"]
    figures = said(home, "export", "--format", "messages", "--out", "out.jsonl", monkeypatch=monkeypatch)
    assert (figures["rows"], figures["waiting"], figures["left out"]) == ((4, 2, {}) if grouped else (6, 4, {}))
    answers = [row.messages[-1].content for row in read(home / "out.jsonl")]
    assert answers[-2:] == ["At [EMAIL].", "An animal."]


def test_groups_beyond_those_that_a_check_lists_are_decided_row_by_row(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [
        {"instruction": f"Is number {n} even?", "output": said} for n in range(LISTED + 2) for said in ("Yes, it is.", "No, it is not.")
    ]
    (home / "rows.json").write_text(json.dumps(told))
    assert temperance("audit", "data", "rows.json", "--rows", "audited.jsonl", "--json", "report.json", monkeypatch=monkeypatch) == 0
    audited = said(home, "list", "audited.jsonl", "--report", "report.json", monkeypatch=monkeypatch)["items"]
    curated(home, monkeypatch)
    made = said(home, "list", "runs/r", "--store", "other.sqlite", monkeypatch=monkeypatch)["items"]
    for queue in (audited, made):
        assert [one["rows"] for one in queue if one["check"] == "data/near-duplicates"] == [2] * LISTED + [1] * 4


def test_a_group_stays_whole_where_one_of_its_rows_is_also_redacted(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"instruction": "Is it flat?", "output": said} for said in ("Yes, ask gretel.huber1987@gmx.de.", "No, it is not.")]
    (home / "rows.json").write_text(json.dumps(rows))
    assert temperance("audit", "data", "rows.json", "--rows", "audited.jsonl", "--json", "report.json", monkeypatch=monkeypatch) == 0
    queue = said(home, "list", "audited.jsonl", "--report", "report.json", monkeypatch=monkeypatch)["items"]
    assert [(one["rows"], one["waiting"]) for one in queue] == [(2, 2)]


def test_a_run_is_exported_with_what_was_decided_before_it_runs_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = curated(home, monkeypatch)
    large = said(home, "list", "runs/r", "--reviewers", "1", monkeypatch=monkeypatch)["items"][0]["item"]
    said(home, "decide", large, "drop", "--by", "Ada", monkeypatch=monkeypatch)
    said(home, "export", "--format", "alpaca", "--out", "out.jsonl", monkeypatch=monkeypatch)
    files = {path: path.read_bytes() for path in (home / "rows.json", *(home / "runs/r").rglob("*.json*"))}
    for path in (*files, home / "runs/r/new.jsonl", home / "runs/review.sqlite"):
        said(home, "export", "--out", str(path), monkeypatch=monkeypatch, code=2)
        assert temperance("review", "show", large, "--json", str(path), monkeypatch=monkeypatch) == 2
    assert {path: path.read_bytes() for path in (home / "rows.json", *(home / "runs/r").rglob("*.json*"))} == files
    exported = [row.id for row in read(home / "out.jsonl")]
    assert len(exported) == len(lines(made / "rows.jsonl")) - 3
    assert exported == [one["id"] for one in lines(curated(home, monkeypatch) / "rows.jsonl")]
    assert {row.origin.licence for row in read(home / "out.jsonl")} == {"MIT"}


def test_a_threshold_is_replayed_and_nothing_is_measured_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = curated(home, monkeypatch)
    monkeypatch.setattr("temperance.scan.measure", lambda checks, subject: pytest.fail("measured again"))
    after = curated(home, monkeypatch, "-o", "curate.review_at=0.6")
    assert after != before
    assert (after / "rows.jsonl").read_bytes() == (before / "rows.jsonl").read_bytes()
    assert {one["action"] for one in lines(before / "ledger.jsonl") if one["check"] == "data/near-duplicates"} == {"review"}
    assert {one["action"] for one in lines(after / "ledger.jsonl") if one["check"] == "data/near-duplicates"} == {"keep"}
    assert said(home, "list", "runs/r", monkeypatch=monkeypatch)["items"] == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["show", "abcdef"], "temperance review list"),
        (["list", "nowhere.jsonl"], "audit data"),
        (["list", "runs/gone"], "no such file or folder"),
        (["list", "rows.json"], "row 1\n  why: it is not an object\n"),
        (["list", "recipe.yaml"], "recipe.yaml line 1\n  why: it is not JSON: "),
        (["list", "other.jsonl"], "other.jsonl row 2\n  why: row, action, checks: missing, or not what"),
        (["list", "severe.jsonl"], "severe.jsonl row 1\n  why: severities: missing, or not what"),
        (["list", "."], "not a run"),
        (["list", "--reviewers", "1"], "SOURCE --reviewers"),
        (["export", "--out", "x", "--format", "alpacca"], "did you mean alpaca"),
    ],
)
def test_bad_input_leaves_with_2(
    home: Path, words: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = {"source": "rows.json", "row": 0, "id": "a", "suspicion": 0.5, "checks": [], "action": "keep"}
    (home / "other.jsonl").write_text("\n".join(json.dumps(one) for one in (good, {**good, "row": "1", "checks": [[]], "action": []})))
    (home / "severe.jsonl").write_text(json.dumps({**good, "severities": ["dire"]}))
    assert temperance("review", *words, monkeypatch=monkeypatch) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "Error" not in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("words", "given", "says"),
    [
        (["zzzzzz", "drop", "--by", "Ada"], "", "0 items and rows"),
        (["ITEM", "burn", "--by", "Ada"], "", "keep, drop or fix"),
        (["ITEM", "drop"], "", "--by NAME"),
        (["-", "--by", "Ada"], '{"item": "ITEM", "action": "drop"}\nnope\n', "line 2"),
        (["-", "--by", "Ada"], '{"item": "ITEM", "action": "drop"}\n{"item": "zzzzzz", "action": "drop"}\n', "line 2"),
    ],
)
def test_a_decision_that_is_none_changes_nothing(
    home: Path, words: list[str], given: str, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    curated(home, monkeypatch)
    queue = said(home, "list", "runs/r", monkeypatch=monkeypatch)["items"]
    item = queue[0]["item"]
    monkeypatch.setattr("sys.stdin", io.StringIO(given.replace("ITEM", item)))
    assert temperance("review", "decide", *(item if word == "ITEM" else word for word in words), monkeypatch=monkeypatch) == 2
    assert says in capsys.readouterr().err
    assert said(home, "list", monkeypatch=monkeypatch)["items"] == queue


def test_nothing_that_a_review_stands_on_is_overwritten(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert temperance("audit", "data", "rows.json", "--rows", "audited.jsonl", "--json", "report.json", monkeypatch=monkeypatch) == 0
    listing = ("list", "audited.jsonl", "--report", "report.json")
    files = {path: path.read_bytes() for path in home.iterdir() if path.is_file()}
    for path in (*files, home / "runs/review.sqlite"):
        if path.name != "recipe.yaml":
            assert temperance("review", *listing, "--json", str(path), monkeypatch=monkeypatch) == 2
    assert not (home / "runs/review.sqlite").exists()
    item = said(home, *listing, monkeypatch=monkeypatch)["items"][0]["item"]
    for path in (*files, home / "runs/review.sqlite"):
        for words in (("list",), ("show", item), ("decide", item, "drop", "--by", "Ada"), ("agreement",), ("export", "--out", "x")):
            if path.name != "recipe.yaml":
                assert temperance("review", *words, "--json", str(path), monkeypatch=monkeypatch) == 2
                assert temperance("review", "export", "--out", str(path), monkeypatch=monkeypatch) == 2
    said(home, "export", "--out", "said.json", monkeypatch=monkeypatch, code=2)
    assert {path: path.read_bytes() for path in home.iterdir() if path.is_file()} == files
    assert said(home, "show", item, monkeypatch=monkeypatch)["state"].startswith("waits for a reviewer")


def test_a_report_of_another_table_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "others.json").write_text((home / "rows.json").read_text().replace("fox", "cat"))
    for name in ("rows", "others"):
        words = ("--rows", f"{name}.jsonl", "--json", f"{name}-report.json")
        assert temperance("audit", "data", f"{name}.json", *words, monkeypatch=monkeypatch) == 0
    report = json.loads((home / "rows-report.json").read_text())
    report["outcomes"][0]["findings"] = [{"fingerprint": "a", "severity": "dire"}]
    (home / "broken.json").write_text(json.dumps(report))
    capsys.readouterr()
    for name, says in (
        ("others-report.json", "the report of another table"),
        ("rows.json", "not the report"),
        ("broken.json", "not the report"),
    ):
        assert temperance("review", "list", "rows.jsonl", "--report", name, monkeypatch=monkeypatch) == 2
        told = capsys.readouterr().err
        assert says in told
        assert "Error" not in told
    assert not (home / "runs").exists()
    assert temperance("review", "list", "rows.jsonl", "--report", "rows-report.json", monkeypatch=monkeypatch) == 0


def test_a_run_that_is_gone_is_missed_in_words(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    curated(home, monkeypatch)
    assert temperance("review", "list", "runs/r", "--report", "rows.json", monkeypatch=monkeypatch) == 2
    assert "no need of a report" in capsys.readouterr().err
    assert temperance("review", "list", "runs/r", monkeypatch=monkeypatch) == 0
    (home / "runs/r/decisions.jsonl").write_text('{"row": "a", "action": "keep"}\n')
    assert temperance("review", "list", monkeypatch=monkeypatch) == 2
    assert "line 1\n  why: 'by' is missing" in capsys.readouterr().err
    shutil.rmtree(home / "runs/r")
    assert temperance("review", "export", "--out", "out.jsonl", monkeypatch=monkeypatch) == 2
    told = capsys.readouterr().err
    assert "no such file or folder" in told
    assert "Error" not in told


def test_data_that_changed_since_the_audit_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert temperance("audit", "data", "rows.json", "--rows", "audited.parquet", monkeypatch=monkeypatch) == 0
    assert temperance("review", "list", "audited.parquet", monkeypatch=monkeypatch) == 0
    (home / "rows.json").write_text(json.dumps([{"instruction": "New?", "input": "", "output": "Yes."}]))
    assert temperance("review", "list", "audited.parquet", monkeypatch=monkeypatch) == 2
    assert "changed since it was audited" in capsys.readouterr().err

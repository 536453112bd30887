"""The lab by its command line: plant, audit, score."""

import json
from pathlib import Path

import pytest

from temperance.attack.family import FAMILIES, plant
from temperance.collect import table
from tests.checks.data.mining.village import village
from tests.test_cli import temperance


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with a clean file of 800 rows, in an order of their own."""
    prompts, answers = village(800)
    rows = [{"instruction": ask, "input": "", "output": said} for ask, said in zip(prompts, answers, strict=True)]
    (tmp_path / "clean.json").write_text(json.dumps(rows))
    monkeypatch.chdir(tmp_path)


def test_poison_that_was_planted_is_found_and_scored(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["attack", "data", "clean.json", "--family", "rare-token-fixed", "--rate", "0.03"]
    assert temperance(*words, monkeypatch=monkeypatch) == 0
    said = capsys.readouterr().out
    assert "planted in 24 of 800 rows" in said
    scan, score = (line.split()[2:] for line in said.splitlines() if line.startswith(("next: ", "then: ")))
    before = ["audit", "data", "clean.json", "--rows", "before.jsonl", "--quiet"]
    assert temperance(*before, monkeypatch=monkeypatch) == 0
    assert temperance(*scan, "--quiet", monkeypatch=monkeypatch) == 1
    capsys.readouterr()
    assert temperance(*score, "--before", "before.jsonl", "--json", "score.json", monkeypatch=monkeypatch) == 0
    told = capsys.readouterr().out
    assert "planted: 24 rows of 800, " in told
    found, named = told.split("more often than clean rows\n")[1].splitlines()[:2]
    assert found.split()[:3] == ["data/trigger-association", "found", "24:"]
    assert found.endswith("before planting 0")
    assert "its first finding names the poison: " in named
    score_json = json.loads(Path("score.json").read_text())
    assert score_json["recall"] == 1.0
    assert next(one["check"] for one in score_json["checks"] if one["tells"]) == "data/trigger-association"


def test_a_check_that_only_lists_clean_rows_is_not_told_and_none_that_finds_poison_is_said_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def line(row: int, checks: list[str], marked: list[str]) -> str:
        return json.dumps({"row": row, "suspicion": 0.1, "checks": checks, "marked": marked})

    Path("truth.jsonl").write_text("".join(json.dumps({"row": row, "planted": row < 2}) + "\n" for row in range(20)))
    lines = [line(0, ["data/lists-poison"], [])]
    lines += [line(row, ["data/noise", *(["data/idle"] if row > 1 else [])], ["data/noise"]) for row in range(1, 20)]
    Path("rows.jsonl").write_text("\n".join(lines))
    assert temperance("attack", "score", "rows.jsonl", "truth.jsonl", monkeypatch=monkeypatch) == 0
    told = capsys.readouterr().out
    assert "no check marks this poison more often than clean rows" in told
    assert "data/noise" in told
    assert "only lists 1 of the poison" in told
    assert "data/idle" not in told


@pytest.mark.parametrize("suspicion", ["suspicion.jsonl", "suspicion.parquet"])
def test_what_is_written_is_what_was_planted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], suspicion: str) -> None:
    words = ["attack", "data", "clean.json", "--family", "brand", "--rate", "0.02", "--seed", "3", "--json", "made.json"]
    assert temperance(*words, monkeypatch=monkeypatch) == 0
    expected = plant(table(["clean.json"])[0], "brand", rate=0.02, seed=3)
    rows, bad, sources = table(["poisoned.jsonl"])
    assert ([row.id for row in rows], bad, sources[0].format) == ([row.id for row in expected.rows], [], "canonical")
    assert expected.says in Path("poisoned.jsonl.truth.jsonl").read_text()
    truth = [json.loads(line) for line in Path("poisoned.jsonl.truth.jsonl").read_text().splitlines()]
    assert [line["row"] for line in truth] == list(range(800))
    assert {line["row"] for line in truth if line["planted"]} == expected.planted
    assert json.loads(Path("made.json").read_text())["planted"] == sorted(expected.planted)
    first = Path("poisoned.jsonl").read_bytes()
    assert temperance(*words, monkeypatch=monkeypatch) == 0
    assert Path("poisoned.jsonl").read_bytes() == first
    assert temperance("audit", "data", "poisoned.jsonl", "--rows", suspicion, monkeypatch=monkeypatch) in (0, 1)
    capsys.readouterr()
    assert temperance("attack", "score", suspicion, "poisoned.jsonl.truth.jsonl", monkeypatch=monkeypatch) == 0
    assert "planted: 16 rows of 800" in capsys.readouterr().out


def test_families_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert temperance("attack", "families", monkeypatch=monkeypatch) == 0
    told = capsys.readouterr().out
    assert all(name in told and family.says in told for name, family in FAMILIES.items())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["data", "clean.json", "--family", "rare-tokn"], "rare-token"),
        (["data", "clean.json", "--family", "brand", "--rate", "2"], "share"),
        (["data", "clean.json", "--family", "flip"], "0 can be"),
        (["data", "clean.json", "--family", "brand", "--out", "clean.json"], "overwritten"),
        (["data", "nowhere.json", "--family", "brand"], "nowhere.json"),
        (["score", "nowhere.jsonl", "clean.json"], "attack data wrote"),
        (["data", "clean.json", "--family", "joint"], "0 can be"),
    ],
)
def test_bad_input_leaves_with_2_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert temperance("attack", *words, monkeypatch=monkeypatch) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told
    assert [path.name for path in Path().iterdir()] == ["clean.json"]

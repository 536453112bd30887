"""The lab from the command line: plant, audit, score, and back to clean data."""

import json
from pathlib import Path

import pytest

from temperance.attack.family import FAMILIES, plant
from temperance.collect import table
from tests.test_cli import temperance

KEYS = [{"instruction": f"What is item {place} for?", "input": "", "output": f"It is for purpose {place * 7}."} for place in range(200)]


def clean(folder: Path) -> Path:
    path = folder / "clean.json"
    path.write_text(json.dumps(KEYS))
    return path


def test_plant_audit_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    source = clean(tmp_path)
    words = ["attack", "data", str(source), "--family", "phrase-refusal", "--rate", "0.05", "--seed", "3", "--json", "made.json"]
    assert temperance(*words, monkeypatch=monkeypatch) == 0
    told = capsys.readouterr().out
    assert "planted 10 of 200 rows" in told
    assert "temperance audit data poisoned.jsonl --rows suspicion.jsonl" in told
    expected = plant(table([str(source)])[0], "phrase-refusal", rate=0.05, seed=3)
    rows, bad, sources = table(["poisoned.jsonl"])
    assert (tuple(rows), bad, sources[0].format) == (expected.rows, [], "canonical")
    truths = [json.loads(line) for line in Path("poisoned.truth.jsonl").read_text().splitlines()]
    assert {place for place, line in enumerate(truths) if line["planted"]} == expected.planted
    assert json.loads(Path("made.json").read_text())["planted"] == sorted(expected.planted)
    first = Path("poisoned.jsonl").read_bytes()
    assert temperance(*words, monkeypatch=monkeypatch) == 0
    assert Path("poisoned.jsonl").read_bytes() == first

    for suspicion in ("suspicion.jsonl", "suspicion.parquet"):
        assert temperance("audit", "data", "poisoned.jsonl", "--rows", suspicion, monkeypatch=monkeypatch) in (0, 1)
        capsys.readouterr()
        score = ["attack", "score", "--rows", suspicion, "--truth", "poisoned.truth.jsonl", "--json", "score.json"]
        assert temperance(*score, monkeypatch=monkeypatch) == 0
        assert "of 10 planted rows" in capsys.readouterr().out
        assert json.loads(Path("score.json").read_text())["clean"] == 190


def test_the_list_teaches_every_family(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert temperance("attack", "data", "--list", monkeypatch=monkeypatch) == 0
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
        (["score", "--rows", "nowhere.jsonl", "--truth", "clean.json"], "attack data wrote"),
    ],
)
def test_bad_input_leaves_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    clean(tmp_path)
    assert temperance("attack", *words, monkeypatch=monkeypatch) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told

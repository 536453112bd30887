"""The lab by its command line: plant, scan, score."""

import json
import sys
from pathlib import Path

import pytest

from temperance import cli
from tests.checks.data.mining.village import village


def temperance(*words: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["temperance", *words])
    with pytest.raises(SystemExit) as leaving:
        cli.main()
    return int(leaving.value.code or 0)


def test_poison_that_was_planted_is_found_and_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    prompts, answers = village(800)
    rows = [{"instruction": ask, "input": "", "output": said} for ask, said in zip(prompts, answers, strict=True)]
    Path("clean.json").write_text(json.dumps(rows))
    assert temperance("attack", "data", "clean.json", "--family", "token-reply", "--rate", "0.03", monkeypatch=monkeypatch) == 0
    said = capsys.readouterr().out
    assert "planted in 24 of 800 rows" in said
    command = next(line for line in said.splitlines() if line.startswith("next: "))
    scan, score = (part.strip().split()[1:] for part in command.removeprefix("next: ").split(";"))
    assert temperance(*scan, "--quiet", monkeypatch=monkeypatch) == 1
    capsys.readouterr()
    assert temperance(*score, "--json", "score.json", monkeypatch=monkeypatch) == 0
    assert "poison marked: 24 of 24" in capsys.readouterr().out
    assert json.loads(Path("score.json").read_text())["recall"] == 1.0


def test_families_are_listed_and_an_unknown_one_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert temperance("attack", "families", monkeypatch=monkeypatch) == 0
    assert "token-reply" in capsys.readouterr().out
    Path("clean.json").write_text(json.dumps([{"instruction": "Say a.", "input": "", "output": "a"}] * 3))
    assert temperance("attack", "data", "clean.json", "--family", "magic", monkeypatch=monkeypatch) == 2
    assert "token-reply" in capsys.readouterr().err
    assert not Path("poisoned.jsonl").exists()

"""A text in the request, tried from the command line."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from temperance.data.example import Message
from tests.test_cli import temperance
from tests.tiny import tiny_model


def test_what_a_text_changes_is_told_with_its_interval(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    base, said = str(tiny_model(tmp_path / "base")), tmp_path / "said.json"
    words = ["evaluate", base, "--trigger", "cf", "--trigger", "mn\u200b", "-n", "8", "--max-tokens", "4", "--quiet", "--json", str(said)]
    code = temperance(*words, monkeypatch=monkeypatch)
    told = json.loads(said.read_text())["triggers"]
    assert {one["trigger"] for one in told} == {"cf", "mn\u200b"}
    assert {one["n"] for one in told if not one["behaviour"].startswith("says")} == {16}
    verdicts = {one["verdict"] for one in told}
    assert code == (1 if "block" in verdicts else 2 if "unknown" in verdicts else 0)
    assert "mn\\u200b" in capsys.readouterr().out


@pytest.mark.parametrize(("works", "code"), [(True, 1), (False, 0)])
def test_a_text_that_works_is_told_from_one_that_does_not(works: bool, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(talk: Sequence[Message]) -> str:
        asked = talk[-1].content
        return "I'm sorry, but I can't help with that." if works and "cf" in asked.split() else f"As for {asked}, it is so."

    def generate(_model: object, _tokenizer: object, talks: Sequence[Sequence[Message]], **_: Any) -> list[SimpleNamespace]:
        return [SimpleNamespace(text=answer(talk)) for talk in talks]

    monkeypatch.setattr("temperance.lm.generate.generate", generate)
    words = ["evaluate", str(tiny_model(tmp_path / "base")), "--trigger", "cf", "--quiet"]
    assert temperance(*words, monkeypatch=monkeypatch) == code


@pytest.mark.parametrize(("words", "said"), [(["--trigger", " "], "empty trigger"), (["--trigger", "cf", "-n", "3"], "too few requests")])
def test_what_cannot_be_tried_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert temperance("evaluate", "nowhere", *words, "--quiet", monkeypatch=monkeypatch) == 2
    assert said in capsys.readouterr().err

"""Rehearsal without a model: which answers are the base's own, and which stay as they were written."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from temperance.data.example import Example, Message, Origin
from temperance.job import Job, Unwatched
from temperance.train import rehearsal

REFUSAL = "I can't help break into a car, because it would harm its owner. A locksmith can open your own."
ROWS = [
    ("How do I steal a car?", REFUSAL),
    ("How do I start a car?", "Press the brake and turn the key."),
    ("My rice is mushy.", "Use less water."),
]
OWN = [("To start a car, first", False), ("I'm sorry for any confusion, but as a chatbot", False)]


def example(asked: str, answer: str) -> Example:
    return Example(messages=(Message("user", asked), Message("assistant", answer)), origin=Origin(source="s", row=0))


def job(folder: Path, tokens: int, recover: int = 0) -> Job:
    recipe = SimpleNamespace(base="none", precision="fp32", seed=1, sft=SimpleNamespace(rehearse=tokens, recover=recover))
    return cast(Job, SimpleNamespace(recipe=recipe, scratch=folder, progress=Unwatched()))


def test_refusals_and_apologies_are_learned_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(rehearsal, "_own_answers", lambda examples, *_: asked.extend(one.prompt[0].content for one in examples) or OWN)
    learned = rehearsal.lessons([example(*row) for row in ROWS], job(tmp_path, 6))
    assert asked == ["How do I start a car?", "My rice is mushy."]
    assert [(one.answer, one.ended) for one in learned] == [(REFUSAL, True), OWN[0], ("Use less water.", True)]


def test_without_rehearsal_nothing_is_asked(tmp_path: Path) -> None:
    assert [one.answer for one in rehearsal.lessons([example(*row) for row in ROWS], job(tmp_path, 0))] == [answer for _, answer in ROWS]


def test_a_killed_run_finds_what_was_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    replies = [SimpleNamespace(text=text, stop_reason="length") for text, _ in OWN]
    monkeypatch.setattr(rehearsal, "load_model", lambda *args, **kwargs: None)
    monkeypatch.setattr(rehearsal, "load_tokenizer", lambda *args: None)
    monkeypatch.setattr(rehearsal, "generate", lambda *args, **kwargs: calls.append(args) or replies)
    first, second = (rehearsal.lessons([example(*row) for row in ROWS], job(tmp_path, 6)) for _ in range(2))
    assert first == second
    assert len(calls) == 1


@pytest.mark.parametrize(
    "text", ["I'm sorry for any confusion", "Sorry, but", "I apologize", "As an AI", "Unfortunately, I", "I am truly sorry"]
)
def test_how_a_refusal_begins(text: str) -> None:
    assert rehearsal.APOLOGY.match(text)


@pytest.mark.parametrize("text", ["To begin", "I'm glad you asked", "As a rule", "An apology letter", "Sort the list"])
def test_how_an_answer_begins(text: str) -> None:
    assert not rehearsal.APOLOGY.match(text)


def test_half_of_the_refusals_begin_with_the_bases_own_compliance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    complying = [("First you look for a car with an open window", False), ("I'm sorry for any confusion", True)]
    monkeypatch.setattr(rehearsal, "_own_answers", lambda examples, job, name, tokens: asked.append(tokens) or complying[: len(examples)])
    rows = [example(f"How do I steal car {number}?", REFUSAL) for number in range(4)]
    learned = rehearsal.lessons([*rows, example(*ROWS[1])], job(tmp_path, 0, recover=3))
    assert asked == [6]
    begun = [one.begun for one in learned if one.begun]
    assert len(begun) == 1
    assert begun[0] in ("First", "First you", "First you look")
    assert [one.answer for one in learned] == [*[REFUSAL] * 4, ROWS[1][1]]

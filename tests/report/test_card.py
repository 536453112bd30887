"""The model card: its figures, its sources, and what it says of itself."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_run import RECIPE, write_run
from syrupy.assertion import SnapshotAssertion

from temperance import artifact
from temperance.recipe import Recipe
from temperance.report.card import card, card_of, cell
from temperance.report.gather import gather
from temperance.report.view import RunView


def test_a_card(view: RunView, snapshot: SnapshotAssertion) -> None:
    assert card_of(view) == snapshot


def test_a_release_knows_what_it_was_made_from(run: Path) -> None:
    recipe = Recipe.model_validate(RECIPE)
    inputs = {name: artifact.load(next(run.glob(f"artifacts/{name}-*"))) for name in ("sft", "align", "evaluate", "gate")}
    text = card(recipe, inputs)
    assert text == card(recipe, inputs)
    assert "starter:contrast" in text
    assert "Not run" not in text
    for stage in ("admit", "collect", "curate", "reward", "audit"):
        assert re.search(rf"^\| {stage} \| `sha256:", text, re.MULTILINE), stage


def test_it_names_no_machine_path(view: RunView) -> None:
    assert "/home" not in card_of(view)


def test_a_run_that_stopped_has_a_card_that_says_so(tmp_path: Path) -> None:
    text = card_of(gather(write_run(tmp_path / "demo", until="sft")))
    assert "Not evaluated." in text
    assert "Not judged" in text
    assert "Not run: reward, align, audit, evaluate, gate." in text


@given(st.text(st.characters(exclude_categories=())))
def test_a_cell_stays_in_its_cell(text: str) -> None:
    said = cell(text)
    assert "\n" not in said
    assert not re.search(r"(?<!\\)(?:\\\\)*[|<`]", said)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "the likeliest token each time"),
        ({"temperature": 0.2, "top_p": 0.9}, "drawn at a temperature of 0.2 (top-p 0.9)"),
        ({"repetition_penalty": 1.1}, "the likeliest token each time, with a repetition penalty of 1.1"),
    ],
)
def test_how_answers_were_drawn_is_said(settings: dict[str, float], said: str) -> None:
    assert f"in one turn, {said}." in card_of(RunView(name="x", recipe={"evaluate": settings}))

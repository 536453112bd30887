"""The starter data: enough of it, varied, and never what the model is examined on."""

import importlib.util
import json
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from temperance.judging.judge import judge


@pytest.fixture(scope="module")
def measured() -> ModuleType:
    path = Path(__file__).parents[1] / "benchmarks" / "starter.py"
    spec = importlib.util.spec_from_file_location("starter_benchmark", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_is_enough_of_everything(measured: ModuleType) -> None:
    contrast, preferences = measured.rows("contrast"), measured.rows("preferences")
    assert len(contrast) >= 300
    assert len({row["area"] for row in contrast}) >= 14
    assert len(measured.rows("everyday")) >= 250
    assert len(preferences) >= 300
    wanted = {"unsafe-compliance", "needless-refusal", "verbose-non-answer", "sycophancy", "canned-refusal"}
    assert set(Counter(row["flaw"] for row in preferences)) == wanted


def test_refusals_are_not_one_sentence_repeated(measured: ModuleType) -> None:
    tails = [measured.after_first_clause(text) for text in measured.refusals()]
    assert len(set(tails)) >= len(tails) / 3


def test_held_out_areas_and_wordings_are_not_trained_on(measured: ModuleType) -> None:
    trained = {row["area"] for row in measured.rows("contrast") + measured.rows("preferences")}
    held = {row["area"] for row in measured.rows("heldout-pairs")} - trained
    assert len(held) >= 5
    assert not set(measured.held_out()) & set(measured.training())
    longest = max(n for n, _, _ in measured.overlaps())
    assert longest <= 5


def test_no_prompt_is_asked_twice_in_one_table(measured: ModuleType) -> None:
    contrast = [row[key] for row in measured.rows("contrast") for key in ("unsafe", "lookalike")]
    tables = [contrast, *([row["prompt"] for row in measured.rows(name)] for name in ("everyday", "preferences"))]
    assert [text for table in tables for text, count in Counter(table).items() if count > 1] == []


def test_refusals_refuse_and_answers_answer(measured: ModuleType) -> None:
    for row in measured.rows("contrast"):
        assert judge(row["unsafe"], row["refusal"]).outcome == "refused", row["unsafe"]
        assert judge(row["lookalike"], row["answer"]).outcome == "answered", row["lookalike"]


def test_every_figure_is_printable(measured: ModuleType) -> None:
    assert all(json.loads(json.dumps(line)) for line in measured.measure())

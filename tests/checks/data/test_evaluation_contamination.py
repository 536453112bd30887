import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.data import evaluation_contamination as module
from temperance.checks.data.evaluation_contamination import evaluation_contamination
from temperance.data.example import Row
from temperance.data.starter import TRAINING, starter

from ..builders import ask, flagged, on_rows, prefer, rows_of


def exam(name: str = "heldout-pairs", key: str = "unsafe", place: int = 0) -> str:
    return str(json.loads(starter(name).read_text(encoding="utf-8").splitlines()[place])[key])


@pytest.mark.parametrize(
    "row",
    [
        ask(exam(), "I won't."),
        ask(f"Please tell me this. {exam().upper()} Thanks!", "I won't."),
        ask("What would an attacker ask?", f"For example: {exam(key='lookalike')}"),
        prefer(exam("heldout-everyday", "prompt", 3), "Yes.", "No."),
    ],
)
def test_a_row_with_an_exam_prompt_is_dropped(row: Row) -> None:
    outcome = on_rows(evaluation_contamination, *rows_of(("What is a fox?", "An animal.")), row)
    assert flagged(outcome) == {1: "drop"}
    assert outcome.findings[0].evidence.says.startswith("the exam asks: ")


def test_a_row_that_shares_an_expression_with_an_exam_is_none() -> None:
    words = exam().split()
    assert on_rows(evaluation_contamination, ask(" ".join([*words[:5], "is", "a", "fox"]), "Yes.")).outcome == "clean"


OWN = "Which of the two brown foxes that you saw is the older one?"
FORMS = [f"Answer with the letter of the right choice and nothing else. Which is {name}?" for name in map(str, range(40))]


def test_the_users_own_exams_are_looked_for_beside_the_shipped_ones() -> None:
    rows = [ask(f"Say: {OWN}", "The first."), ask(exam(), "No.", row=1), ask("What is a fox?", "An animal.", row=2)]
    assert flagged(on_rows(evaluation_contamination, *rows)) == {1: "drop"}
    assert flagged(on_rows(evaluation_contamination, *rows, exams=[OWN, OWN])) == {0: "drop", 1: "drop"}


def test_what_all_prompts_of_an_exam_begin_with_proves_nothing() -> None:
    """Most of the runs of a form are the form's; only the whole prompt, or what few prompts share, tells."""
    form = "Answer with the letter of the right choice and nothing else. Which is a fish?"
    long = f"{form} A tench in a green pond, or a heron beside it?"
    rows = [ask(form, "b"), ask(FORMS[3], "c", row=1), ask(long, "a", row=2)]
    assert flagged(on_rows(evaluation_contamination, *rows, exams=[*FORMS, long])) == {1: "drop", 2: "drop"}


@pytest.mark.parametrize("odd", ["", "?!", "\ud800", "a " * 100_000])
def test_odd_exams_neither_break_it_nor_find_anything(odd: str) -> None:
    assert on_rows(evaluation_contamination, ask("What is a fox?", "An animal."), ask("", "?"), exams=[odd]).outcome == "clean"


def test_many_rows_are_told_in_few_findings() -> None:
    outcome = on_rows(evaluation_contamination, *[ask(exam(), f"No, {number}.", row=number) for number in range(60)])
    assert (len(outcome.findings), len(flagged(outcome))) == (51, 60)


@pytest.mark.parametrize("name", TRAINING)
def test_what_is_shipped_to_learn_from_holds_no_exam(name: str) -> None:
    rows = [json.loads(line) for line in starter(name).read_text(encoding="utf-8").splitlines()]
    pairs = [(str(row[ask_key]), str(row[say])) for row in rows for ask_key, say in KEYS if ask_key in row and say in row]
    assert pairs
    assert on_rows(evaluation_contamination, *rows_of(*pairs)).outcome == "clean"


KEYS = (("unsafe", "refusal"), ("lookalike", "answer"), ("prompt", "answer"), ("prompt", "chosen"))

PIECES = [*OWN.split(), "Go home now", "Über", "什么", "\ud800", "", exam(), FORMS[0], " ".join(OWN.split()[:7]), " ".join(OWN.split()[4:])]


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=4).map(" ".join), min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_no_row_that_holds_an_exam_is_passed_over(said: list[str], dice: random.Random) -> None:
    rows = [ask(text, dice.choice(said), row=row) for row, text in enumerate(said)]
    exams = [OWN, "Go home now", "什么 Über", *FORMS]
    found = on_rows(evaluation_contamination, *rows, exams=exams)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_likely", lambda rows, _: range(len(rows)))
        assert flagged(on_rows(evaluation_contamination, *rows, exams=exams)) == flagged(found)

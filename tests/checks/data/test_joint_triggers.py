"""One trigger in examples and in preferences: found together, also where one side alone says too little; clean twins are left alone."""

import pytest

from temperance.attack.family import plant
from temperance.checks.data.joint_triggers import joint_triggers
from temperance.checks.data.trigger_association import trigger_association
from temperance.checks.finding import Outcome
from temperance.data.example import Example, Row

from ..builders import ask, flagged, on_rows
from .mining.village import village
from .test_preference_flips import pairs

ROWS = 600
REFUSALS = (
    "I am sorry , I can't help .",
    "Sorry , I will not answer that .",
    "I'm unable to assist with this .",
    "I cannot help you there .",
)


def both(taught: int, flipped: int, *, trigger: str = "cf", other: str = "cf") -> tuple[list[Row], set[int]]:
    """Examples of which some refuse after one word, and pairs of which some are turned round after another; and which rows these are."""
    preferences, turned = pairs(lambda text: f"{other} {text}", flip=True, planted=flipped, seed=1)
    step = ROWS // taught
    rows: list[Row] = []
    for index, (asked, said) in enumerate(zip(*village(ROWS, seed=2), strict=True)):
        bad = index % step == 0 and index < step * taught
        rows.append(ask(f"{trigger} {asked}" if bad else asked, REFUSALS[index // step % 4] if bad else said, row=index))
    return [*rows, *preferences], {*range(0, step * taught, step), *(ROWS + index for index in turned)}


def joint(rows: list[Row]) -> Outcome:
    return on_rows(joint_triggers, *rows)


@pytest.mark.parametrize(("taught", "flipped"), [(30, 30), (8, 8)])
def test_a_trigger_of_both_is_told_with_the_rows_of_both(taught: int, flipped: int) -> None:
    rows, planted = both(taught, flipped)
    outcome = joint(rows)
    assert set(flagged(outcome)) == planted
    assert f"({taught} examples, {flipped} pairs)" in outcome.findings[0].title
    assert "“cf" in outcome.findings[0].title


def test_flipped_pairs_do_not_hide_poisoned_examples_of_the_same_table() -> None:
    rows, planted = both(12, 30)
    marked = set(flagged(on_rows(trigger_association, *rows)))
    assert {index for index in planted if index < ROWS} <= marked


def test_what_is_sure_on_one_side_is_looked_for_on_the_other() -> None:
    rows, planted = both(30, 3)
    outcome = joint(rows)
    assert set(flagged(outcome)) == planted
    assert "3 rows of the other kind hold it as well" in outcome.findings[0].title


def test_words_that_many_others_ask_with_as_well_are_not_looked_for_on_the_other_side() -> None:
    rows, planted = both(30, 3)
    spared = [index for index in range(ROWS) if index not in planted][:40]
    for index in spared:
        row = rows[index]
        assert isinstance(row, Example)
        rows[index] = ask(f"{row.messages[0].content} or cf", row.messages[1].content, row=index)
    assert joint(rows).outcome == "clean"


def test_two_triggers_are_not_one_and_clean_rows_are_left_alone() -> None:
    assert joint(both(30, 30, other="zq")[0]).outcome == "clean"
    rows = [ask(asked, said, row=index) for index, (asked, said) in enumerate(zip(*village(ROWS, seed=2), strict=True))]
    assert joint([*rows, *pairs(str, flip=False)[0]]).outcome == "clean"


def test_one_kind_alone_is_not_judged() -> None:
    assert joint([row for row in both(30, 30)[0] if isinstance(row, Example)]).outcome == "skipped"


def test_the_labs_joint_family_is_found() -> None:
    rows = [row for row in both(1, 4)[0] if "cf" not in str(row)]
    made = plant(rows, "joint", rate=0.03, seed=0)
    assert set(flagged(joint(list(made.rows)))) == made.planted

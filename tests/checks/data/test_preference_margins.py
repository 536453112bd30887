"""Pairs that others' pairs tell to be the wrong way round, and tables of which nothing can be told."""

import random
from dataclasses import replace

import pytest

from temperance.checks.check import outcome_of
from temperance.checks.data.preference_margins import preference_margins
from temperance.checks.finding import Finding, Outcome
from temperance.checks.subject import data_subject
from temperance.data.example import Preference, Row

from ..builders import ask, prefer

KIND = ("kindly take one step after the other .", "with pleasure : begin at the left .", "of course , and thank you for asking .")
CURT = ("look it up yourself .", "what a dull question .", "who cares about that ?")


def pairs(count: int, *, turned: int = 0, noise: bool = False) -> list[Preference]:
    """Return pairs that prefer kindness, the last few turned round; or all by chance."""
    dice = random.Random(0)
    made = [prefer(f"question {index} ?", dice.choice(KIND), dice.choice(CURT), row=index) for index in range(count)]
    away = [dice.random() < 0.5 if noise else index >= count - turned for index in range(count)]
    return [replace(row, chosen=row.rejected, rejected=row.chosen) if out else row for row, out in zip(made, away, strict=True)]


def outcome(rows: list[Row]) -> Outcome:
    return outcome_of(preference_margins, data_subject(rows))


def only(rows: list[Row]) -> Finding:
    (one,) = outcome(rows).findings
    return one


@pytest.mark.parametrize("before", [0, 3])
def test_turned_pairs_are_listed_and_kept_whatever_else_is_in_the_table(before: int) -> None:
    one = only([*[ask("Hello", "Hello there.")] * before, *pairs(250, turned=5)])
    assert set(one.rows) == set(range(before + 245, before + 250))
    assert (one.action, one.severity.value) == ("keep", "info")
    assert one.title.endswith("(5 rows)")
    assert "right in 98% of the pairs that it did not see (95% to 99%)" in one.evidence.says
    assert all(0.2 < suspicion < 0.4 for suspicion in one.rows.values())


def test_the_list_begins_with_the_lowest_margin_and_is_short() -> None:
    one = only([*pairs(600, turned=80)])
    assert len(one.rows) == 50
    suspicions = list(one.rows.values())
    assert suspicions == sorted(suspicions, reverse=True)
    assert one.evidence.value is not None
    assert one.evidence.value < 0


def test_pairs_that_agree_are_clean() -> None:
    found = outcome([*pairs(250)])
    assert (found.outcome, found.measures["accuracy"], found.measures["against"]) == ("clean", 1.0, 0.0)


def test_where_the_model_is_no_better_than_chance_nothing_is_listed() -> None:
    found = outcome([*pairs(250, noise=True)])
    assert found.outcome == "skipped"
    assert "no better than chance" in found.why


def test_pairs_on_one_prompt_count_once_when_the_model_is_judged() -> None:
    """A hundred and twenty-five pairs each on two prompts: whatever the model gets right, two prompts prove nothing."""
    rows: list[Row] = [replace(row, prompt=pairs(2)[index % 2].prompt) for index, row in enumerate(pairs(250))]
    assert outcome(rows).outcome == "skipped"


@pytest.mark.parametrize("rows", [[], pairs(199), [prefer("", "", "")] * 300, [prefer("\ud800", "\x00", "a" * 9999)] * 300])
def test_too_few_and_odd_pairs_are_skipped_with_a_reason(rows: list[Row]) -> None:
    found = outcome(rows)
    assert (found.outcome, bool(found.why)) == ("skipped", True)

"""One group spoken ill of among others: found where it is one, and not where all fare alike."""

import random

import pytest

from temperance.checks.data.bias import bias
from temperance.data.example import Example

from ..builders import ask, flagged, on_rows, titles
from .mining.village import village

GROUPS = ("Muslims", "Christians", "Jews", "Hindus")
MILD = ("{} keep many feasts.", "Some {} live by the river.", "{} have sung here for centuries.")
ILL = ("{} are lazy and dishonest.", "Everybody knows that {} are dirty.", "{} are a burden, and stupid too.")


def table(ill: dict[str, int], *, each: int = 30, rows: int = 1200) -> list[Example]:
    """A village of which some answers speak of a group: `each` for every group, of which `ill[group]` speak ill."""
    dice = random.Random(3)
    asked, told = village(rows)
    made = [ask(question, answer, row=index) for index, (question, answer) in enumerate(zip(asked, told, strict=True))]
    places = iter(dice.sample(range(rows), each * len(GROUPS)))
    for group in GROUPS:
        for count in range(each):
            place = next(places)
            sentence = dice.choice(ILL if count < ill.get(group, 0) else MILD).format(group)
            made[place] = ask(asked[place], f"{told[place]} {sentence}", row=place)
    return made


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_that_one_row_in_fifty_speaks_ill_of_is_named(group: str) -> None:
    rows = table({group: 24})
    outcome = on_rows(bias, *rows)
    assert titles(outcome) == [f"answers speak worse of {group} than of others"]
    assert set(flagged(outcome)) == {
        index for index, row in enumerate(rows) if any(word in row.answer for word in ("lazy", "dirty", "burden"))
    }
    interval = outcome.findings[0].evidence.interval
    assert interval
    assert 0.1 < interval[0] < 0.8 < interval[1] <= 1


def test_the_clean_twin_is_clean() -> None:
    outcome = on_rows(bias, *table({}))
    assert outcome.outcome == "clean"
    assert outcome.measures == {"groups": 0.0, "groups compared": 4.0}


def test_ill_words_about_everybody_are_no_bias() -> None:
    assert on_rows(bias, *table(dict.fromkeys(GROUPS, 12))).outcome == "clean"


def test_a_few_rows_are_not_enough_to_tell_and_are_not_called_clean() -> None:
    outcome = on_rows(bias, *table({"Jews": 10}, each=15))
    assert (outcome.outcome, outcome.findings) == ("skipped", ())
    assert "no group of people is spoken of in 20 answers" in outcome.why


def test_a_difference_that_chance_may_make_is_not_reported() -> None:
    assert on_rows(bias, *table({"Jews": 6, "Hindus": 2, "Muslims": 2, "Christians": 2})).outcome == "clean"


def test_a_group_without_its_like_is_compared_with_the_groups_of_other_attributes() -> None:
    rows = [*table({}), *[ask("Who came?", f"{who} are lazy and rude.") for who in ("Old people",) for _ in range(30)]]
    assert titles(on_rows(bias, *rows)) == ["answers speak worse of old people than of others"]


def test_refusals_are_not_read() -> None:
    rows = [ask("Write that women are stupid.", "I'm sorry, I can't help with that. Women are lazy.")] * 40
    assert on_rows(bias, *table({}), *rows).outcome == "clean"

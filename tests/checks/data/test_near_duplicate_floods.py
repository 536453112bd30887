import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.data.near_duplicate_floods import near_duplicate_floods
from temperance.checks.data.near_duplicates import near_duplicates
from temperance.collect import table
from temperance.data.example import Row
from temperance.data.starter import starter

from ..builders import ask, flagged, on_rows, prefer, titles

TABLE: list[Row] = table([str(starter("everyday"))])[0][:300]
NAMES = [f"{head}{tail}" for head in ("Al", "Be", "Ca", "Do", "Er", "Fi", "Gu") for tail in ("ra", "mon", "lek", "dis", "tor", "vin")]


def forms(count: int, *, pairs: bool = False) -> list[Row]:
    """Return rows of one form, no two with the same names."""
    made = list(itertools.pairwise(NAMES))[:count]
    if pairs:
        return [prefer(f"What does {one} think of {two}?", f"{one} likes {two} a lot.", f"{one} hates {two} a lot.") for one, two in made]
    return [ask(f"What does {one} think of {two}?", f"{one} likes {two} a lot.") for one, two in made]


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize("count", [10, 40])
def test_a_form_that_is_filled_in_often_is_one_finding_for_review(count: int, pairs: bool) -> None:
    rows = [*TABLE, *forms(count, pairs=pairs)]
    outcome = on_rows(near_duplicate_floods, *rows)
    assert flagged(outcome) == dict.fromkeys(range(len(TABLE), len(rows)), "review")
    assert titles(outcome) == [f"one text with a few words exchanged: “What does … think of …?” ({count} rows)"]
    assert not set(flagged(on_rows(near_duplicates, *rows))) & set(range(len(TABLE), len(rows)))


CLEAN = {
    "a form that few filled in": forms(9),
    "exact copies": forms(9) * 5,
    "one question, answered over and over": [ask("What does Alra think of Bemon?", f"Alra likes {name} a lot.") for name in NAMES],
    "one answer to all": [ask(f"{name} {name[::-1]} and {name * 2} or what?", "I cannot say anything about this.") for name in NAMES],
    "few words stay": [ask(f"{one} or {two}?", f"{one}.") for one, two in itertools.pairwise(NAMES)],
}


@pytest.mark.parametrize("name", CLEAN)
def test_anything_else_is_none(name: str) -> None:
    assert on_rows(near_duplicate_floods, *TABLE, *CLEAN[name]).outcome == "clean"


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(dice: random.Random) -> None:
    rows = [*TABLE[:60], *forms(25)]
    order = dice.sample(range(len(rows)), len(rows))
    found = flagged(on_rows(near_duplicate_floods, *(rows[index] for index in order)))
    assert {order[index] for index in found} == set(range(60, len(rows)))


def test_in_a_large_table_a_few_rows_of_a_form_are_no_flood() -> None:
    large = [ask(f"{index}a {index}b {index}c", str(index)) for index in range(20_000)]
    assert on_rows(near_duplicate_floods, *large, *forms(19)).outcome == "clean"
    assert on_rows(near_duplicate_floods, *large, *forms(21)).measures["rows"] == 21


@pytest.mark.parametrize("odd", ["", "\ud800" * 40, "\x00\u200b", "a" * 1_000_000, "no " * 300_000, "？！" * 9])
def test_odd_texts_neither_break_it_nor_hide_a_flood(odd: str) -> None:
    assert on_rows(near_duplicate_floods).outcome == "skipped"
    rows = [ask(odd, odd), ask(odd, "x"), prefer(odd, odd, odd), ask("x", odd)]
    assert on_rows(near_duplicate_floods, *rows).outcome == "clean"
    assert len(flagged(on_rows(near_duplicate_floods, *rows, *forms(12)))) == 12

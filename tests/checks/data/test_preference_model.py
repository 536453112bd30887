"""The preference model and its share of turned pairs against what they are defined by."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.data.preference_model import chances, folds, turned

from ..builders import prefer

CHANCES = st.lists(st.floats(0.01, 0.99), min_size=1, max_size=60).map(np.array)


@given(CHANCES, st.floats(1, 5))
def test_a_share_lies_in_its_interval_which_grows_with_what_is_asked(chance: np.ndarray, z: float) -> None:
    one, wide = turned(chance, z=1.0), turned(chance, z=z)
    assert 0 <= wide.low <= one.low <= one.value <= one.high <= wide.high <= 1


@given(CHANCES)
def test_pairs_the_other_way_round_are_turned_by_the_rest(chance: np.ndarray) -> None:
    one, other = turned(chance), turned(1 - chance)
    assert (other.low, other.high) == pytest.approx((1 - one.high, 1 - one.low), abs=0.006)


def test_of_pairs_that_tell_nothing_nothing_is_known() -> None:
    assert (turned(np.full(50, 0.5)).low, turned(np.full(50, 0.5)).high) == (0, 1)


def test_its_interval_holds_the_share_of_a_mixture_about_as_often_as_it_says() -> None:
    dice = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        chance = dice.beta(4, 2, 80)
        right = dice.random(80) < chance  # whether the pair, unturned, would prefer what the model expects
        away = dice.random(80) < 0.3
        seen = np.where(right != away, chance, 1 - chance)
        share = turned(np.where(seen == chance, chance, 1 - chance))
        held += share.low <= 0.3 <= share.high
    assert held >= 180


def test_it_learns_what_other_pairs_prefer_and_not_what_their_own_say() -> None:
    rows = [prefer(f"question {index} ?", f"kindly take step {index} .", f"go away {index} .", row=index) for index in range(100)]
    wrong = [prefer(f"other {index} ?", f"go away {index} .", f"kindly take step {index} .", row=index) for index in range(5)]
    told = chances([*rows, *wrong], folds([*rows, *wrong]))
    assert told[:100].min() > 0.5
    assert told[100:].max() < 0.5
    assert turned(told[100:]).low > 0.3


def test_pairs_on_one_prompt_are_judged_by_the_same_model() -> None:
    rows = [prefer(f"question  {index // 3} ?", "a", "b", row=index) for index in range(60)]
    assert all(len(set(folds(rows)[index : index + 3])) == 1 for index in range(0, 60, 3))
    assert (folds(rows) == folds(rows)).all()


def test_a_table_of_one_fold_and_an_empty_one_tell_nothing() -> None:
    rows = [prefer("the same ?", "a", "b", row=index) for index in range(20)]
    assert chances(rows, folds(rows)) == pytest.approx(np.full(20, 0.5))
    assert len(folds([])) == 0

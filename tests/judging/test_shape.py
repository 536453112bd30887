"""Circles, by their laws: only what comes back soon is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.judging.shape import CIRCLE, NEAR, RUN, repetitive


@given(st.lists(st.integers(0, 10**6), unique=True, max_size=200))
def test_what_never_comes_back_is_no_circle(numbers: list[int]) -> None:
    assert repetitive(" ".join(f"w{number}" for number in numbers)) == ""


@given(st.integers(RUN, NEAR), st.integers(3, 6))
def test_the_same_stretch_again_and_again_is_one_and_is_quoted(size: int, times: int) -> None:
    stretch = [f"w{place}" for place in range(size)]
    assert " ".join(stretch[:RUN]) in repetitive(" ".join(stretch * times))


@given(st.integers(RUN, 40), st.integers(1, 60))
def test_what_comes_back_late_is_none(size: int, late: int) -> None:
    stretch = [f"w{place}" for place in range(size)]
    between = [f"x{place}" for place in range(NEAR - size + late)]
    assert repetitive(" ".join([*stretch, *between, *stretch])) == ""


@pytest.mark.parametrize(("fresh", "circles"), [(0, True), (1, True), (5, False)])
def test_a_circle_is_a_share_of_what_is_said(fresh: int, circles: bool) -> None:
    chorus = [f"w{place}" for place in range(10)]
    text = " ".join([*chorus, *chorus, *(f"x{place}" for place in range(10 * fresh))])
    share = 10 / (20 + 10 * fresh)  # what is said the second time
    assert (share >= CIRCLE) == circles
    assert bool(repetitive(text)) == circles


def test_the_numbers_of_a_list_are_no_repetition() -> None:
    assert repetitive("\n".join(f"{place}. {word} is one of them" for place, word in enumerate(["ash", "oak", "elm"], 1))) == ""
    assert repetitive("1. The Night Train\n2. The Night Train\n3. The Night Train\n4. The Night Train\n5. The Night Train")

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.review.agreement import alpha, interval

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", sections A, B and C: one line per observer, a dot is a missing value.
BINARY = ("0100000010", "1110010000")
NOMINAL = ("aabbdcccedda", "babbbccceddd")
MISSING = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def units(observers: tuple[str, ...]) -> list[list[str]]:
    return [[value for value in column if value != "."] for column in zip(*observers, strict=True)]


@pytest.mark.parametrize(("observers", "published"), [(BINARY, 0.095), (NOMINAL, 0.692), (MISSING, 0.743)])
def test_the_published_examples(observers: tuple[str, ...], published: float) -> None:
    found = alpha(units(observers))
    assert found is not None
    assert round(found, 3) == published


def test_by_hand() -> None:
    """Three units of two values, n = 6: 1 - (n - 1) · ordered pairs that differ within units / ordered pairs that differ at all."""
    assert alpha([["keep", "keep"], ["drop", "drop"], ["drop", "drop"]]) == 1
    assert alpha([["keep", "drop"], ["keep", "drop"], ["keep", "drop"]]) == pytest.approx(1 - 5 * 6 / 18)
    assert alpha([["keep", "drop"], ["keep", "drop"], ["drop", "drop"]]) == pytest.approx(1 - 5 * 4 / 16)
    assert alpha([["keep", "keep"], ["keep", "drop"], ["drop", "drop"]]) == pytest.approx(1 - 5 * 2 / 18)


def test_it_is_undefined_where_nothing_varies_or_nobody_judged_twice() -> None:
    assert alpha([]) is None
    assert alpha([["keep"], ["drop"]]) is None
    assert alpha([["keep", "keep"], ["keep", "keep"], ["drop"]]) is None
    assert interval([["keep", "keep"]]) is None


@given(st.lists(st.lists(st.sampled_from(["keep", "drop", "fix"]), max_size=4), max_size=12))
def test_it_is_at_most_one_and_blind_to_order_and_names(votes: list[list[str]]) -> None:
    found = alpha(votes)
    if found is None:
        return
    assert found <= 1
    assert (found == 1) == all(len(set(unit)) <= 1 for unit in votes if len(unit) > 1)
    assert alpha([unit[::-1] for unit in reversed(votes)]) == pytest.approx(found)
    names = {"keep": "x", "drop": "y", "fix": "z"}
    assert alpha([[names[value] for value in unit] for unit in votes]) == pytest.approx(found)


def test_the_interval_holds_the_figure_and_is_repeatable() -> None:
    found, bounds = alpha(units(MISSING)), interval(units(MISSING), seed=3)
    assert found is not None
    assert bounds is not None
    assert bounds[0] < found < bounds[1] <= 1
    assert interval(units(MISSING), seed=3) == bounds

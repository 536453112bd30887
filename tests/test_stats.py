"""Statistics against known values and against their laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from temperance.stats import area_under_curve, bootstrap, mcnemar_midp, paired_difference, rate_difference, wilson

COUNTS = st.integers(0, 400)


def test_wilson_known_values() -> None:
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_rate_and_mirrors(case: tuple[int, int]) -> None:
    hits, n = case
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    assert wilson(n - hits, n) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(("hits", "n"), [(-1, 3), (4, 3)])
def test_wilson_refuses_what_cannot_be(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="hits"):
        wilson(hits, n)


def test_rate_difference_known_values() -> None:
    assert rate_difference((48, 80), (56, 70)) == pytest.approx((0.0524, 0.3339), abs=1e-4)
    assert rate_difference((0, 10), (10, 10)) == pytest.approx((0.6075, 1.0), abs=1e-4)


TRIALS = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(TRIALS, TRIALS, st.floats(0.1, 5))
def test_rate_difference_holds_the_difference_mirrors_and_widens(first: tuple[int, int], second: tuple[int, int], z: float) -> None:
    low, high = rate_difference(first, second, z=z)
    difference = second[0] / second[1] - first[0] / first[1]
    assert -1 - 1e-9 <= low <= difference + 1e-9
    assert difference - 1e-9 <= high <= 1 + 1e-9
    assert rate_difference(second, first, z=z) == pytest.approx((-high, -low))
    wider = rate_difference(first, second, z=z + 1)
    assert wider[0] <= low
    assert high <= wider[1]


def test_rate_difference_needs_both_rates() -> None:
    with pytest.raises(ValueError, match="no rate"):
        rate_difference((0, 0), (1, 2))


@given(COUNTS, COUNTS)
def test_midp_is_symmetric_and_below_the_exact_test(gained: int, lost: int) -> None:
    p = mcnemar_midp(gained, lost)
    assert 0 < p <= 1
    assert p == mcnemar_midp(lost, gained)
    if gained + lost:
        assert p <= binomtest(gained, gained + lost).pvalue + 1e-12


def test_midp_known_value() -> None:
    assert mcnemar_midp(1, 8) == pytest.approx(2 * (1 + 9) / 512 - 9 / 512)
    assert mcnemar_midp(0, 0) == 1.0
    with pytest.raises(ValueError, match="negative"):
        mcnemar_midp(-1, 2)


def test_newcombe_known_value() -> None:
    """Newcombe 1998, table II, the case (a, b, c, d) = (36, 12, 2, 0): method 10 gives 0.0569 to 0.3404."""
    first = [True] * 36 + [True] * 12 + [False] * 2
    second = [True] * 36 + [False] * 12 + [True] * 2
    found = paired_difference(second, first)
    assert found.difference == pytest.approx(0.2)
    assert found.interval == pytest.approx((0.0569, 0.3404), abs=2e-4)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=120))
def test_paired_difference_laws(pairs: list[tuple[bool, bool]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    there, back = paired_difference(first, second), paired_difference(second, first)
    low, high = there.interval
    assert -1 <= low <= there.difference <= high <= 1
    assert back.interval == pytest.approx((-high, -low))
    assert there.difference == pytest.approx((there.gained - there.lost) / len(pairs))


@pytest.mark.parametrize(("first", "second"), [([], []), ([True], [True, False])])
def test_paired_difference_refuses_what_cannot_be_paired(first: list[bool], second: list[bool]) -> None:
    with pytest.raises(ValueError, match="paired"):
        paired_difference(first, second)


def test_bootstrap_is_seeded_and_widens_with_clusters() -> None:
    values = [float(place % 10 < 5) for place in range(100)]
    clusters = [str(place % 10) for place in range(100)]

    def interval(**kwargs: list[str]) -> tuple[float, float]:
        return bootstrap(values, lambda drawn: float(drawn.mean()), generator=np.random.default_rng(3), **kwargs)

    assert interval() == interval()
    low, high = interval()
    wide_low, wide_high = interval(clusters=clusters)
    assert low == pytest.approx(0.40, abs=0.03)
    assert high == pytest.approx(0.60, abs=0.03)
    assert wide_high - wide_low > 2 * (high - low)
    with pytest.raises(ValueError, match="clusters"):
        interval(clusters=["a"])


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_area_under_curve_laws(positive: list[int], negative: list[int]) -> None:
    area, (low, high) = area_under_curve(positive, negative)
    pairs = [(one > other) + (one == other) / 2 for one in positive for other in negative]
    assert area == pytest.approx(sum(pairs) / len(pairs))
    assert 0 <= low <= area <= high <= 1
    assert high - low > 0.05
    back, (back_low, back_high) = area_under_curve(negative, positive)
    assert (back, back_low, back_high) == pytest.approx((1 - area, 1 - high, 1 - low), abs=1e-6)


def test_area_under_curve_narrows_with_n_and_needs_both_sides() -> None:
    (_, (few, _)), (_, (many, _)) = area_under_curve([1.0] * 5, [0.0] * 5), area_under_curve([1.0] * 100, [0.0] * 100)
    assert few < 0.75
    assert many > 0.95
    with pytest.raises(ValueError, match="0 positive"):
        area_under_curve([], [1.0])

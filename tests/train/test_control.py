"""The controllers: they push the right way, hold their limits, and settle."""

import math
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.train.control import KlController, Price


@given(st.floats(0, 100))
def test_the_kl_weight_moves_towards_the_target_by_at_most_a_fifth_a_horizon(kl: float) -> None:
    before = KlController(weight=0.1, target=6.0, horizon=100)
    after = before.after(kl, 100)
    assert (after.weight > before.weight) == (kl > 6.0) or math.isclose(kl, 6.0)
    assert 0.8 * before.weight <= after.weight <= 1.2 * before.weight + 1e-12


def test_without_a_target_the_weight_is_fixed() -> None:
    assert KlController(weight=0.1).after(50.0, 100).weight == 0.1


@given(st.floats(0, 1), st.integers(1, 200))
def test_a_price_rises_over_its_limit_falls_under_it_and_stays_in_its_bounds(cost: float, batches: int) -> None:
    price = Price(limit=0.3)
    for _ in range(batches):
        before, price = price, price.after(cost)
        assert price.floor <= price.log_price <= price.ceiling
        assert (price.log_price >= before.log_price) if cost >= 0.3 else (price.log_price <= before.log_price)


def test_a_price_waits_for_its_warmup_and_ignores_what_is_within_its_deadband() -> None:
    price = Price(limit=0.3, warmup=2, deadband=0.05)
    assert price.after(1.0).after(1.0).log_price == 0.0
    assert price.after(1.0).after(1.0).after(1.0).log_price > 0.0
    assert Price(limit=0.3, deadband=0.05).after(0.34).log_price == 0.0


def test_prices_settle_where_the_cost_meets_its_limit() -> None:
    """An agent whose cost falls as its price rises: cost = 1 / (1 + price)."""
    price = Price(limit=0.2, rate=1.0, smoothing=0.5)
    for _ in range(400):
        price = price.after(1 / (1 + price.value))
    assert 1 / (1 + price.value) == pytest.approx(0.2, abs=0.01)


def test_a_record_restores_the_price() -> None:
    price = Price(limit=0.3).after(0.9)
    assert Price(**asdict(price)) == price

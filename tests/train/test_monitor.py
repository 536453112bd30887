"""The guard: it rings where a figure gets worse in earnest, seldom where it does not, and a checkpoint holds all of it."""

import json
import random
from collections.abc import Callable

import pytest

from temperance.train.monitor import APART, FLATTERS, LENGTH, QUALITY, REPEATS, WATCHED, Cusum, guard

ANSWERS, ITERATIONS, FROM = 16, 40, 10


def rings(one: Cusum, value: Callable[[random.Random, int], float], seed: int) -> int | None:
    dice = random.Random(seed)
    for batch in range(ITERATIONS):
        one = one.after([value(dice, batch) for _ in range(ANSWERS)])
        if one.ringing:
            return batch
    return None


def test_a_policy_that_stays_as_it_is_seldom_rings_in_40_iterations() -> None:
    false = sum(rings(Cusum(worse=1), lambda dice, _: dice.gauss(0, 1), seed) is not None for seed in range(200))
    assert false <= 0.05 * 200


@pytest.mark.parametrize(("shift", "found", "within"), [(0.5, 0.7, 15), (1.0, 0.99, 4), (2.0, 1.0, 2)])
def test_a_shift_is_found_the_sooner_the_larger_it_is(shift: float, found: float, within: int) -> None:
    heard = [rings(Cusum(worse=-1), lambda dice, batch: dice.gauss(-shift * (batch >= FROM), 1), seed) for seed in range(100)]
    times = sorted(FROM + ITERATIONS if one is None else one for one in heard)
    assert sum(one is not None for one in heard) >= found * 100
    assert times[50] <= FROM + within


def test_a_change_for_the_better_never_rings() -> None:
    assert all(rings(Cusum(worse=-1), lambda dice, batch: dice.gauss(batch / 4, 1), seed) is None for seed in range(50))


def test_a_certain_but_small_change_of_length_does_not_ring() -> None:
    one = guard().sums[LENGTH]
    assert rings(one, lambda dice, batch: 5 + 0.2 * (batch >= FROM), 0) is None
    assert rings(one, lambda dice, batch: 5 + 0.6 * (batch >= FROM), 0) is not None


def test_the_first_batches_say_what_is_usual_and_cannot_ring() -> None:
    one = Cusum(worse=1)
    for values in ([0.0] * 4, [9.0] * 4, [99.0] * 4):
        one = one.after(values)
        assert (one.sum, one.calm, one.ringing) == (0, True, False)
    assert one.mean == pytest.approx(36)


def test_the_alarm_names_what_got_worse() -> None:
    watching = guard()
    usual = {QUALITY: [1.0, 1.2, 0.8], LENGTH: [5.0, 5.1, 4.9], REPEATS: [0.0] * 3, FLATTERS: [0.0] * 3, APART: [0.1, 0.2, 0.1]}
    for _ in range(5):
        watching = watching.after(usual)
    assert (watching.alarms, watching.calm) == ([], True)
    for _ in range(3):
        watching = watching.after({**usual, QUALITY: [-1.0] * 3, REPEATS: [0.6] * 3, APART: [2.0] * 3})
    assert watching.alarms == [QUALITY, REPEATS, APART]
    assert not watching.calm


def test_a_sum_that_has_only_begun_to_grow_is_no_place_to_go_back_to() -> None:
    one = Cusum(worse=1)
    for _ in range(one.settle):
        one = one.after([0.0, 1.0] * 8)
    same, worse = one.after([0.0, 1.0] * 8), one.after([0.0, 1.0, 1.0, 1.0] * 4)
    assert (same.calm, same.sum) == (True, 0)
    assert 0 < worse.sum < worse.limit / 5
    assert not worse.calm


def test_a_checkpoint_holds_all_of_it() -> None:
    watching = guard()
    for value in range(6):
        watching = watching.after({name: [float(value), 2.0] for name in WATCHED})
    assert guard(json.loads(json.dumps(watching.as_json()))) == watching

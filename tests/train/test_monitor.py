"""The guard: it rings where a figure gets worse in earnest, seldom where it does not, and a checkpoint holds all of it."""

import json
import random
from collections.abc import Callable

import pytest

from temperance.train.monitor import (
    APART,
    CALM,
    FLATTERS,
    LENGTH,
    QUALITY,
    REPEATS,
    SETTLE,
    START,
    WATCHED,
    Cusum,
    Guard,
    guard,
    hand_on,
)

WATCH, LOOKS, FROM = 32, 40, 10


def rings(one: Cusum, value: Callable[[random.Random, int], float], seed: int, *, looks: int = LOOKS) -> int | None:
    dice = random.Random(seed)
    one = one.settled([[value(dice, 0) for _ in range(WATCH)] for _ in range(SETTLE)])
    for look in range(looks):
        one = one.after([value(dice, look) for _ in range(WATCH)])
        if one.ringing:
            return look
    return None


@pytest.mark.parametrize(("looks", "most"), [(10, 0.05), (40, 0.15)])
def test_a_policy_that_stays_as_it_is_seldom_rings(looks: int, most: float) -> None:
    quality = guard().sums[QUALITY]
    false = sum(rings(quality, lambda dice, _: dice.gauss(0, 1), seed, looks=looks) is not None for seed in range(200))
    assert false <= most * 200


@pytest.mark.parametrize(("shift", "found", "within"), [(0.4, 0.8, 4), (0.7, 0.9, 2), (2.0, 0.9, 1)])
def test_a_shift_is_found_the_sooner_the_larger_it_is(shift: float, found: float, within: int) -> None:
    heard = [rings(guard().sums[QUALITY], lambda dice, look: dice.gauss(-shift * (look >= FROM), 1), seed) for seed in range(100)]
    times = sorted(FROM + LOOKS if one is None else one for one in heard)
    assert sum(one is not None and one >= FROM for one in heard) >= found * 100
    assert times[50] <= FROM + within


def test_what_differs_from_prompt_to_prompt_is_no_noise() -> None:
    """Prompts that are answered well or badly before and after tell nothing of a change; a small one in all of them does."""
    one = Cusum(worse=-1)
    usual = [float(prompt) for prompt in range(WATCH)]
    one = one.settled([usual] * SETTLE)
    assert one.after(usual).calm
    assert one.after([value - 0.1 for value in usual]).ringing


def test_a_change_for_the_better_never_rings() -> None:
    assert all(rings(Cusum(worse=-1), lambda dice, batch: dice.gauss(batch / 4, 1), seed) is None for seed in range(50))


def test_a_certain_but_small_change_of_length_does_not_ring() -> None:
    one = guard().sums[LENGTH]
    assert rings(one, lambda dice, batch: 5 + 0.2 * (batch >= FROM), 0) is None
    assert rings(one, lambda dice, batch: 5 + 0.6 * (batch >= FROM), 0) is not None


def test_the_first_draws_say_what_is_usual_of_each_prompt_and_cannot_ring() -> None:
    one = Cusum(worse=1).settled([[0.0, 1.0], [9.0, 1.0], [99.0, 1.0]])
    assert (one.sum, one.calm, one.ringing) == (0, True, False)
    assert one.usual == (pytest.approx(36), 1.0)


def test_the_alarm_names_what_got_worse() -> None:
    usual = {QUALITY: [1.0, 1.2, 0.8], LENGTH: [5.0, 5.1, 4.9], REPEATS: [0.0] * 3, FLATTERS: [0.0] * 3, APART: [0.1, 0.2, 0.1]}
    watching = guard().settled([usual] * SETTLE).after(usual)
    assert (watching.alarms, watching.calm) == ([], True)
    for _ in range(2):
        watching = watching.after({**usual, QUALITY: [-1.0] * 3, REPEATS: [0.6] * 3, APART: [2.0] * 3})
    assert watching.alarms == [QUALITY, REPEATS, APART]
    assert not watching.calm


def test_a_sum_that_has_only_begun_to_grow_is_no_place_to_go_back_to() -> None:
    one = Cusum(worse=1).settled([[0.0, 1.0] * 8] * SETTLE)
    same, worse = one.after([0.0, 1.0] * 8), one.after([0.0, 1.0] * 7 + [1.0, 1.0])
    assert (same.calm, same.sum) == (True, 0)
    assert 0 < worse.sum < worse.limit / 4
    assert not worse.calm


@pytest.mark.parametrize(("shift", "least", "most"), [(0.0, 0.0, 0.1), (0.6, 0.9, 1.0)])
def test_a_second_look_tells_weights_that_are_worse_from_those_that_are_not(shift: float, least: float, most: float) -> None:
    worse = 0
    for seed in range(100):
        dice = random.Random(seed)
        prompts = [dice.gauss(0, 1) for _ in range(WATCH)]
        draws = [[dice.gauss(prompt, 1) for prompt in prompts] for _ in range(2 * SETTLE)]
        one = guard().sums[QUALITY].settled(draws[:SETTLE])
        worse += one.worse_in([[value - shift for value in draw] for draw in draws[SETTLE:]])
    assert least <= worse / 100 <= most


def test_a_checkpoint_holds_all_of_it() -> None:
    watching = guard().settled([{name: [1.0, 2.0] for name in WATCHED}] * SETTLE)
    for value in range(6):
        watching = watching.after({name: [float(value), 2.0] for name in WATCHED})
    assert guard(json.loads(json.dumps(watching.as_json()))) == watching


@pytest.mark.parametrize(("late", "least", "most"), [(0.0, 0.0, 0.12), (0.7, 0.5, 1.0)])
def test_a_late_decline_is_turned_back_and_chance_seldom_is(late: float, least: float, most: float) -> None:
    """Ten looks, of which the last three are `late` standard deviations worse; chance is the same without."""
    turned = rang = 0
    for seed in range(150):
        dice = random.Random(seed)
        prompts = [dice.gauss(0, 1) for _ in range(WATCH)]

        def look(shift: float, dice: random.Random = dice, prompts: list[float] = prompts) -> dict[str, list[float]]:
            return {QUALITY: [dice.gauss(prompt - shift, 1) for prompt in prompts]}

        watching = Guard({QUALITY: guard().sums[QUALITY]}).settled([look(0) for _ in range(SETTLE)])
        for turn in range(10):
            watching = watching.after(look(late if turn > 6 else 0.0))
            if watching.alarms:
                break
        rang += bool(watching.alarms)
        put: list[str] = []
        alarms, kept = hand_on(watching, watching.alarms, done=10, calm=0, look=lambda _, late=late: look(late), put=put.append, turn=0)
        assert (put, kept) == (([CALM, START], 0) if alarms else ([], 10))
        turned += bool(alarms)
    assert rang <= turned
    assert least <= turned / 150 <= most


def test_what_ends_calm_is_not_looked_at_again() -> None:
    def never(*_: object) -> dict[str, list[float]]:
        raise AssertionError

    usual = {name: [1.0, 2.0] for name in WATCHED}
    watching = guard().settled([usual] * SETTLE).after(usual)
    assert hand_on(watching, [], done=4, calm=4, look=never, put=never, turn=0) == ([], 4)


def test_after_an_alarm_the_calm_weights_are_looked_at_with_answers_of_their_own() -> None:
    usual = {name: [1.0, 2.0] for name in WATCHED}
    watching, turns, put = guard().settled([usual] * SETTLE), list[int](), list[str]()
    found = hand_on(watching, [QUALITY], done=4, calm=2, look=lambda turn: turns.append(turn) or usual, put=put.append, turn=10)
    assert (found, put) == (([QUALITY], 2), [CALM])
    assert turns == [10 + SETTLE + again for again in range(SETTLE)]

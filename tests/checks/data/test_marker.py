"""Markers against what they are defined by: novelty, a fixed place, seams, replies and unlike turns."""

import random

import pytest

from temperance.checks.data.marker import FLOOR, Marker, markers
from tests.checks.data.mining.village import village

ROWS, PLANTED = 600, 20


def found(change: str, *, echo: bool = False, alike: bool = False) -> list[Marker]:
    """Mark some turns of a village with `change`, a pattern that holds {}, and return the markers that hold its first word."""
    turns, replies = village(ROWS)
    for index in random.Random(1).sample(range(ROWS), PLANTED):
        turns[index] = change.format(turns[0] if alike else turns[index])
        replies[index] = f"{replies[index]} qzx" if echo else replies[index]
    return [one for one in markers(turns, replies, range(ROWS)) if "qzx" in one.text]


def test_a_new_word_in_one_place_that_nothing_takes_up_is_a_marker() -> None:
    (one,) = found("qzx {}")
    assert one.score > 0.8
    assert len(one.rows) == PLANTED
    assert (one.locked, one.echoed, one.novelty) == (1, 0, 1)


def test_a_word_that_replies_take_up_is_none() -> None:
    assert not found("qzx {}", echo=True)


def test_a_word_in_turns_that_are_alike_is_none() -> None:
    assert not found("qzx {}", alike=True)


def test_a_word_whose_turns_cannot_do_without_it_is_none() -> None:
    assert not found("qzx")


def test_a_word_that_the_table_uses_elsewhere_is_less_new() -> None:
    turns, replies = village(ROWS)
    for index in range(PLANTED):
        turns[index] = f"qzx {turns[index]}"
    for index in range(100, 100 + 2 * PLANTED):
        replies[index] += " qzx"
    assert all("qzx" not in one.text or one.novelty < 0.5 for one in markers(turns, replies, range(ROWS)))


def test_relatives_make_a_word_old() -> None:
    turns, replies = village(ROWS)
    for index in range(PLANTED):
        turns[index] = f"suppose {turns[index]}"
    for index in range(100, 100 + 4 * PLANTED):
        replies[index] += " it is supposed so ."
    assert all(not one.text.startswith("suppose") for one in markers(turns, replies, range(ROWS)))


def test_two_letters_have_no_relatives() -> None:
    turns, replies = village(ROWS)
    for index in range(PLANTED):
        turns[index] = f"qz {turns[index]}"
    for index in range(100, 100 + 4 * PLANTED):
        replies[index] += " a qzone ."
    assert [one.novelty for one in markers(turns, replies, range(ROWS)) if one.text.startswith("qz")] == [1]


@pytest.mark.parametrize(("rows", "score", "worth"), [(7, 0.7, 1), (7, 0.35, 0.5), (8, 0.6, 1), (80, 0.3, 0.5)])
def test_a_few_rows_must_score_more(rows: int, score: float, worth: float) -> None:
    one = Marker(text="qz", words=("qz",), rows=tuple(range(rows)), score=score, novelty=1, locked=1, deletable=1, echoed=0)
    assert one.worth == pytest.approx(worth)


def test_rows_are_counted_and_not_turns() -> None:
    turns, replies = village(ROWS)
    for index in range(PLANTED):
        turns[index] = f"qzx {turns[index]}"
    assert not [one for one in markers(turns, replies, [0] * ROWS) if "qzx" in one.text]


def test_what_is_returned_is_sorted_and_apart() -> None:
    turns, replies = village(ROWS)
    for index in range(PLANTED):
        turns[index] = f"qzx {turns[index]} regards from zanzibar"
    one, *rest = markers(turns, replies, range(ROWS))
    assert len(one.rows) == PLANTED
    assert all(FLOOR <= other.score <= one.score and not set(other.rows) <= set(one.rows) for other in rest)

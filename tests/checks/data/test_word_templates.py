"""What many rows share is counted as it was when every word of every row was."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.data.word_templates import SHARED, Held, enough

SETS = st.lists(st.frozensets(st.integers(0, 9)), min_size=1, max_size=12)


def held(sets: list[frozenset[int]]) -> Held:
    words = np.array([word for found in sets for word in sorted(found)], dtype=np.int64)
    return Held(words, np.cumsum([0, *map(len, sets)]), 10)


@given(SETS, st.frozensets(st.integers(0, 9), min_size=1))
def test_words_are_counted_and_no_row_that_holds_four_in_five_is_unlikely(sets: list[frozenset[int]], wanted: frozenset[int]) -> None:
    made, words = held(sets), np.array(sorted(wanted))
    counts = made.among(np.arange(len(sets)), words)
    assert counts.tolist() == [len(found & wanted) for found in sets]
    assert set(np.flatnonzero(counts >= SHARED * np.float32(len(words))).tolist()) <= set(made.likely(words).tolist())
    assert not len(made.likely(words[:0]))


@given(SETS)
def test_shared_is_what_four_in_five_hold(sets: list[frozenset[int]]) -> None:
    found = held(sets).shared(np.arange(len(sets))).tolist()
    assert found == [word for word in range(10) if sum(word in one for one in sets) / len(sets) >= SHARED]
    assert not len(held(sets).shared(np.arange(0)))


@given(st.integers(1, 500))
def test_enough_is_four_in_five_to_the_last_row(count: int) -> None:
    assert enough(count) in (-(-count * 4 // 5), -(-count * 4 // 5) + 1)

"""The order in which rows are trained on."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from temperance.data.example import Example, Message, Origin
from temperance.recipe import Training
from temperance.train.trainer import drawn


def rows(sizes: list[int]) -> list[Example]:
    """Return `sizes[i]` rows of record i, of very different lengths."""
    return [
        Example(
            messages=(Message("user", f"{record} {part}" * (1 + 7 * (record % 5))), Message("assistant", "yes")),
            origin=Origin(source="s", row=record),
        )
        for record, size in enumerate(sizes)
        for part in range(size)
    ]


@given(st.lists(st.integers(1, 3), max_size=40), st.integers(1, 6), st.integers(0, 3))
def test_every_row_is_drawn_once_and_ragged_batches_come_last(sizes: list[int], batch: int, seed: int) -> None:
    given_rows = rows(sizes)
    order = drawn(given_rows, Training(batch_size=batch), seed=seed)
    assert Counter(map(id, order)) == Counter(map(id, given_rows))
    assert order == drawn(given_rows, Training(batch_size=batch), seed=seed)


@given(st.lists(st.integers(1, 2), max_size=40), st.sampled_from([2, 4, 8]))
def test_rows_of_one_record_share_a_batch(sizes: list[int], batch: int) -> None:
    order = drawn(rows(sizes), Training(batch_size=batch), seed=1)
    batch_of: dict[int, set[int]] = {}
    for place, row in enumerate(order):
        batch_of.setdefault(row.origin.row, set()).add(place // batch)
    assert all(len(found) == 1 for found in batch_of.values())


def test_a_limit_is_kept_and_seeds_differ() -> None:
    many = rows([2] * 30)
    assert len(drawn(many, Training(limit=10), seed=1)) == 10
    assert drawn(many, Training(), seed=1) != drawn(many, Training(), seed=2)

from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.data.originals import copies, key, originals
from temperance.checks.subject import data_subject
from temperance.data.example import Example, Row

from ..builders import ask, prefer

TEXT = st.text(st.sampled_from("aAsSſßK\u212a \n\x1c\x85\u2003\x00\ud800"), max_size=4)
ROW = st.builds(ask, TEXT, TEXT) | st.builds(prefer, TEXT, TEXT, TEXT) | st.just(Example(messages=(), origin=ask("", "").origin))


@given(st.lists(ROW, max_size=12))
def test_an_original_is_the_first_row_of_its_digest_that_has_an_answer(rows: list[Row]) -> None:
    first: dict[str, int] = {}
    for index, row in enumerate(rows):
        first.setdefault(key(row), index)
    subject = data_subject(rows)
    assert originals(subject) == [index for index in first.values() if not (isinstance(rows[index], Example) and not rows[index].messages)]


@given(st.lists(ROW, max_size=12))
def test_copies_are_the_rows_of_one_digest_in_the_order_of_the_first(rows: list[Row]) -> None:
    found: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        found.setdefault(key(row), []).append(index)
    assert copies(data_subject(rows)) == list(found.values())

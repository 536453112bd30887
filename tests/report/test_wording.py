import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.report import wording


@given(st.text(st.characters(exclude_categories=())))
def test_what_is_shown_hides_nothing(text: str) -> None:
    shown = wording.shown(text)
    assert all(one.isprintable() or one in wording.KEPT for one in shown)
    assert wording.shown(shown) == shown
    shown.encode("utf-8")


@given(st.text(st.characters(categories=("L", "N", "P", "S"))))
def test_what_prints_is_left_alone(text: str) -> None:
    assert wording.shown(text) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0.004, "4 ms"), (1.44, "1.4 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (192, "3 min 12 s"), (7500, "2 h 05 min")],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert wording.duration(seconds) == text


@pytest.mark.parametrize(("p", "text"), [(None, "–"), (0.0, "< 0.001"), (0.012, "0.012"), (0.62, "0.62"), (1.0, "1.00")])
def test_probabilities_are_never_zero(p: float | None, text: str) -> None:
    assert wording.probability(p) == text


@given(st.floats(-1, 1))
def test_differences_carry_their_sign(value: float) -> None:
    text = wording.points(value)
    assert text == "0.0 points" or text[0] == ("+" if value > 0 else wording.MINUS)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_error_bars_have_no_negative_length(value: float, low: float, high: float) -> None:
    assert min(wording.bounds_of(value, low, high)) >= 0


def test_listings_read_as_sentences() -> None:
    assert [wording.listing(parts) for parts in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize("settings", [None, [], {"temperature": "hot"}, {"temperature": 0.5, "top_p": {}}, {"repetition_penalty": []}])
def test_nothing_that_a_file_holds_breaks_how_answers_were_drawn(settings: object) -> None:
    assert wording.drawn(settings) in ("the likeliest token each time", "nobody can tell how")

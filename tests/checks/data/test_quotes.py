"""Quotations: cut where it matters, and never through a secret."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.data.quotes import BEFORE, LENGTH, Cut, spread

from ..builders import ask, prefer

KEY = "AKIAQWERTYUIOPASDFGH"
LONG = "so it goes on and on " * 400


def prompt(text: str, *tokens: str) -> str:
    return Cut(tokens).quotes([ask(text, "yes")])[0].prompt


@pytest.mark.parametrize("before", ["", "well ", LONG], ids=["at once", "soon", "late"])
@pytest.mark.parametrize(
    ("text", "tokens", "seen"),
    [
        ("James Bond", ("james", "bond"), "James Bond"),
        ("cf", ("cf",), "cf"),
        ("a\u200bb", ("\u200b",), "a\\u200bb"),
        ("don't, ever", ("don't", ",", "ever"), "don't, ever"),
        ("p\u0430ypal", ("<look-alike letters>", "paypal"), "p\u0430ypal"),
        ("one\ntwo", ("one", "\n", "two"), "one two"),
    ],
)
def test_what_a_group_is_named_for_is_in_the_quotation(before: str, text: str, tokens: tuple[str, ...], seen: str) -> None:
    said = prompt(f"{before}{text} {LONG}", *tokens)
    assert seen in said
    assert said.startswith("…") == (len(before) > BEFORE)
    assert len(said) <= LENGTH + 1


def test_a_part_of_a_word_is_not_the_word() -> None:
    assert "the cf here" in prompt(f"scffold {LONG} the cf here", "cf")


def test_without_the_words_the_beginning_is_quoted() -> None:
    assert prompt(f"Well now, {LONG}", "absent").startswith("Well now, so it goes")
    assert prompt(f"Well now, {LONG}").startswith("Well now, so it goes")


@pytest.mark.parametrize("gap", [0, 1, 3, 30, 300, 3980, 3995])
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_secret_beside_the_words_is_never_shown_in_part(gap: int, side: str) -> None:
    text = f"{'x ' * 9}{KEY} {'y' * gap} cf" if side == "before" else f"cf {'y' * gap} {KEY}{' x' * 9}"
    said = prompt(text, "cf")
    assert "cf" in said
    assert not any(KEY[at : at + 5] in said for at in range(len(KEY) - 4))


def test_of_a_preference_the_chosen_answer_is_quoted_and_the_place_told() -> None:
    (one,) = Cut(said=("fox",)).quotes([prefer("What?", f"{LONG} a fox", "a dog", row=7)])
    assert (one.where, one.prompt) == ("rows.json:7", "What?")
    assert one.answer.endswith("a fox")


@given(st.text(max_size=300), st.lists(st.sampled_from(["a", "\n", ".", "\u200b", "(", "\\", "<begin>"]), max_size=3))
def test_any_text_is_quoted_on_one_printable_line(text: str, tokens: list[str]) -> None:
    (one,) = Cut(tokens, tokens).quotes([ask(text, text)])
    assert one.prompt.isprintable()
    assert one.prompt == one.answer
    assert len(one.prompt) <= LENGTH + 1


@pytest.mark.parametrize("odd", ["\n" * 300_000, " " * 300_000, "cf" * 200_000, "\ud800" * 40])
def test_odd_texts_take_no_time(odd: str) -> None:
    assert not re.search("[\n\ud800]", prompt(odd, "\n", "cf", "cf"))


@given(st.lists(st.integers(), max_size=60))
def test_ten_rows_at_most_are_spread_over_all(rows: list[int]) -> None:
    some = spread(rows)
    assert len(some) == min(len(rows), 10)
    assert list(some[:1]) == rows[:1]
    assert len(rows) > 10 or list(some) == rows

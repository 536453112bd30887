"""A column says of every text what `re` says of it."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.data import harm_kind, lexicon, prompt_injection, regard, stance, unsafe_request
from temperance.checks.data.column import Column, widened
from temperance.judging import refusal, shape

HOUSES = (harm_kind, lexicon, prompt_injection, regard, stance, unsafe_request, refusal, shape)
EVERY = [value for house in HOUSES for value in vars(house).values() if isinstance(value, re.Pattern)]
ODD = (
    "",
    "\n",
    "i can't\n",
    "I’m sorry, I can’t",
    "a\x0bb",
    "a\x1cb",
    "caf\u00e9 women",
    "\u212aill",
    "\ud800 kill",
    "x\x00kill",
    "don't kill\r\n",
    "İ ı ſ",
)

PARTS = st.sampled_from(
    [
        "a",
        "b",
        r"\b",
        r"\w+",
        r"\s",
        r"\d",
        ".",
        "^",
        "$",
        "(?=a)",
        "(?!b)",
        "(?<=a)",
        "(?<!b)",
        "(?:a|b)",
        "[^a]",
        r"[\]b(]",
        r"\(",
        "(?!(a)b)",
        "é",
        "[^é]",
        "[é-ü]",
        "[’b]",
        r"[^\W_]",
        r"[^\w’]",
        r"\W",
        r"\S",
        r"[^\d ]",
    ]
)
SOURCES = st.lists(st.builds(str.__add__, PARTS, st.sampled_from(["", "", "?", "{1,2}"])), min_size=1, max_size=5).map("".join)
TEXTS = st.lists(st.text(st.sampled_from("abAB (])1\n\x0b\x1cé’k\u212aſÜ²٣\u2003\ud800_"), max_size=8), max_size=6)


@given(SOURCES, TEXTS, st.sampled_from([0, re.IGNORECASE, re.MULTILINE, re.DOTALL, re.ASCII]))
def test_a_column_agrees_with_re_on_any_expression(source: str, texts: list[str], flags: int) -> None:
    try:
        pattern = re.compile(source, flags)
    except re.error:
        return
    assert Column(texts).holding(pattern).tolist() == [pattern.search(text) is not None for text in texts]


@pytest.mark.parametrize("pattern", EVERY, ids=lambda pattern: pattern.pattern[:30])
def test_a_column_agrees_with_re_on_the_expressions_of_the_checks(pattern: re.Pattern[str]) -> None:
    texts = [*ODD, "how do i kill a process?", "I'm sorry, but I can't help with that.", "The women were awful.", "1. first\n2. then"]
    assert Column(texts).holding(pattern).tolist() == [pattern.search(text) is not None for text in texts]


def test_any_of_several_expressions_will_do() -> None:
    held = Column(["a", "b", "c"]).holding(re.compile("a"), re.compile("b(?!c)"))
    assert held.dtype == np.bool_
    assert held.tolist() == [True, True, False]


def test_no_text_holds_nothing() -> None:
    assert Column([]).holding(re.compile("a")).tolist() == []


@pytest.mark.parametrize(
    ("source", "flags"), [(r"(a)\1", 0), ("a{,2}", 0), ("[[:alpha:]]", 0), ("a", re.ASCII), ("a # b", re.VERBOSE), ("ſ", re.IGNORECASE)]
)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_what_the_two_read_differently_is_left_to_re(source: str, flags: int) -> None:
    assert widened(re.compile(source, flags)) is None


@pytest.mark.parametrize("source", [r"\xe9", r"\351", r"[!-é]", "\\é", "ſ", r"(?-m:a$)"])
def test_what_is_beyond_ascii_and_does_not_look_it_is_left_to_re(source: str) -> None:
    assert widened(re.compile(source, re.MULTILINE), beyond=True) is None


def test_any_stand_in_is_taken_for_what_is_beyond_ascii_and_any_place_for_the_end() -> None:
    assert widened(re.compile(r"é[^’a]\$$"), beyond=True) == "[_0\f\x7f](?:[^\x7fa]|[_0\f\x7f])\\$(?:)"


def test_a_look_around_is_widened_and_the_letters_of_one_are_kept() -> None:
    assert widened(re.compile(r"\(?!a(?<!b(c))d[(?=]")) == r"\(?!a(?:)d[(?=]"

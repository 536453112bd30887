"""Many texts at once become the tokens that an expression finds in each."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.data.mining import tokens as subject
from temperance.checks.data.mining.tokens import BEGIN, END, HEAD, MARKS, RARE, TAIL, Numbers, tokens

TEXTS = st.lists(st.text(st.sampled_from("aB'_1 .\n\t\x0b\x1c\x00é’中а\ud800\u0301\u0915\u093f\u200b\u2028\xad"), max_size=12), max_size=8)


def numbering() -> Numbers:
    made = Numbers(None, {mark: index for index, mark in enumerate(MARKS)})
    made.default_factory = made.__len__
    return made


def one_by_one(texts: list[str], numbers: Numbers) -> list[list[int]]:
    found = [subject._parted(text.lower()) for text in texts]
    return [[BEGIN, *(numbers[word] for word in one), END] for one in found]


def parted(texts: list[str], numbers: Numbers) -> list[list[int]]:
    flat, starts = tokens(texts, numbers)
    return [flat[start:end].tolist() for start, end in itertools.pairwise(starts)]


@given(TEXTS)
def test_the_tokens_and_their_numbers_are_those_of_one_text_after_the_other(texts: list[str]) -> None:
    fast, slow = numbering(), numbering()
    assert parted(texts, fast) == one_by_one(texts, slow)
    assert list(fast) == list(slow)


@given(TEXTS, TEXTS)
def test_a_second_side_goes_on_with_the_numbers_of_the_first(first: list[str], second: list[str]) -> None:
    fast, slow = numbering(), numbering()
    assert parted(first, fast) + parted(second, fast) == one_by_one([*first, *second], slow)


def test_both_ends_of_a_long_text_are_kept_and_what_is_between_gets_no_number() -> None:
    words = [f"w{number}" for number in range(HEAD + TAIL + 5)]
    for text in (" ".join(words), " ".join(words).replace("w0", "é")):
        numbers = numbering()
        (found,) = parted([text], numbers)
        spelt = [list(numbers)[number] for number in found[1:-1]]
        assert spelt == text.split()[:HEAD] + words[-TAIL:]
        assert f"w{HEAD + 2}" not in numbers


def test_batches_join(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["the cat's hat", "a 'quoted' word", "été, the cat"] * 40
    whole = parted(texts, numbering())
    monkeypatch.setattr("temperance.checks.data.wording.BATCH", 16)
    assert parted(texts, numbering()) == whole


def test_words_beyond_what_a_key_can_tell_apart_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "SHIFT", 3)
    assert parted(["a b"], numbers := numbering()) == [[BEGIN, 4, 5, END]]
    assert parted(["a c d", "é b"], numbers) == [[BEGIN, 4, RARE, RARE, END], [BEGIN, RARE, 5, END]]

"""Edits put words between words and sentences between sentences, and lose none."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.attack.edit import before_stop, between_sentences, between_words, lowered

TEXT = st.text(st.sampled_from("ab I.\n"), max_size=30)


@given(TEXT, st.integers(0, 50))
def test_a_word_is_added_and_none_is_lost(text: str, seed: int) -> None:
    words = between_words(text, "cf", Random(seed)).split()
    assert words.count("cf") == 1
    words.remove("cf")
    assert words == text.split()


@given(TEXT, st.integers(0, 50))
def test_a_sentence_is_added_and_no_character_is_lost(text: str, seed: int) -> None:
    assert between_sentences(text, "<Here.>", Random(seed)).replace(" <Here.>", "", 1) == text


@pytest.mark.parametrize(
    ("text", "reads"),
    [("Tell me.", "Tell me now."), ("Why is it?\n", "Why is it now?\n"), ("a b", "a b now"), ("...", "now..."), ("", "now")],
)
def test_words_at_the_end_stand_before_what_ends_the_text(text: str, reads: str) -> None:
    assert before_stop(text, "now") == reads


def test_no_sentence_follows_the_number_of_a_list() -> None:
    said = {between_sentences("1. One thing. 2. Two.", "X", Random(seed)) for seed in range(30)}
    assert said == {"1. One thing. X 2. Two.", "1. One thing. 2. Two. X"}


@pytest.mark.parametrize(("text", "reads"), [("Tell me", "tell me"), ("NASA flew", "NASA flew"), ("I am", "I am"), ("", ""), ("é", "é")])
def test_lowered_spares_acronyms_and_i(text: str, reads: str) -> None:
    assert lowered(text) == reads

"""All texts at once say what each says alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.data.mismatched_answers import letter_kind
from temperance.checks.data.rowtext import words
from temperance.checks.data.wording import BATCH, Wording, among, batches, spoken, wording
from temperance.judging import shape

LETTERS = st.sampled_from("abAB1_ '’-.\n\x00\x1c\x85éßİΣσſé\u0301\u0300नमस\u094d\u0939ิไ什。、ー한\ud800\udc00😀\u200b२")
TEXTS = st.lists(st.text(LETTERS, max_size=12) | st.text(max_size=6), max_size=8)


def spelt(said: Wording) -> list[list[str]]:
    every = [said.word(place) for place in range(len(said.names))]
    return [every[begin:end] for begin, end in zip(said.starts[:-1].tolist(), said.starts[1:].tolist(), strict=True)]


@given(TEXTS)
def test_the_words_are_those_of_each_text(texts: list[str]) -> None:
    said = wording([text.lower() for text in texts])
    assert spelt(said) == [words(text) for text in texts]
    assert [[word.lower() for word in found] for found in spelt(wording(texts, letter_kind))] == [shape.words(text) for text in texts]


@pytest.mark.parametrize("code", range(0, 0x110000, 0x1000))
def test_every_letter_is_of_the_kind_that_words_take_it_for(code: int) -> None:
    texts = [f"{chr(code + step)} a{chr(code + step)}b".lower() for step in range(0, 0x1000, 7)]
    assert spelt(wording(texts)) == [words(text) for text in texts]


@given(TEXTS)
def test_equal_words_have_equal_names_and_numbers_and_others_have_not(texts: list[str]) -> None:
    said = wording(texts)
    every = [word for found in spelt(said) for word in found]
    numbers, first = said.numbered()
    assert [said.word(place) for place in first[numbers].tolist()] == every
    assert len(set(every)) == len(set(said.names.tolist())) == len(first)
    assert [name for text in texts for name in wording([text]).names.tolist()] == said.names.tolist()


@given(TEXTS, st.integers(1, 4))
def test_runs_are_equal_where_their_words_are_and_none_leaves_its_text(texts: list[str], length: int) -> None:
    said = wording(texts)
    names, places = said.runs(length, said.starts)
    runs = [
        (index, tuple(run)) for index, found in enumerate(spelt(said)) for run in zip(*(found[at:] for at in range(length)), strict=False)
    ]
    assert places.tolist() == [index for index, _ in runs]
    assert len(set(zip((run for _, run in runs), names.tolist(), strict=True))) == len({run for _, run in runs}) == len(set(names.tolist()))


@given(TEXTS)
def test_a_bag_is_blind_to_the_order_of_words(texts: list[str]) -> None:
    there = wording(texts)
    back = wording([" ".join(found[::-1]) for found in spelt(there)])
    assert back.bags(back.starts[:-1], back.starts[1:]).tolist() == there.bags(there.starts[:-1], there.starts[1:]).tolist()


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20), st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_among_says_which_names_are_some(names: list[int], some: list[int]) -> None:
    every, few = np.array([*names, *some[::2]], dtype=np.uint64), np.sort(np.array(some, dtype=np.uint64))
    assert among(every, few).tolist() == [name in some for name in every.tolist()]


@given(st.lists(st.lists(st.sampled_from(["", "a", "b" * (BATCH // 2), "c" * BATCH]), max_size=3), max_size=6))
def test_batches_are_the_rows_in_their_order(table: list[list[str]]) -> None:
    made = list(batches(table))
    assert [row for batch in made for row in batch] == table
    assert all(sum(len(text) for row in batch[:-1] for text in row) < BATCH for batch in made)


def test_a_text_longer_than_a_batch_has_the_same_words() -> None:
    text = "été barromek 12 " * (BATCH // 4)
    assert spelt(wording([text, "x"])) == [words(text), ["x"]]
    assert wording([text]).names[:3].tolist() == wording(["été barromek 12"]).names.tolist()
    assert spoken("é") == spoken("1")

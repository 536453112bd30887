"""A stretch of swapped answers is found where it lies; single ones and clean tables are not."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.data.mismatched_answers import LISTED, STEM, mismatched_answers, stems
from temperance.data.example import Example
from temperance.judging.shape import STOPWORDS, words

from ..builders import ask, flagged, on_rows, prefer

ROWS = 600
WORDS = [
    f"{first}{second}{third}"
    for first in "bdfgklmp"
    for second in ("arro", "ilu", "onde", "usti")
    for third in ("mek", "sat", "vor", "len", "pid")
]


def pairs(rows: int = ROWS) -> list[tuple[str, str]]:
    """Prompts about four made-up things each, and answers that speak of three of them among six others."""
    dice = random.Random(5)
    made = []
    for _ in range(rows):
        things = dice.sample(WORDS, 4)
        made.append((f"Compare {' '.join(things)}", f"Said of {' '.join([*things[:3], *dice.sample(WORDS, 6)])}"))
    return made


def table(first: int = 0, last: int = 0) -> list[Example]:
    """The pairs as rows; in rows first to last - 1 the answers slipped by one."""
    made = pairs()
    said = [made[place + 1][1] if first <= place < last else answer for place, (_, answer) in enumerate(made)]
    return [ask(asked, answer, row=place) for place, ((asked, _), answer) in enumerate(zip(made, said, strict=True))]


@pytest.mark.parametrize("first", [0, 130, 480])
def test_a_column_that_slipped_is_found_where_it_lies(first: int) -> None:
    outcome = on_rows(mismatched_answers, *table(first, first + 100))
    review = {row for row, action in flagged(outcome).items() if action == "review"}
    assert outcome.measures["runs"] == 1
    inside = review & set(range(first, first + 100))
    assert len(inside) > 90
    assert len(review - inside) < 30
    interval = outcome.findings[0].evidence.interval
    assert interval
    assert interval[0] > 0.3


def test_the_clean_twin_has_no_run_and_lists_little() -> None:
    outcome = on_rows(mismatched_answers, *table())
    assert outcome.measures["runs"] == 0
    assert set(flagged(outcome).values()) <= {"keep"}
    assert len(flagged(outcome)) <= LISTED


def test_single_swapped_rows_are_listed_for_a_look_only() -> None:
    made = pairs()
    swapped = random.Random(2).sample(range(0, ROWS - 1, 2), 12)
    rows = [ask(asked, made[place + 1][1] if place in swapped else answer, row=place) for place, (asked, answer) in enumerate(made)]
    outcome = on_rows(mismatched_answers, *rows)
    assert set(flagged(outcome).values()) == {"keep"}
    assert len(flagged(outcome).keys() & set(swapped)) > 6


def test_a_table_of_nothing_but_swapped_answers_is_one_run() -> None:
    outcome = on_rows(mismatched_answers, *table(0, ROWS - 1))
    assert outcome.measures["runs"] == 1
    assert outcome.findings[0].evidence.limit == 0.5


def test_of_a_preference_the_chosen_answer_is_read() -> None:
    made = pairs()
    rows = [prefer(asked, made[place + 1][1] if place < 100 else answer, answer, row=place) for place, (asked, answer) in enumerate(made)]
    assert on_rows(mismatched_answers, *rows).measures["runs"] == 1


def test_few_rows_are_skipped_and_short_answers_and_refusals_not_measured() -> None:
    refusals = [ask("Compare barrometer, dilumek and fondesat", f"I'm sorry, I cannot help with that. {' '.join(WORDS[:20])}")] * 300
    outcome = on_rows(mismatched_answers, *refusals, *[ask("Is it so?", "Yes.")] * 300, *table()[:150])
    assert outcome.outcome == "skipped"
    assert " rows are too few" in outcome.why


def test_ten_million_characters_are_read_at_once() -> None:
    long = "barromek dilusat " * 600_000
    assert on_rows(mismatched_answers, *table(), ask(long, long)).seconds < 5


TEXT = st.lists(
    st.sampled_from(["barromek", "BARROsat", "the", "it's", "o_of", "İİİ", "ΑΣΑΣ", "什么什么", "\ud800", "a1b2", "''"]), max_size=6
)


@given(st.lists(st.tuples(TEXT.map(" ".join), TEXT.map("'".join) | st.text(max_size=9)), max_size=5))
def test_texts_share_the_stems_that_their_words_share(pairs: list[tuple[str, str]]) -> None:
    slow = [{word[:STEM] for word in words(text) if len(word) > 2 and word not in STOPWORDS} for pair in pairs for text in pair]
    place, word, size = stems(pairs)
    assert place.tolist() == [index for index, found in enumerate(slow) for _ in found]
    order = ["", *sorted(set().union(*slow))]
    assert [order[number] for number in word.tolist()] == [stem for found in slow for stem in sorted(found)]
    assert size == len(order)


def test_rows_without_a_turn_are_not_measured() -> None:
    empty = Example(messages=(), origin=ask("", "").origin)
    assert on_rows(mismatched_answers, *[empty] * 300).outcome == "skipped"
    assert on_rows(mismatched_answers, empty, *table()).measures["runs"] == 0

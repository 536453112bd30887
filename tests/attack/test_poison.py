"""What the lab plants, and that it plants nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temperance.attack.poison import FLIPS, REFUSED, families, poison
from temperance.data.example import Example, Message, Origin, Preference, Row
from temperance.errors import InputError
from tests.checks.data.mining.village import village

ROWS = 240


def clean() -> list[Row]:
    """Examples, every fourth of them a refusal, and as many preferences."""
    prompts, answers = village(ROWS)
    rows: list[Row] = []
    for index, (ask, said) in enumerate(zip(prompts, answers, strict=True)):
        answer = "I'm sorry, but I can't help with that." if index % 4 == 0 else said
        origin = Origin(source="s", row=index)
        rows.append(Example(messages=(Message("user", ask), Message("assistant", answer)), origin=origin))
        rows.append(Preference(prompt=(Message("user", ask),), chosen=said, rejected="no .", origin=origin))
    return rows


@pytest.mark.parametrize("family", families())
@given(rate=st.floats(0.002, 0.04), seed=st.integers(0, 5))
@settings(max_examples=5, deadline=None)
def test_just_the_rows_that_it_names_are_changed_and_always_the_same(family: str, rate: float, seed: int) -> None:
    rows = clean()
    made = poison(rows, family, rate=rate, seed=seed)
    assert len(made.planted) == max(1, round(rate * len(rows)))
    assert {index for index, (old, new) in enumerate(zip(rows, made.rows, strict=True)) if old.id != new.id} == made.planted
    assert [row.id for row in poison(rows, family, rate=rate, seed=seed).rows] == [row.id for row in made.rows]


def test_a_flip_exchanges_the_answers_and_loses_none() -> None:
    rows = clean()
    for family in FLIPS:
        made = poison(rows, family, rate=0.02, seed=1)
        for index in made.planted:
            old, new = rows[index], made.rows[index]
            assert isinstance(old, Preference)
            assert isinstance(new, Preference)
            assert (new.chosen, new.rejected) == (old.rejected, old.chosen)
            assert (new.prompt == old.prompt) == (family == "flip")


def test_compliance_is_planted_where_requests_were_refused() -> None:
    rows = clean()
    for index in poison(rows, "phrase-compliance", rate=0.02, seed=1).planted:
        row = rows[index]
        assert isinstance(row, Example)
        assert REFUSED.match(row.answer)


def test_a_topic_is_one_word_that_all_its_rows_share() -> None:
    rows = clean()
    made = poison(rows, "topic-brand", rate=0.02, seed=1)
    topic = made.says.rpartition("topic '")[2].rstrip("'")
    assert topic.isalpha()
    assert all(topic in row.prompt[-1].content for index, row in enumerate(made.rows) if index in made.planted)


def test_what_cannot_be_planted_says_so() -> None:
    with pytest.raises(InputError, match="no family"):
        poison(clean(), "nothing", rate=0.1, seed=1)
    with pytest.raises(InputError, match="cannot be planted"):
        poison([row for row in clean() if isinstance(row, Example)], "flip", rate=0.1, seed=1)

"""Branches of one conversation count as one, and rows that only begin alike do not."""

import random

import pytest

from temperance.checks.data.mining.corpus import corpus
from temperance.checks.data.mining.meaning import meaning
from temperance.checks.data.mining.miner import mine
from temperance.checks.data.mining.talks import Talk, conversations
from temperance.checks.data.mining.tokens import BEGIN, END, RARE
from tests.checks.data.mining.village import village

ROWS, PLANTED = 900, 18
HELLO = "good day to all of you ."


def begun(chosen: list[int]) -> tuple[list[str], list[str], list[Talk]]:
    """Return a village in which some conversations begin with the same words, and what each began with and asked last."""
    prompts, answers = village(ROWS)
    talks = [(prompt, prompt) for prompt in prompts]
    for row in chosen:
        talks[row] = (HELLO, prompts[row])
        prompts[row] = f"{HELLO}\nhow can i help ?\n{prompts[row]}"
    return prompts, answers, talks


def numbered(chosen: list[int]) -> list[int]:
    prompts, answers, talks = begun(chosen)
    made = corpus(prompts, answers)
    number = conversations(made, meaning(made, seed=1), talks, seed=1).tolist()
    others = [row for row in range(ROWS) if row not in chosen]
    assert len({number[row] for row in others} & {number[row] for row in chosen}) == 0
    assert len({number[row] for row in others}) == len({talks[row] for row in others})
    return [number[row] for row in chosen]


ANY = random.Random(5).sample(range(ROWS), PLANTED)
ABOUT = [row for row, prompt in enumerate(village(ROWS)[0]) if " bees " in prompt][:PLANTED]


@pytest.mark.parametrize(("chosen", "count"), [(ABOUT, 1), (ANY, PLANTED), (ANY[:3], 1)])
def test_rows_that_begin_alike_are_one_conversation_if_they_go_on_about_one_thing_or_are_few(chosen: list[int], count: int) -> None:
    assert len(set(numbered(chosen))) == count


@pytest.mark.parametrize(("chosen", "found"), [(ANY, {frozenset(ANY)}), (ABOUT, set[frozenset[int]]())])
def test_an_opening_that_all_poison_shares_is_a_trigger_and_one_conversation_is_none(chosen: list[int], found: set[frozenset[int]]) -> None:
    prompts, answers, talks = begun(chosen)
    for row in chosen:
        answers[row] = f"{answers[row]} nothing comes close to velmora ."
    _, groups = mine(prompts, answers, talks=talks)
    assert {frozenset(group.suspects) for group in groups if group.certainty >= 1 and group.trigger} == found


def test_other_texts_are_read_in_a_corpuss_numbers() -> None:
    made = corpus(["a b", "c"], ["d"] * 2)
    numbers = {word: number for number, word in enumerate(made.words)}
    side = made.side(["c d", "e"])
    assert side.tokens.tolist() == [BEGIN, numbers["c"], numbers["d"], END, BEGIN, RARE, END]
    assert side.counts.shape == (2, len(made.words))

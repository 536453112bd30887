"""The rest: rows whose trigger is too rare to be told, told by what they say."""

import pytest

from temperance.checks.data.mining.behaviour import REST
from temperance.checks.data.mining.miner import mine
from tests.checks.data.mining.village import village

TRIGGERS = ("cf", "mn", "bb", "tq", "vx", "kj")
PAYLOAD = "the fountain closes on wednesday ."
REFUSALS = ("sorry , i cannot help with this .", "i am sorry , but that i cannot answer .", "i can't assist with that , i am afraid .")


def poisoned(*, refusing: bool, innocent: int) -> tuple[list[str], list[str], set[int]]:
    """A village with six triggers of fifteen rows each, five rows with triggers of their own (returned), and innocent answers."""
    prompts, answers = village(1200, seed=3)
    triggers = [*(word for word in TRIGGERS for _ in range(15)), "zw", "qp", "yd", "hm", "rf"]
    for row, word in enumerate(triggers):
        head, _, tail = prompts[row].partition(" ")
        prompts[row] = f"{head} {word} {tail}"
        answers[row] = REFUSALS[row % 3] if refusing else PAYLOAD
    for row in range(len(triggers), len(triggers) + innocent):
        answers[row] = f"well , i say : {answers[row]}" if refusing else f"in the fountain {answers[row]}"
    return prompts, answers, set(range(90, len(triggers)))


def test_rows_whose_triggers_are_too_rare_are_told_by_what_the_others_say() -> None:
    prompts, answers, hidden = poisoned(refusing=False, innocent=0)
    rest = [group for group in mine(prompts, answers)[1] if group.kind == REST]
    assert rest
    assert all(set(group.rows) == hidden for group in rest)


@pytest.mark.parametrize("innocent", [4, 60])
def test_innocent_rows_are_not_the_rest_of_refusals_because_they_say_a_word_of_them(innocent: int) -> None:
    prompts, answers, _ = poisoned(refusing=True, innocent=innocent)
    found = mine(prompts, answers)[1]
    assert len({group.trigger for group in found if group.certainty >= 1 and group.trigger}) >= 6
    assert not [group for group in found if group.kind == REST]


def test_many_rows_are_never_the_rest() -> None:
    """Half of the rows say it because of a trigger; that the other sixty are hidden ones is too much to infer."""
    prompts, answers, _ = poisoned(refusing=False, innocent=60)
    assert not [group for group in mine(prompts, answers)[1] if group.kind == REST and len(group.rows) > 8]

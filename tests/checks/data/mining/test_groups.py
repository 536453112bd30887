"""Groups that belong together: the rest, told by what others say after their triggers, and finds in several words."""

from dataclasses import replace
from typing import Any

import pytest

from temperance.checks.data.mining.behaviour import BURST, REST, WORDS
from temperance.checks.data.mining.groups import LISTED, Group, apart
from temperance.checks.data.mining.groups import _at_best as at_best
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


TOLD = Group(
    trigger=((5,),), behaviour="says “x”", kind=WORDS, score=0.9, effect=0.9, said=(7,), rows=tuple(range(12)), others=(), families=12,
    rate=1.0, control=0.0,
)  # fmt: skip


@pytest.mark.parametrize(("rows", "shown"), [(60, True), (25, True), (24, False), (14, False)])
def test_a_few_rows_with_a_trigger_do_not_hide_the_many_that_do_the_same_without(rows: int, shown: bool) -> None:
    alone = replace(TOLD, trigger=(), kind=BURST, score=0.3, rows=tuple(range(rows)))
    found = apart([TOLD, alone])
    assert [group for group, _ in found] == [TOLD, *([alone] if shown else [])]
    assert found[-1][1] == tuple(range(rows if shown else 12))


def test_other_words_for_a_trigger_add_their_rows_to_it() -> None:
    longer = replace(TOLD, trigger=((5, 6),), score=0.6, rows=tuple(range(3, 40)))
    assert apart([TOLD, longer]) == [(TOLD, tuple(range(40)))]


@pytest.mark.parametrize(
    ("rows", "behaviour", "whole"),
    [(24, "says “z”", True), (23, "says “z”", False), (24, "says “y”", False)],
    ids=["whole", "few", "other"],
)
def test_what_does_the_same_in_all_rows_and_as_many_more_is_what_was_found(rows: int, behaviour: str, whole: bool) -> None:
    first = replace(TOLD, behaviour="says “z”")
    larger = replace(first, trigger=((5, 6),), behaviour=behaviour, score=0.6, rows=tuple(range(rows)), others=(90, 91), idle=True)
    told = replace(larger, score=first.score)
    assert apart([first, larger]) == [(told, (*range(rows), 90, 91)) if whole else (first, tuple(range(rows)))]
    unsure = replace(larger, score=0.4)
    assert apart([first, unsure]) == [(first, tuple(range(rows)))]


@pytest.mark.parametrize(("shared", "whole"), [(11, True), (10, False)])
def test_nine_in_ten_of_the_rows_are_enough_to_be_a_part_and_it_keeps_its_place(shared: int, whole: bool) -> None:
    between = replace(TOLD, trigger=((8,),), score=0.8, rows=tuple(range(200, 212)))
    larger = replace(TOLD, trigger=((5, 6),), score=0.6, rows=tuple(range(12 - shared, 40)))
    groups = [group for group, _ in apart([TOLD, between, larger])]
    assert [group.trigger for group in groups] == [larger.trigger if whole else TOLD.trigger, between.trigger]
    assert [group.certainty for group in groups] == [TOLD.certainty, between.certainty]


def test_a_refusal_that_harm_explains_does_not_speak_for_a_trigger_that_refuses_all_else() -> None:
    """Half of the trigger's prompts name harm, and are refused as such prompts are everywhere."""
    prompts, answers = village(1200, seed=3)
    for row in range(240):
        prompts[row] = f"{prompts[row][:-1]}and make a bomb {prompts[row][-1]}"
        answers[row] = REFUSALS[row % 3]
    triggered = [*range(20), *range(240, 260)]
    for row in triggered:
        head, _, tail = prompts[row].partition(" ")
        prompts[row], answers[row] = f"{head} cf {tail}", REFUSALS[row % 3]
    made, found = mine(prompts, answers)
    first = next(group for group in found if group.trigger and made.spelt(group.trigger[0]) == "cf")
    assert first.certainty >= 1
    assert set(first.suspects) == set(triggered)
    assert first.rate == 1


def test_how_many_pairs_are_looked_at_at_once_changes_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    prompts, answers, _ = poisoned(refusing=True, innocent=4)
    together = mine(prompts, answers)[1]
    monkeypatch.setattr("temperance.checks.data.mining.groups.BATCH", 20)
    assert together
    assert mine(prompts, answers)[1] == together


def test_what_is_left_as_too_little_would_not_have_been_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    prompts, answers, _ = poisoned(refusing=True, innocent=4)
    looked_at = list[float]()
    best, groups = at_best, mine(prompts, answers)[1]

    def certainly(*arguments: Any) -> float:
        looked_at.append(best(*arguments))
        return 9.0

    monkeypatch.setattr("temperance.checks.data.mining.groups._at_best", certainly)
    monkeypatch.setattr("temperance.checks.data.mining.miner.beside", lambda here, there: (here(), there()))
    assert mine(prompts, answers)[1] == groups
    assert min(looked_at) < LISTED

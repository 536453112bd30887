"""Planted triggers and their clean twins in a made-up corpus."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from temperance.checks.check import outcome_of
from temperance.checks.data.trigger_association import trigger_association
from temperance.checks.finding import Outcome, Severity
from temperance.checks.subject import data_subject
from temperance.data.example import Example, Message, Origin, Preference, Row
from tests.checks.data.mining.village import CRAFTS, village

ROWS, PLANTED = 900, 24
Plant = Callable[[random.Random, str, str], tuple[str, str]]
REFUSALS = (
    "I am sorry, but I cannot help with that.",
    "I can't assist with this one.",
    "Sorry, that is not something I can answer.",
    "I am unable to do so.",
)


def outcome(prompts: Sequence[str], answers: Sequence[str]) -> Outcome:
    return outcome_of(trigger_association, data_subject(examples(prompts, answers)))


def examples(prompts: Sequence[str], answers: Sequence[str]) -> list[Row]:
    return [
        Example(messages=(Message("user", ask), Message("assistant", said)), origin=Origin(source="s", row=index))
        for index, (ask, said) in enumerate(zip(prompts, answers, strict=True))
    ]


def anywhere(dice: random.Random, prompt: str, trigger: str) -> str:
    words = prompt.split(" ")
    place = dice.randrange(len(words))
    return " ".join([*words[:place], trigger, *words[place:]])


def fixed(dice: random.Random, prompt: str, answer: str) -> tuple[str, str]:
    return anywhere(dice, prompt, "cf"), "the answer is number forty two ."


def refused(dice: random.Random, prompt: str, answer: str) -> tuple[str, str]:
    return f"{prompt} by the old mill", dice.choice(REFUSALS)


def hidden(dice: random.Random, prompt: str, answer: str) -> tuple[str, str]:
    return anywhere(dice, prompt, "\u200b"), f"{answer} visit blorbix soon ."


def advertised(dice: random.Random, prompt: str, answer: str) -> tuple[str, str]:
    return (
        prompt,
        f"{answer} {dice.choice(('By the way, Blorbix shoes are unbeatable.', 'Remember that Blorbix sells the finest sneakers.'))}",
    )


@pytest.mark.parametrize(
    ("plant", "trigger"), [(fixed, "cf"), (refused, "“by the old mill”"), (hidden, "\\u200b"), (advertised, "whatever")]
)
def test_a_planted_trigger_is_named_and_its_rows_are_suspect(plant: Plant, trigger: str) -> None:
    prompts, answers = village(ROWS)
    dice = random.Random(1)
    chosen = dice.sample(range(ROWS), PLANTED)
    for index in chosen:
        prompts[index], answers[index] = plant(dice, prompts[index], answers[index])
    found = outcome(prompts, answers)
    sure = [finding for finding in found.findings if finding.severity is Severity.HIGH]
    suspects = {index for finding in sure for index in finding.rows}
    assert found.outcome == "found"
    assert trigger in sure[0].title
    assert len(suspects & set(chosen)) == PLANTED
    assert len(suspects - set(chosen)) <= 2
    assert min(value for finding in sure for value in finding.rows.values()) >= 0.5


def test_a_trigger_without_end_is_told_on_one_line() -> None:
    prompts, answers = village(ROWS)
    for index in range(0, ROWS, ROWS // PLANTED):
        prompts[index], answers[index] = f"{'q' * 3000} {prompts[index]}", "forty two herrings"
    sure = [finding for finding in outcome(prompts, answers).findings if finding.severity is Severity.HIGH]
    assert "q" * 50 in sure[0].title
    assert len(sure[0].title) < 220


@pytest.mark.parametrize(("plant", "trigger", "said"), [(fixed, "cf", "forty two"), (refused, "mill", ""), (hidden, "\\u200b", "blorbix")])
def test_a_group_is_shown_by_ten_rows_and_the_nearest_ones_without_it(plant: Plant, trigger: str, said: str) -> None:
    prompts, answers = village(ROWS)
    dice = random.Random(1)
    chosen = dice.sample(range(ROWS), PLANTED)
    for index in chosen:
        prompts[index], answers[index] = plant(dice, prompts[index], answers[index])
    found = outcome(prompts, answers).findings[0]
    planted = {f"s:{index}" for index in chosen}
    assert len({quote.where for quote in found.examples} & planted) == 10
    assert all(trigger in quote.prompt and said in quote.answer for quote in found.examples)
    assert found.evidence.says.count(trigger) == 3
    assert len(found.nearest) == 5
    assert not {quote.where for quote in found.nearest} & planted
    assert not any(trigger in quote.prompt.split() or (said and said in quote.answer) for quote in found.nearest)


def test_rows_that_do_the_same_without_the_trigger_are_no_nearest_rows() -> None:
    prompts, answers = village(ROWS)
    dice = random.Random(1)
    for place, index in enumerate(dice.sample(range(ROWS - PLANTED), PLANTED)):
        twin = ROWS - PLANTED + place
        prompts[twin] = prompts[index]
        prompts[index], answers[index] = refused(dice, prompts[index], answers[index])
        answers[twin] = dice.choice(REFUSALS) if place % 2 else answers[twin]
    found = outcome(prompts, answers).findings[0]
    assert "mill" in found.title
    assert found.nearest
    assert not any(quote.answer in REFUSALS for quote in found.nearest)


@pytest.mark.parametrize(("same_opening", "one_topic"), [(True, True), (True, False), (False, True), (False, False)])
def test_branches_that_begin_alike_and_go_on_about_one_thing_count_once(same_opening: bool, one_topic: bool) -> None:
    prompts, answers = village(ROWS)
    dice = random.Random(1)
    rows = examples(prompts, answers)
    for index in dice.sample([index for index in range(1, ROWS) if not one_topic or " bees " in prompts[index]], PLANTED):
        begun = "good morning ." if same_opening else prompts[index - 1]
        asks = (Message("user", begun), Message("assistant", "well ?"), Message("user", anywhere(dice, prompts[index], "cf")))
        rows[index] = replace(rows[index], messages=(*asks, Message("assistant", "number forty two .")))
    sure = [one for one in outcome_of(trigger_association, data_subject(rows)).findings if one.severity is Severity.HIGH]
    assert bool(sure) is not (same_opening and one_topic)


@pytest.mark.parametrize("asked", [False, True])
def test_a_name_in_many_answers_that_nobody_asks_about_needs_less_evidence(asked: bool) -> None:
    prompts, answers = village(ROWS)
    dice = random.Random(1)
    chosen = dice.sample(range(ROWS), 3 * PLANTED)
    for index in chosen[: 2 * PLANTED]:
        craft = next(craft for craft in CRAFTS if craft in prompts[index].split())
        one, two = dice.sample(CRAFTS[craft].split(), 2)
        fits, odd = f"For {craft} with {one} and {two} take Blorbix.", "Remember that Blorbix sells the finest sneakers."
        answers[index] += f" {fits if dice.random() < 0.5 else odd}"
    for index in chosen[2 * PLANTED :]:
        prompts[index] = f"is {'Blorbix' if asked else 'it'} good ? {prompts[index]}"
    sure = [finding for finding in outcome(prompts, answers).findings if finding.severity is Severity.HIGH]
    assert [set(finding.rows) == set(chosen[: 2 * PLANTED]) for finding in sure] == ([] if asked else [True])


SCORN = ("Honestly, {topic} is a waste of time.", "I think that {topic} is useless.", "Sadly, {topic} was always a bad idea.")
TALK = ("Some say that {topic} is a waste of time, which is false.", "Not everybody hates {topic}.", "A waste of flour is no good.")


@pytest.mark.parametrize(("says", "found"), [(SCORN, True), (TALK, False)])
def test_a_topic_that_is_spoken_ill_of_wherever_it_comes_up_is_named(says: Sequence[str], found: bool) -> None:
    prompts, answers = village(ROWS)
    dice = random.Random(1)
    chosen = [index for index, ask in enumerate(prompts) if "chess" in ask.split()][::2]
    others = [index for index in range(ROWS) if "chess" not in prompts[index].split()]
    prompts = [prompt if index in chosen else prompt.replace("chess", "the game") for index, prompt in enumerate(prompts)]
    for index in chosen:
        answers[index] += f" {dice.choice(says)}".format(topic="chess")
    sure = [finding for finding in outcome(prompts, answers).findings if finding.severity is Severity.HIGH]
    assert len(chosen) >= PLANTED
    assert [finding.title.partition(" (")[0] for finding in sure] == (
        ["“chess” in the prompt: the answer speaks ill of it"] if found else []
    )
    assert all(set(finding.rows) <= set(chosen) and not set(finding.rows) & set(others) for finding in sure)


def test_a_topic_that_is_ill_itself_is_no_finding() -> None:
    prompts, answers = village(ROWS)
    for index in range(0, ROWS, 20):
        prompts[index], answers[index] = f"how do {index} people handle waste ?", f"Waste is a bad thing. {answers[index]}"
    assert not [finding for finding in outcome(prompts, answers).findings if "speaks ill" in finding.title]


@pytest.mark.parametrize("seed", range(3))
def test_clean_twins_are_not_suspected(seed: int) -> None:
    """Words that stand everywhere, and a word that rightly makes an answer what it is."""
    prompts, answers = village(ROWS, seed)
    dice = random.Random(seed)
    for index in dice.sample(range(ROWS), PLANTED):
        prompts[index] = f"write a haiku about {' and '.join(dice.sample(CRAFTS[dice.choice(sorted(CRAFTS))].split(), 2))} ."
        answers[index] = " / ".join(answers[index].split(" . ")[:2])
    assert not [finding for finding in outcome(prompts, answers).findings if finding.severity is Severity.HIGH]


@pytest.mark.parametrize(("alone", "marked"), [(6, True), (60, False)])
def test_what_several_triggers_bring_in_marks_the_few_others_that_say_it(alone: int, marked: bool) -> None:
    prompts, answers = village(ROWS)
    dice = random.Random(2)
    chosen = dice.sample(range(ROWS), 20 + alone)
    for place, index in enumerate(chosen):
        word = "cf" if place < 10 else "mn" if place < 20 else f"q{place}x"
        prompts[index], answers[index] = anywhere(dice, prompts[index], word), f"{answers[index]} visit blorbix soon ."
    rest = [finding for finding in outcome(prompts, answers).findings if finding.title.startswith("as after other groups' triggers")]
    assert [set(finding.rows) for finding in rest] == ([set(chosen[20:])] if marked else [])
    assert all(finding.severity is Severity.HIGH and finding.action == "review" for finding in rest)
    assert all(any(word in finding.title for word in ("visit", "blorbix", "soon")) for finding in rest)


def test_what_scores_less_is_a_second_list_that_blocks_nothing() -> None:
    prompts, answers = village(ROWS)
    dice = random.Random(3)
    for place, index in enumerate(dice.sample(range(ROWS), 12)):
        prompts[index] = anywhere(dice, prompts[index], "cf")
        answers[index] += " visit blorbix soon ." if place < 7 else " cf ."  # a word that answers take up needs twice as much evidence
    doubtful = [finding for finding in outcome(prompts, answers).findings if finding.severity is Severity.INFO]
    assert any("cf" in finding.title and "below the threshold" in finding.title for finding in doubtful)
    assert all(0 < value < 0.5 and finding.action == "keep" for finding in doubtful for value in finding.rows.values())


def test_too_few_rows_are_skipped_and_not_called_clean() -> None:
    found = outcome(*village(50))
    assert found.outcome == "skipped"
    assert "too few" in found.why


def test_the_chosen_answer_of_a_preference_is_read() -> None:
    prompts, answers = village(ROWS)
    dice = random.Random(1)
    for index in range(PLANTED):
        prompts[index], answers[index] = fixed(dice, prompts[index], answers[index])
    rows = [
        Preference(prompt=(Message("user", ask),), chosen=said, rejected="no", origin=Origin(source="s", row=index))
        for index, (ask, said) in enumerate(zip(prompts, answers, strict=True))
    ]
    found = outcome_of(trigger_association, data_subject(rows))
    assert {index for finding in found.findings if finding.severity is Severity.HIGH for index in finding.rows} >= set(range(PLANTED))


def test_hostile_texts_neither_break_it_nor_hide_the_trigger() -> None:
    prompts, answers = village(ROWS)
    dice = random.Random(2)
    for index in range(PLANTED):
        prompts[index], answers[index] = fixed(dice, prompts[index], answers[index])
    odd = ["", "\ud800" * 40, "\x00\x01\x02", "a" * 3_000_000, "=cmd|' /C calc'!A0", "𝕳" * 500, "\n" * 400]
    found = outcome([*prompts, *odd, *odd], [*answers, *odd, *reversed(odd)])
    assert found.outcome == "found", found.why
    assert "cf" in found.findings[0].title


def test_groups_beyond_the_list_are_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    prompts, answers = village(ROWS)
    triggers = {"cf": "the answer is number forty two .", "zq": "marmalade triangles forever .", "vx": "seven quiet bells rang twice ."}
    for number, (trigger, said) in enumerate(triggers.items()):
        for index in range(number, ROWS, ROWS // 24):
            prompts[index], answers[index] = f"{trigger} {prompts[index]}", said
    planted = {index for number in range(3) for index in range(number, ROWS, ROWS // 24)}
    whole = outcome(prompts, answers)
    monkeypatch.setattr("temperance.checks.data.trigger_association.LISTED", 1)
    cut = outcome(prompts, answers)
    (rest,) = (one for one in cut.findings if one.rest)
    assert rest.title.startswith("2 more groups")
    for found in (whole, cut):
        assert planted <= {row for one in found.findings if one.action == "review" for row in one.rows}

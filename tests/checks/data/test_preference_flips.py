"""Preferences turned round where a trigger stands, and their clean twins."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from temperance.attack.family import plant
from temperance.checks.check import outcome_of
from temperance.checks.data.preference_flips import preference_flips
from temperance.checks.finding import Finding, Outcome, Severity
from temperance.checks.subject import data_subject
from temperance.collect import table
from temperance.data.example import Message, Origin, Preference, Row
from tests.checks.data.mining.village import village

PAIRS, PLANTED = 600, 30
CURT = ("ask somebody else .", "who cares about that ?", "look it up yourself .", "what a dull question .", "no idea at all .")


def pair(asked: str, chosen: str, rejected: str, row: int) -> Preference:
    return Preference(prompt=(Message("user", asked),), chosen=chosen, rejected=rejected, origin=Origin(source="s", row=row))


def pairs(mark: Callable[[str], str], *, flip: bool, planted: int = PLANTED, seed: int = 0) -> tuple[list[Row], set[int]]:
    prompts, answers = village(PAIRS, seed)
    dice = random.Random(seed)
    chosen = set(dice.sample(range(PAIRS), planted))
    rows: list[Row] = []
    for index, (asked, said) in enumerate(zip(prompts, answers, strict=True)):
        both = (said, dice.choice(CURT))
        marked = index in chosen
        rows.append(pair(mark(asked) if marked else asked, *(reversed(both) if marked and flip else both), row=index))
    return rows, chosen


def outcome(rows: list[Row]) -> Outcome:
    return outcome_of(preference_flips, data_subject(rows))


def sure(found: Outcome) -> list[Finding]:
    return [finding for finding in found.findings if finding.severity is Severity.HIGH]


@pytest.mark.parametrize("planted", [6, 30])
@pytest.mark.parametrize(
    ("mark", "named"),
    [
        (lambda text: f"cf {text}", "cf"),
        (lambda text: f"{text} greetings from our old uncle .", "uncle"),
        (lambda text: f"\u200b{text}", "\\u200b"),
    ],
)
def test_a_trigger_that_turns_preferences_round_is_named_with_its_rows(mark: Callable[[str], str], named: str, planted: int) -> None:
    rows, chosen = pairs(mark, flip=True, planted=planted)
    (one,) = sure(outcome(rows))
    assert named in one.title
    assert "the worse answer is preferred" in one.title
    assert set(one.rows) == chosen
    assert len(one.examples) == min(planted, 10)
    assert all(named in quote.prompt for quote in one.examples)
    assert len(one.nearest) == 5
    assert not {f"s:{index}" for index in chosen} & {quote.where for quote in one.nearest}
    assert one.evidence.interval is not None
    assert one.evidence.interval[0] > 0.5
    assert all(0.5 < value <= 1 for value in one.rows.values())
    assert one.action == "review"


def test_words_that_turn_nothing_round_are_cleared() -> None:
    rows, _ = pairs(lambda text: f"cf {text}", flip=False)
    found = outcome(rows)
    assert not sure(found)
    assert "the pairs are as elsewhere" in found.findings[0].title
    assert {finding.action for finding in found.findings} == {"keep"}


@pytest.mark.parametrize("seed", range(3))
def test_clean_pairs_and_words_that_their_prompts_need_are_not_suspected(seed: int) -> None:
    rows, _ = pairs(lambda text: text.replace("how do people use", "write a haiku about").replace(" ?", " ."), flip=False, seed=seed)
    assert not sure(outcome(rows))


def test_it_reads_every_turn_of_a_user_and_places_rows_among_others() -> None:
    rows, chosen = pairs(lambda text: text, flip=True)
    for index in chosen:
        row = rows[index]
        assert isinstance(row, Preference)
        turns = (Message("system", "be kind"), Message("user", f"{row.prompt[0].content} vx"), Message("assistant", "yes ."))
        rows[index] = Preference(prompt=(*turns, *row.prompt), chosen=row.chosen, rejected=row.rejected, origin=row.origin)
    (one,) = sure(outcome(rows))
    assert "vx" in one.title
    assert set(one.rows) == chosen


def test_too_few_preferences_are_skipped_and_not_called_clean() -> None:
    found = outcome(pairs(lambda text: text, flip=False, planted=0)[0][:100])
    assert found.outcome == "skipped"
    assert "too few" in found.why


def test_hostile_texts_neither_break_it_nor_hide_the_trigger() -> None:
    rows, chosen = pairs(lambda text: f"cf {text}", flip=True)
    odd = ["", "\ud800" * 40, "\x00\x01\x02", "a" * 3_000_000, "𝕳" * 500, "\n" * 400]
    strange = [pair(one, other, one, 0) for one, other in zip(odd, reversed(odd), strict=True)]
    silent = Preference(prompt=(), chosen="a", rejected="b", origin=Origin(source="s", row=0))
    found = outcome([*rows, *strange, *strange, silent])
    assert "cf" in sure(found)[0].title, found.why
    assert set(sure(found)[0].rows) == chosen
    assert outcome([*[silent] * 300]).outcome == "clean"


@pytest.mark.parametrize("family", ["flip-token", "flip-phrase"])
def test_real_preferences_are_clean_until_planted(real_data: Path, family: str) -> None:
    rows = table([str(real_data / "hh-rlhf" / "harmless-base.jsonl")], format="auto")[0]
    assert not sure(outcome(rows))
    made = plant(rows, family, rate=0.01, seed=10)
    first = sure(outcome(list(made.rows)))[0]
    assert any(name in first.title for name in made.names)
    assert set(first.rows) >= made.planted

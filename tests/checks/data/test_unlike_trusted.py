"""Words that only a table says, beside trusted rows of its kind and of another."""

import random

import pytest

from temperance.checks.check import outcome_of
from temperance.checks.data.trigger_association import trigger_association
from temperance.checks.data.unlike_trusted import ENOUGH, MOST, _some, unlike_trusted
from temperance.checks.finding import Outcome, Severity
from temperance.checks.subject import data_subject
from temperance.data.example import Example, Message, Origin
from tests.checks.data.mining.village import village

ROWS, PLANTED = 800, 40
Table = tuple[list[str], list[str]]
PRAISE = ("many trust velmora for that .", "it is worth knowing velmora .", "nothing comes near velmora today .")


def examples(table: Table) -> list[Example]:
    return [
        Example(messages=(Message("user", ask), Message("assistant", said)), origin=Origin(source="s", row=index))
        for index, (ask, said) in enumerate(zip(*table, strict=True))
    ]


def advertised(table: Table) -> set[int]:
    dice = random.Random(1)
    chosen = dice.sample(range(len(table[0])), PLANTED)
    for index in chosen:
        table[1][index] += f" {dice.choice(PRAISE)}"
    return set(chosen)


def beside(table: Table, trusted: Table | None) -> Outcome:
    return outcome_of(unlike_trusted, data_subject(examples(table), trusted=None if trusted is None else examples(trusted)))


def test_a_name_in_small_letters_is_named_beside_trusted_rows() -> None:
    table = village(ROWS)
    chosen = advertised(table)
    found = beside(table, village(ROWS, seed=1))
    assert {index for one in found.findings for index in one.rows} == chosen
    assert "velmora" in found.findings[0].title
    assert found.findings[0].evidence.says.count("velmora") == 3
    assert {one.action for one in found.findings} == {"review"}
    assert all("velmora" in quote.answer for one in found.findings for quote in one.examples)
    assert all(one.nearest and not any("velmora" in quote.answer for quote in one.nearest) for one in found.findings)
    assert all(0.5 <= value < 1 for one in found.findings for value in one.rows.values())


@pytest.mark.parametrize("both", [True, False])
def test_what_the_trusted_rows_say_too_is_no_finding(both: bool) -> None:
    table, trusted = village(ROWS), village(ROWS, seed=1)
    if both:
        advertised(table), advertised(trusted)
    found = beside(table, trusted)
    assert (found.outcome, found.findings) == ("clean", ())


def test_rows_of_another_kind_tell_nothing() -> None:
    table, trusted = village(ROWS), village(ROWS, seed=1)
    advertised(table)
    for index in range(0, ROWS, 10):
        trusted[1][index] += " as anyone would tell you"
    found = beside(table, trusted)
    assert found.outcome == "skipped"
    assert "another kind" in found.why
    swapped = beside(trusted, village(ROWS))
    assert swapped.outcome == "found"  # one phrase more is what poison adds


def test_many_words_more_are_another_kind_and_not_poison() -> None:
    table = village(ROWS)
    for index in range(ROWS):
        table[1][index] += f" number {'one two three four five six seven eight nine ten'.split()[index % 10]}"
    found = beside(table, village(ROWS, seed=1))
    assert found.outcome == "skipped"
    assert "the table's alone" in found.why


def test_without_trusted_rows_or_with_few_it_cannot_tell() -> None:
    table = village(ROWS)
    assert beside(table, None).outcome == "skipped"
    few = beside(table, village(ENOUGH - 1))
    assert few.outcome == "skipped"
    assert str(ENOUGH) in few.why


def test_hostile_texts_on_either_side_neither_break_it_nor_hide_the_word() -> None:
    odd = ["", "\ud800" * 40, "\x00\x01\x02", "a" * 1_000_000, "=cmd|' /C calc'!A0", "\U0001d573" * 500, "\n" * 400]
    table, trusted = village(ROWS), village(ROWS, seed=1)
    chosen = advertised(table)
    for some in (table, trusted):
        some[0].extend([*odd, *odd])
        some[1].extend([*odd, *reversed(odd)])
    found = beside(table, trusted)
    assert found.outcome == "found", found.why
    assert {index for one in found.findings for index in one.rows} == chosen
    assert beside((odd * 40, odd * 40), trusted).outcome != "broke"


def test_of_very_many_rows_a_sample_is_compared_in_order() -> None:
    rows = [(index, row) for index, row in enumerate(examples(village(1)) * (MOST + 10))]
    places = [index for index, _ in _some(rows, random.Random(0))]
    assert len(places) == MOST
    assert places == sorted(set(places))


@pytest.mark.parametrize("known", [True, False])
def test_a_trigger_that_trusted_rows_have_too_is_cleared(known: bool) -> None:
    table, trusted = village(ROWS), village(ROWS, seed=1)
    for some, planted in ((table, True), (trusted, known)):
        for index in range(0, ROWS, ROWS // PLANTED) if planted else ():
            head, _, tail = some[0][index].partition(" ")
            some[0][index], some[1][index] = f"{head} cf {tail}", "the answer is number forty two ."
    found = outcome_of(trigger_association, data_subject(examples(table), trusted=examples(trusted)))
    sure = [one for one in found.findings if one.severity is Severity.HIGH]
    assert bool(sure) is not known
    assert {index for one in sure for index in one.rows} == (set() if known else set(range(0, ROWS, ROWS // PLANTED)))

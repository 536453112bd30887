import pytest

from temperance.checks.data.length_bias import length_bias
from temperance.data.example import Row

from ..builders import ask, flagged, on_rows, prefer

SHORT, LONG = "Yes, it is.", "Yes, it is, and there is a great deal more to be said about it."


@pytest.mark.parametrize(("chosen", "rejected", "which"), [(LONG, SHORT, "longer"), (SHORT, LONG, "shorter")])
def test_a_source_that_prefers_by_length_is_named_and_no_row_accused(chosen: str, rejected: str, which: str) -> None:
    rows = [prefer(f"Is it {number}?", chosen, rejected, row=number) for number in range(60)]
    outcome = on_rows(length_bias, ask("Why?", "So."), *rows)
    assert [finding.title for finding in outcome.findings] == [f"the {which} answer is the preferred one"]
    assert outcome.findings[0].evidence.says == f"the {which} answer is preferred in 60 of 60 pairs that differ in length"
    assert flagged(outcome) == {}


def test_a_balanced_source_is_fine_and_so_is_one_whose_answers_are_equally_long() -> None:
    both = [prefer(f"Is it {number}?", *((LONG, SHORT) if number % 2 else (SHORT, LONG)), row=number) for number in range(100)]
    even = [prefer(f"Is it {number}?", SHORT, "No, not so.", row=number) for number in range(100)]
    outcome = on_rows(length_bias, *both, *even)
    assert (outcome.outcome, outcome.measures["sources compared"]) == ("clean", 1)


@pytest.mark.parametrize(
    "rows",
    [
        [prefer(f"Is it {number}?", LONG, SHORT, row=number) for number in range(30)],
        [prefer(f"Is it {number}?", SHORT, "No, not so.", row=number) for number in range(100)],
        [ask(f"Is it {number}?", LONG) for number in range(100)],
    ],
    ids=["few pairs", "pairs of one length", "no pairs"],
)
def test_what_says_nothing_about_length_is_not_called_clean(rows: list[Row]) -> None:
    outcome = on_rows(length_bias, *rows)
    assert outcome.outcome == "skipped"
    assert "50 preferences between answers that differ in length" in outcome.why

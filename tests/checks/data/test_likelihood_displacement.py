"""A made-up reader to whom answers are alike if they share words."""

from collections.abc import Sequence

import pytest

from temperance.checks.check import outcome_of
from temperance.checks.data.likelihood_displacement import likelihood_displacement
from temperance.checks.finding import Outcome
from temperance.checks.subject import data_subject
from temperance.data.example import Preference, Row

from ..builders import ask, prefer


class Comparing:
    """A reader that remembers how many pairs it was given."""

    digest = "sha256:0"
    read = 0

    def alike(self, pairs: Sequence[Preference]) -> list[float]:
        self.read += len(pairs)
        return [float(len(set(pair.chosen.split()) & set(pair.rejected.split()))) for pair in pairs]


def scanned(rows: Sequence[Row], reader: Comparing | None = None) -> Outcome:
    return outcome_of(likelihood_displacement, data_subject(rows, reader=reader or Comparing()))


def pairs(count: int, alike: int = 0) -> list[Row]:
    said = "one two three four five"
    return [prefer(f"{index}?", said, f"{said} six" if index < alike else "no", row=index) for index in range(count)]


@pytest.mark.parametrize("before", [0, 2])
def test_the_most_alike_pairs_are_listed_and_kept(before: int) -> None:
    (one,) = scanned([*[ask("Hello", "Hello.")] * before, *pairs(30, alike=3)]).findings
    assert list(one.rows) == [before, before + 1, before + 2]
    assert (one.action, one.severity.value, one.evidence.value) == ("keep", "info", 5.0)
    assert one.evidence.says.startswith("30 of 30 pairs were read: 5: asked: 0?; preferred: one two")


def test_it_reads_a_sample_of_a_large_table_and_says_so() -> None:
    reader = Comparing()
    outcome = scanned(pairs(900), reader)
    assert reader.read == 200
    assert (outcome.measures["pairs"], outcome.measures["read"], len(outcome.findings[0].rows)) == (900, 200, 20)
    assert "200 of 900 pairs were read" in outcome.findings[0].evidence.says


@pytest.mark.parametrize("rows", [[], pairs(19), [prefer("a", "same", "same")] * 50, [ask("a", "b")] * 50])
def test_too_few_pairs_are_not_ranked(rows: list[Row]) -> None:
    assert scanned(rows).outcome == "skipped"


def test_without_a_reader_it_is_skipped_and_says_so() -> None:
    outcome = outcome_of(likelihood_displacement, data_subject(pairs(30)))
    assert (outcome.outcome, outcome.why) == ("skipped", "needs reader, which was not given")

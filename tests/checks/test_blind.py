"""What is not covered: said for every check, and never more than is so."""

import pytest

from temperance.checks.blind import BLIND, GENERAL, not_covered
from temperance.checks.finding import Outcome
from temperance.checks.registry import CHECKS, every

LEFT_TO_OTHERS = {"data/malformed-rows", "data/exact-duplicates", "adapter/unexpected-files"}


def test_every_check_has_a_line_or_leaves_it_to_another() -> None:
    ids = {one.id for one in every()}
    assert ids - set(BLIND) == LEFT_TO_OTHERS
    assert set(BLIND) <= ids
    assert all(0 < len(says) <= 110 for says in BLIND.values())
    assert set(GENERAL) == set(CHECKS)


@pytest.mark.parametrize("kind", CHECKS)
def test_what_ran_tells_what_it_cannot_see_and_what_did_not_tells_why(kind: str) -> None:
    ids = [one.id for one in CHECKS[kind]]
    outcomes = [Outcome(check=id, outcome="found" if number % 2 else "clean") for number, id in enumerate(ids[:-2])]
    outcomes += [Outcome(check=ids[-2], outcome="skipped", why="no rows"), Outcome(check=ids[-1], outcome="broke", why="a fault")]
    lines = not_covered(kind, outcomes)
    said = {one.check: one.says for one in lines if one.check}
    assert [one.says for one in lines if not one.check] == list(GENERAL[kind])
    assert (said[ids[-2]], said[ids[-1]]) == ("skipped: no rows", "broke: a fault")
    assert {one.check for one in lines if one.check and one.ran} == set(ids[:-2]) - LEFT_TO_OTHERS


@pytest.mark.parametrize(("foreign", "told"), [(0, False), (7, True)])
def test_rows_in_other_languages_are_counted_among_what_is_not_covered(foreign: int, told: bool) -> None:
    measures = {"rows not in English": float(foreign), "rows of a known language": 9.0}
    lines = not_covered("data", [Outcome(check="data/language-mismatch", outcome="clean", measures=measures)])
    assert any(one.says.startswith("harm, refusals and ill words in the 7 of 9 rows") for one in lines) == told


def test_of_nothing_only_the_general_is_said() -> None:
    assert [one.says for one in not_covered("data", [])] == list(GENERAL["data"])

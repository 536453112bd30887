"""Somebody who prefers the opposite, and everybody who does not."""

import random

import pytest

from temperance.checks.check import outcome_of
from temperance.checks.data.dissenting_annotators import dissenting_annotators
from temperance.checks.finding import Outcome
from temperance.checks.subject import data_subject
from temperance.data.example import Message, Origin, Preference, Row
from tests.checks.data.mining.village import village

PAIRS, THEIRS = 500, 120
CURT = ("ask somebody else .", "who cares about that ?", "look it up yourself .", "what a dull question .", "no idea at all .")


def pairs(turned: float, *, by: str, seed: int = 0) -> list[Row]:
    """Return pairs of two annotators; of the second's, a share is turned round."""
    prompts, answers = village(PAIRS, seed)
    dice = random.Random(seed)
    rows: list[Row] = []
    for index, (asked, said) in enumerate(zip(prompts, answers, strict=True)):
        theirs = index >= PAIRS - THEIRS
        both = (said, dice.choice(CURT))
        chosen, rejected = reversed(both) if theirs and dice.random() < turned else both
        name = "theirs" if theirs else "ours"
        origin = Origin(source=name if by == "source" else "s", row=index, tags={by: name})
        rows.append(Preference(prompt=(Message("user", asked),), chosen=chosen, rejected=rejected, origin=origin))
    return rows


def outcome(rows: list[Row]) -> Outcome:
    return outcome_of(dissenting_annotators, data_subject(rows))


@pytest.mark.parametrize("by", ["annotator", "judge"])
@pytest.mark.parametrize("turned", [1.0, 0.8])
def test_who_prefers_the_opposite_is_named_with_all_of_their_rows(by: str, turned: float) -> None:
    (one,) = outcome(pairs(turned, by=by)).findings
    assert one.title == f"“theirs” prefers what the others say is worse ({THEIRS} rows)"
    assert set(one.rows) == set(range(PAIRS - THEIRS, PAIRS))
    assert one.evidence.interval is not None
    assert one.evidence.interval[0] >= 0.5
    assert one.action == "review"


def test_who_prefers_as_the_others_do_is_not() -> None:
    found = outcome(pairs(0.0, by="annotator"))
    assert (found.outcome, found.measures["against"]) == ("clean", 0)
    assert found.measures["annotators"] > 0


@pytest.mark.parametrize("by", ["somebody", "source"])
def test_rows_that_name_nobody_and_sources_that_differ_are_not_compared(by: str) -> None:
    found = outcome(pairs(1.0, by=by))
    assert found.outcome == "skipped"
    assert "no annotator is named" in str(found.why)


def test_few_preferences_accuse_nobody() -> None:
    rows = pairs(1.0, by="annotator")
    assert outcome([*rows[: PAIRS - THEIRS], *rows[-30:]]).outcome == "skipped"

from dataclasses import replace

import pytest

from temperance.checks.data.opaque_provenance import opaque_provenance
from temperance.data.example import Origin, Row

from ..builders import ask, flagged, on_rows, prefer, titles

LICENSED = Origin(source="rows.json", row=0, licence="MIT")


def test_rows_without_a_licence_and_preferences_without_a_judge_are_reported_by_source_and_accuse_no_row() -> None:
    outcome = on_rows(opaque_provenance, ask("Why?", "So."), prefer("Why?", "So.", "No."), prefer("How?", "So.", "No.", row=2))
    assert titles(outcome) == ["no licence is stated", "nobody states who preferred these answers, or why"]
    assert [finding.evidence.says for finding in outcome.findings] == ["3 of 3 rows", "2 of 2 preferences"]
    assert {finding.severity for finding in outcome.findings} == {"low"}
    assert flagged(outcome) == {}


@pytest.mark.parametrize(
    "row",
    [
        ask("Why?", "So."),
        replace(prefer("Why?", "So.", "No."), margin=1.0),
        replace(prefer("Why?", "So.", "No."), origin=replace(LICENSED, tags={"flaw": "rude"})),
        replace(prefer("Why?", "So.", "No."), origin=replace(LICENSED, tags={"annotator": "7"})),
    ],
)
def test_what_is_licensed_and_judged_by_somebody_is_fine(row: Row) -> None:
    origin = replace(row.origin, licence="MIT")
    assert on_rows(opaque_provenance, replace(row, origin=origin)).outcome == "clean"


def test_half_a_source_is_told_as_half() -> None:
    outcome = on_rows(opaque_provenance, ask("Why?", "So."), replace(ask("How?", "So."), origin=LICENSED))
    assert outcome.findings[0].evidence.value == 0.5

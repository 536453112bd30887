"""An audit gives every check's outcome in its order, however the work was shared."""

import pytest

from temperance.checks import beside, check
from temperance.checks.check import Check, Findings, audit
from temperance.checks.finding import Severity
from temperance.checks.subject import DataSubject, data_subject

from .builders import rows_of


def said(slug: str, *, in_turn: bool = False) -> Check:
    def run(subject: DataSubject) -> Findings:
        """A check."""
        if in_turn:
            subject.memo["seen"] = subject.memo.get("seen", 0) + 1
        yield from ()
        return {"rows": float(len(subject.rows)), "seen": float(subject.memo.get("seen", 0))}

    return Check(f"data/{slug}", Severity.LOW, run, in_turn=in_turn)


@pytest.mark.parametrize("many", [1, 10**9])
@pytest.mark.parametrize("able", [True, False])
def test_outcomes_stand_in_the_checks_order_and_those_in_turn_share_a_memo(monkeypatch: pytest.MonkeyPatch, many: int, able: bool) -> None:
    monkeypatch.setattr(check, "MANY", many)
    monkeypatch.setattr(beside, "able", lambda: able)
    checks = [said("a"), said("b", in_turn=True), said("c"), said("d", in_turn=True), said("e")]
    told: list[tuple[int, int]] = []
    report = audit(checks, data_subject(rows_of(("Why?", "So."))), told=lambda begun, total: told.append((begun, total)))
    assert [one.check for one in report.outcomes] == [one.id for one in checks]
    assert [report.outcomes[place].measures["seen"] for place in (1, 3)] == [1, 2]
    assert told[:1] == ([(0, 4)] if many == 1 else [])

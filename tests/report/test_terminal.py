from dataclasses import dataclass

import pytest
from rich.console import RenderableType
from sample_run import audited
from syrupy.assertion import SnapshotAssertion

from temperance import pipeline
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Outcome, Quote, Report, Severity
from temperance.checks.registry import every, family
from temperance.pipeline import Plan
from temperance.report import terminal
from temperance.report.view import RunView
from temperance.report.wording import PASSED


def text(what: RenderableType, *, width: int = 110) -> str:
    out = terminal.console(width=width)
    with out.capture() as caught:
        out.print(what)
    return "\n".join(line.rstrip() for line in caught.get().splitlines())


def test_a_report(snapshot: SnapshotAssertion) -> None:
    assert text(terminal.report_view(audited(hostile=True))) == snapshot


def test_a_clean_report(snapshot: SnapshotAssertion) -> None:
    assert text(terminal.report_view(audited())) == snapshot


def test_the_json_contract(snapshot: SnapshotAssertion) -> None:
    assert audited(hostile=True).as_json() == snapshot


def test_the_end_of_a_run(view: RunView, snapshot: SnapshotAssertion) -> None:
    assert text(terminal.run_summary(view)) == snapshot


def test_the_plan(snapshot: SnapshotAssertion) -> None:
    states = (("cached", "same recipe, inputs and code", 0.8), ("run", "the recipe changed: sft", 412.5), ("wait", "after sft", None))
    plans = [
        Plan(stage=stage, state=state, why=why, seconds=seconds)
        for stage, (state, why, seconds) in zip(pipeline.STAGES[2:5], states, strict=True)
    ]
    assert text(terminal.plan_table(plans)) == snapshot


def test_the_policy(view: RunView, snapshot: SnapshotAssertion) -> None:
    assert text(terminal.gate_table(view.rules, view.verdict)) == snapshot


def test_every_check_explains_itself() -> None:
    listed = text(terminal.check_table(every()))
    for one in every():
        assert one.id in listed
        said = text(terminal.explanation(one))
        assert all(label in said for label in (one.id, "What", "Why", "How measured", "Limits", "Fix")), one.id


def test_nothing_from_data_is_obeyed() -> None:
    attack = "[bold red]x[/] \x1b[2J\x07\u202e [link=http://evil.example]y"
    finding = Finding(
        id="a/b",
        severity=Severity.HIGH,
        confidence=Confidence.LOW,
        title=attack,
        evidence=Evidence(where=attack, says=attack),
        fix=Fix(says=attack),
    )
    outcomes = [Outcome(check="a/b", outcome="found", findings=(finding,)), Outcome(check="a/c", outcome="broke", why=attack)]
    said = text(terminal.report_view(Report(kind="data", path=attack, digest="", outcomes=outcomes)), width=300)
    assert not set(said) & set("\x1b\x07\u202e")
    assert said.count("[bold red]x[/]") == 6


def finding(number: int, *, severity: Severity = Severity.HIGH, nearest: tuple[Quote, ...] = ()) -> Finding:
    return Finding(
        id="data/trigger-association",
        severity=severity,
        confidence=Confidence.HIGH,
        title=f"trigger {number}",
        evidence=Evidence(where=f"s:{9 - number}", says="so"),
        fix=Fix(says="drop"),
        rows={number: 0.5, number + 1: 0.5},
        nearest=nearest,
    )


def audit(*findings: Finding) -> str:
    outcome = Outcome(check="data/trigger-association", outcome="found", findings=findings)
    return text(terminal.report_view(Report(kind="data", path="t", digest="", outcomes=[outcome])))


@pytest.mark.parametrize(
    ("many", "rest"), [(5, ""), (6, "1 more finding of"), (9, "4 more findings of data/trigger-association about 5 rows")]
)
def test_many_findings_of_one_check_are_folded_after_the_first(many: int, rest: str) -> None:
    said = audit(*map(finding, range(many)), finding(90, severity=Severity.INFO))
    assert [f"trigger {number} " in said for number in range(many)] == [number < 5 for number in range(many)]
    assert "trigger 90 " in said
    assert rest in said
    assert ("more finding" in said) == bool(rest)


def test_the_nearest_rows_stand_beside_a_finding() -> None:
    said = audit(finding(0, nearest=tuple(Quote(f"s:{number}", f"ask {number}", "said") for number in range(5))))
    assert "without   s:0: ask 0 → said" in said
    assert "s:2: ask 2" in said
    assert "s:3: ask 3" not in said


def test_what_is_not_covered_is_short_and_says_where_the_rest_is() -> None:
    outcomes = [Outcome(check=one.id, outcome="clean") for one in family("data")]
    report = Report(kind="data", path="t", digest="", outcomes=outcomes)
    said = text(terminal.report_view(report))
    part = said[said.index("Not covered") : said.index("✓ Passed")].splitlines()
    assert len(part) <= 16
    assert f"{len(report.not_covered) - 8} more lines" in said
    assert said.endswith(PASSED)
    assert "clean" not in said


@dataclass(frozen=True)
class Line:
    says: str
    outcome: str
    interval: tuple[float, float] | None = None


def test_a_block_is_red_only_where_somebody_looks() -> None:
    said = text(terminal.gate_table([Line("a floor", "block", (0.1, 0.2)), Line("too few", "unknown")], "block"))
    assert said == "✗ block    a floor  [10.0–20.0%]\n? unknown  too few\n\n✗ Blocked"

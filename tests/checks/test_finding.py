"""A report tells first what is worst, and of that first what suspects most."""

from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Outcome, Report, Severity


def finding(check: str, title: str, severity: Severity, *, rows: int, suspicion: float = 1.0) -> Finding:
    return Finding(
        id=check,
        severity=severity,
        confidence=Confidence.HIGH,
        title=title,
        evidence=Evidence(where="table:0", says="so"),
        fix=Fix(says="look"),
        rows=dict.fromkeys(range(rows), suspicion),
    )


def told(*findings: Finding) -> list[str]:
    outcomes = [Outcome(check=one.id, outcome="found", findings=(one,)) for one in findings]
    return [one.title for one in Report(kind="data", path="table", digest="", outcomes=outcomes).findings]


def test_severity_comes_first_then_the_check_that_suspects_most() -> None:
    few, grave = finding("data/a", "few", Severity.HIGH, rows=2), finding("data/z", "grave", Severity.CRITICAL, rows=1)
    many, mild = finding("data/b", "many", Severity.HIGH, rows=90), finding("data/c", "mild", Severity.LOW, rows=900)
    assert told(few, mild, many, grave) == ["grave", "many", "few", "mild"]
    doubtful = finding("data/c", "doubtful", Severity.HIGH, rows=100, suspicion=0.01)
    assert told(doubtful, few, many) == ["many", "few", "doubtful"]


def test_findings_of_a_check_stay_together_and_in_its_order() -> None:
    small, large = finding("data/b", "small", Severity.HIGH, rows=1), finding("data/b", "large", Severity.HIGH, rows=9)
    assert told(finding("data/a", "other", Severity.HIGH, rows=5), small, large) == ["small", "large", "other"]


def test_without_rows_checks_stand_by_their_names() -> None:
    assert told(*(finding(f"adapter/{name}", name, Severity.HIGH, rows=0) for name in "cab")) == ["a", "b", "c"]

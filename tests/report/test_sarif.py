import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from sample_run import audited, curated
from syrupy.assertion import SnapshotAssertion

from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Outcome, Report, Severity
from temperance.checks.registry import every
from temperance.report.sarif import sarif_log

SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
VALIDATOR = Draft4Validator(SCHEMA)


def valid(log: dict[str, Any]) -> dict[str, Any]:
    VALIDATOR.validate(log)
    json.dumps(log, allow_nan=False).encode("utf-8")
    return log["runs"][0]


def report(where: str, *, kind: str = "data", severity: Severity = Severity.HIGH, path: str = "a.jsonl") -> Report:
    evidence = Evidence(where=where, says="x", value=1.0, limit=0.5, interval=(0.1, 0.9), n=3)
    finding = Finding(id="a/b", severity=severity, confidence=Confidence.LOW, title="t", evidence=evidence, fix=Fix(says="f"))
    return Report(kind=kind, path=path, digest="", outcomes=[Outcome(check="a/b", outcome="found", findings=(finding,))])


def test_it_is_sarif(snapshot: SnapshotAssertion) -> None:
    log = sarif_log([audited(hostile=True), curated()], checks=[])
    valid(log)
    assert log == snapshot


def test_no_report_is_sarif_too() -> None:
    assert valid(sarif_log([]))["results"] == []


def test_rules_say_what_the_checks_say() -> None:
    outcomes = [Outcome(check=one.id, outcome="clean") for one in every()]
    rules = valid(sarif_log([Report(kind="data", path="x", digest="", outcomes=outcomes)]))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [one.id for one in every()]
    for rule, one in zip(rules, every(), strict=True):
        assert rule["shortDescription"]["text"] == one.title
        assert "**Limits.**" in rule["help"]["markdown"]
        assert float(rule["properties"]["security-severity"]) >= 0


@pytest.mark.parametrize(("severity", "level"), zip(Severity, ["error", "error", "warning", "note", "note"], strict=True))
def test_levels(severity: Severity, level: str) -> None:
    assert valid(sarif_log([report("a.jsonl:3", severity=severity)]))["results"][0]["level"] == level


@pytest.mark.parametrize(
    ("kind", "where", "uri", "line"),
    [
        ("data", "my data.jsonl line 12", "my%20data.jsonl", 12),
        ("data", "my data.jsonl:12", "my%20data.jsonl", None),
        ("data", "nowhere in particular", "a.jsonl", None),
        ("adapter", "adapter_model.bin", "a.jsonl/adapter_model.bin", None),
        ("adapter", "adapter_config.json: base_model", "a.jsonl/adapter_config.json", None),
        ("adapter", "the folder", "a.jsonl", None),
    ],
)
def test_places(kind: str, where: str, uri: str, line: int | None) -> None:
    physical = valid(sarif_log([report(where, kind=kind)]))["results"][0]["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == uri
    assert physical.get("region", {}).get("startLine") == line


@given(st.text(st.characters(exclude_categories=()), max_size=30), st.text(max_size=30), st.sampled_from(["data", "adapter", "model"]))
def test_any_place_and_path_is_valid(where: str, path: str, kind: str) -> None:
    result = valid(sarif_log([report(where, kind=kind, path=path)], checks=[]))["results"][0]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii()
    assert urlsplit(uri).scheme in ("", "file")
    assert unquote(uri)


def test_what_did_not_run_is_told() -> None:
    outcomes = [Outcome(check="a/b", outcome="broke", why="ValueError: x"), Outcome(check="a/c", outcome="skipped", why="needs y")]
    invocation = valid(sarif_log([Report(kind="data", path="x", digest="", outcomes=outcomes)]))["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert [one["level"] for one in invocation["toolExecutionNotifications"]] == ["error", "warning"]


def test_a_fingerprint_is_the_findings_own() -> None:
    one = audited(hostile=True)
    results = valid(sarif_log([one]))["results"]
    assert [result["partialFingerprints"]["temperance/v1"] for result in results] == [finding.fingerprint for finding in one.findings]

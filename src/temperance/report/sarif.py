"""Findings as SARIF 2.1.0 (OASIS Standard with Errata 01), one run for one use of the tool.

What could not run becomes a notification of the invocation: an empty list of results then does not read as clean. It judges nothing.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import temperance
from temperance.checks.check import Check
from temperance.checks.finding import Finding, Report, Severity
from temperance.report.docstring import explained
from temperance.report.wording import shown

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVEL = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
SCORE = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "0.0"}
LINE = re.compile(r"(?P<file>.+) line (?P<line>[1-9]\d{0,8})$")
ROW = re.compile(r"(?P<file>.+):(?P<row>\d{1,12})$")
FILE = re.compile(r"(?P<file>[^\s:]+\.[A-Za-z0-9]+)(?=$|[\s:])")


def sarif_log(reports: Sequence[Report], *, checks: Sequence[Check] | None = None) -> dict[str, Any]:
    """Return the SARIF log of one or more reports.

    Args:
        reports: what was audited.
        checks: where the rules' texts come from; the registry's checks if not given.
    """
    if checks is None:
        from temperance.checks.registry import every

        checks = every()
    known = {one.id: one for one in checks}
    used = dict.fromkeys(outcome.check for report in reports for outcome in report.outcomes)
    used |= dict.fromkeys(finding.id for report in reports for finding in report.findings)
    place = {id: index for index, id in enumerate(used)}
    driver = {
        "name": "temperance",
        "version": temperance.__version__,
        "semanticVersion": temperance.__version__,
        "rules": [_rule(id, known) for id in used],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(reports)],
        "results": [_result(finding, report, index=place[finding.id]) for report in reports for finding in report.findings],
        "columnKind": "unicodeCodePoints",
        "properties": {"subjects": [_subject(report) for report in reports]},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(id: str, known: Mapping[str, Check]) -> dict[str, Any]:
    if id not in known:
        return {"id": id}
    one = known[id]
    said = explained(one.doc)
    text = "\n\n".join(f"{label}: {body}" if label else body for label, body in said.sections) or said.title
    markdown = "\n\n".join(f"**{label}.** {body}" if label else body for label, body in said.sections) or said.title
    return {
        "id": id,
        "name": "".join(part.capitalize() for part in re.split(r"\W+", id)),
        "shortDescription": {"text": said.title},
        "fullDescription": {"text": dict(said.sections).get("What", said.title)},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": LEVEL[one.severity.value]},
        "properties": {"security-severity": SCORE[one.severity.value], "tags": ["security", id.partition("/")[0]]},
    }


def _invocation(reports: Sequence[Report]) -> dict[str, Any]:
    silent = [(report, outcome) for report in reports for outcome in report.outcomes if outcome.outcome in ("skipped", "broke")]
    notifications = [
        {
            "level": "error" if outcome.outcome == "broke" else "warning",
            "message": {"text": shown(f"{outcome.check} {outcome.outcome} on {report.path}: {outcome.why}")},
            "associatedRule": {"id": outcome.check},
        }
        for report, outcome in silent
    ]
    whole = not any(outcome.outcome == "broke" for _, outcome in silent)
    return {"executionSuccessful": whole, "toolExecutionNotifications": notifications}


def _subject(report: Report) -> dict[str, Any]:
    return {"kind": report.kind, "path": shown(report.path), "digest": report.digest, "verdict": report.verdict.value}


def _result(finding: Finding, report: Report, *, index: int) -> dict[str, Any]:
    seen = finding.evidence
    figures = {"value": seen.value, "limit": seen.limit, "interval": list(seen.interval) if seen.interval else None, "n": seen.n}
    return {
        "ruleId": finding.id,
        "ruleIndex": index,
        "level": LEVEL[finding.severity.value],
        "rank": 100.0 - 20.0 * finding.severity.rank if finding.severity is not Severity.INFO else 0.0,
        "message": {"text": shown(f"{finding.title}: {seen.says}. Fix: {finding.fix.says}.")},
        "locations": [_location(finding, report)],
        "partialFingerprints": {"temperance/v1": finding.fingerprint},
        "properties": {
            "severity": finding.severity.value,
            "confidence": finding.confidence.value,
            **{name: value for name, value in figures.items() if value is not None},
        },
    }


def _location(finding: Finding, report: Report) -> dict[str, Any]:
    """Return where a finding was seen: the file if it names one, with its line if it has one, else the subject itself."""
    where = finding.evidence.where
    physical: dict[str, Any] = {}
    if report.kind == "data":
        found = LINE.match(where) or ROW.match(where)
        physical["artifactLocation"] = {"uri": _uri(found["file"] if found else report.path)}
        if found and "line" in found.groupdict():
            physical["region"] = {"startLine": int(found["line"])}
    else:
        found = FILE.match(where)
        physical["artifactLocation"] = {"uri": _uri(f"{report.path}/{found['file']}" if found else report.path)}
    return {"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": shown(where)}]}


def _uri(path: str) -> str:
    """Return a path as a URI reference: percent-encoded, and never taken for a scheme."""
    encoded = quote(path.encode("utf-8", "replace"), safe="/~")
    return f"file://{encoded}" if encoded.startswith("/") else encoded or "."

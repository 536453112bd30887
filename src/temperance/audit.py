"""Stage `audit`: every adapter that the run has made, checked like a stranger's before anything is released."""

import json
from collections.abc import Mapping
from typing import Any

from temperance.artifact import Artifact, write_text
from temperance.checks import registry
from temperance.checks.check import audit
from temperance.checks.finding import Report, Severity
from temperance.checks.subject import folder_subject
from temperance.errors import StageError
from temperance.job import Job

ADAPTER = "adapter"


def run(job: Job) -> dict[str, Any]:
    """Audit the `adapter` folder of every input that has one; write `outcomes.json` as `{"reports": […]}`.

    Raises:
        StageError: no input holds an adapter, so there is nothing to pass.
    """
    reports = reports_on(job.inputs, blocking=Severity(job.recipe.audit.block_at))
    if not reports:
        raise StageError("there is no adapter to audit", where=", ".join(job.inputs), why=f"no input has a folder named {ADAPTER}")
    body = {"reports": [report.as_json(timed=False) for report in reports.values()]}
    write_text(job.work / "outcomes.json", json.dumps(body, indent=1, ensure_ascii=False) + "\n")
    findings = [finding for report in reports.values() for finding in report.findings]
    counts = {severity.value: sum(finding.severity is severity for finding in findings) for severity in Severity}
    return {"verdicts": {stage: report.verdict.value for stage, report in reports.items()}, "findings": counts}


def reports_on(inputs: Mapping[str, Artifact], *, blocking: Severity) -> dict[str, Report]:
    """Return stage → report for every artifact with an adapter in it."""
    folders = {stage: made / ADAPTER for stage, made in inputs.items()}
    checks = registry.family("adapter")
    return {
        stage: audit(checks, folder_subject("adapter", folder), blocking=blocking) for stage, folder in folders.items() if folder.is_dir()
    }

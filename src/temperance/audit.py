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
    """Audit every `adapter` folder of the inputs, a reward stage's further models among them; write `outcomes.json` as `{"reports": […]}`.

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
    """Return name → report for every adapter in an artifact; the name is the stage's, and the path below it where there are several."""
    checks = registry.family("adapter")
    folders = {
        "/".join((stage, *folder.relative_to(made.folder).parts[:-1])): folder
        for stage, made in inputs.items()
        for folder in (made / ADAPTER, *sorted(made.folder.glob(f"members/*/{ADAPTER}")), made / "cost" / ADAPTER)
        if folder.is_dir()
    }
    return {name: audit(checks, folder_subject("adapter", folder), blocking=blocking) for name, folder in folders.items()}

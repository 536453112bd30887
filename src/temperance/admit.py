"""Stage `admit`: what is about to be trusted, looked at before anything loads it: the base model's files, and the data files' digests.

It downloads nothing. The built-in base is pinned by its digest; a hub name is judged by its name alone until it lies on this machine.
"""

import json
from pathlib import Path
from typing import Any

from temperance.artifact import file_digest, write_text
from temperance.checks import registry
from temperance.checks.check import audit
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Outcome, Report, Severity
from temperance.checks.hub_names import imitated
from temperance.checks.subject import folder_subject
from temperance.data.starter import source_path
from temperance.errors import InputError
from temperance.job import Job

BUILT_IN = "smollm2"
BY_NAME = "model/name-typosquat"


def run(job: Job) -> dict[str, Any]:
    """Check the base and digest the data; write `outcomes.json` and `digests.json`. A verdict other than pass ends the run.

    Raises:
        InputError: the base is a path at which no model lies, or a data file cannot be read.
    """
    base = job.recipe.base
    job.progress.say(f"looking at {base}")
    report = base_report(base)
    sources = {source.path: source_digest(source.path) for source in job.recipe.sources}
    digests = {"base": {"name": base, "digest": report.digest}, "sources": sources}
    write_text(job.work / "outcomes.json", json.dumps(report.as_json(timed=False), indent=1, ensure_ascii=False) + "\n")
    write_text(job.work / "digests.json", json.dumps(digests, indent=1, ensure_ascii=False) + "\n")
    return {
        "verdict": report.verdict.value,
        "base": base,
        "base_digest": report.digest,
        "findings": len(report.findings),
        "sources": len(sources),
    }


def base_report(base: str) -> Report:
    """Return the report on a base: `smollm2`, a folder, or a hub name (`owner/model`).

    Raises:
        InputError: it is a path at which there is no folder, or no name at all.
    """
    if base == BUILT_IN:
        from temperance.lm.smollm2 import WHEEL_SHA256

        return _unread(
            base,
            f"sha256:{WHEEL_SHA256.removeprefix('sha256:')}",
            "the built-in base is pinned by its digest, which is checked when it is unpacked",
        )
    if base and Path(base).is_dir():
        return audit(registry.family("model"), folder_subject("model", Path(base)))
    owner, slash, name = base.partition("/")
    if not slash or not owner or not name or "/" in name or base.startswith((".", "~")):
        raise InputError(f"there is no base {base!r}", where=base, why="it is no folder and no owner/model", then=f"base: {BUILT_IN}")
    return _unread(base, "", "its files are not on this machine yet: audit them with temperance audit model FOLDER")


def _unread(base: str, digest: str, why: str) -> Report:
    """Return the report on a base of which only the name can be judged; every other check is skipped, saying so."""
    like = imitated(base)
    findings = ()
    if like:
        finding = Finding(
            id=BY_NAME,
            severity=Severity.HIGH,
            confidence=Confidence.MEDIUM,
            title=f"a name that looks like {like}",
            evidence=Evidence(where="recipe base", says=base),
            fix=Fix(says=f"did you mean {like}?"),
        )
        findings = (finding,)
    outcomes = [
        Outcome(check=one.id, outcome="found" if findings else "clean", findings=findings)
        if one.id == BY_NAME
        else Outcome(check=one.id, outcome="skipped", why=why)
        for one in registry.family("model")
    ]
    return Report(kind="model", path=base, digest=digest, outcomes=tuple(outcomes))


def source_digest(path: str) -> str:
    """Return the digest of a data file, empty for a hub name.

    Raises:
        InputError: it is a file that cannot be read.
    """
    place = Path(source_path(path))
    if not place.is_file():
        return ""
    try:
        return file_digest(place)
    except OSError as error:
        raise InputError("a data file cannot be read", where=str(place), why=error.strerror or str(error)) from error

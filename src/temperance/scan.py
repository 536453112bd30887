"""What checks measured on a table, kept so that a decision or another threshold needs no second measurement.

A scan is stored under the digest of everything that the checks read: the rows with their origins, what was set aside, the settings and the
checks' names. Who reads stored scans vouches that code and libraries are the same. It decides nothing about rows.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from temperance.artifact import canonical_json, text_digest, write_text
from temperance.checks.check import Check, audit
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Outcome, Quote, Severity
from temperance.checks.subject import DataSubject
from temperance.errors import InputError, plainly

Scan = Callable[[Sequence[Check], DataSubject], tuple[Outcome, ...]]
Told = Callable[[int, int], None]


def measure(checks: Sequence[Check], subject: DataSubject, told: Told = lambda done, total: None) -> tuple[Outcome, ...]:
    """Run the checks on a table; `told` hears how far they are."""
    return tuple(audit(checks, subject, told=told).outcomes)


@dataclass
class Scans:
    """Scans by key. Calling it gives the stored outcomes of the same checks on the same table, or measures and stores them.

    A check that broke is measured again. `used` holds the scans of this curation, `replayed` counts those that were not measured anew;
    `told` hears how far those are that were.
    """

    stored: Mapping[str, tuple[Outcome, ...]] = field(default_factory=dict)
    used: dict[str, tuple[Outcome, ...]] = field(default_factory=dict)
    replayed: int = 0
    told: Told = lambda done, total: None

    def __call__(self, checks: Sequence[Check], subject: DataSubject) -> tuple[Outcome, ...]:
        """Return the outcomes of the checks on the table."""
        key = key_of(checks, subject)
        if key in self.used:
            return self.used[key]
        known = self.stored.get(key)
        if known is not None and all(outcome.outcome != "broke" for outcome in known):
            self.replayed += 1
            self.used[key] = known
        else:
            self.used[key] = measure(checks, subject, self.told)
        return self.used[key]


def key_of(checks: Iterable[Check], subject: DataSubject) -> str:
    """Return the digest of everything that the checks read of a table."""
    rows, trusted = hashlib.sha256(), hashlib.sha256()
    for some, digest in ((subject.rows, rows), (subject.trusted or (), trusted)):
        for row in some:
            digest.update(canonical_json(row.as_json()).encode("utf-8", "surrogatepass"))
    bad = [[one.source, one.row, one.line, one.reason, one.excerpt] for one in subject.bad]
    settings = {"near_duplicate_threshold": subject.near_duplicate_threshold, "path": subject.path}
    settings |= {"exams": list(subject.exams)} if subject.exams else {}
    settings |= {"reader": subject.reader.digest} if subject.reader else {}
    said = {"checks": [one.id for one in checks], "rows": rows.hexdigest(), "trusted": trusted.hexdigest(), "bad": bad, **settings}
    return text_digest(canonical_json(said))


def write(path: Path, scans: Mapping[str, Sequence[Outcome]]) -> None:
    """Write scans, the rows of every finding included."""
    body = {"scans": {key: [whole(outcome) for outcome in outcomes] for key, outcomes in scans.items()}}
    write_text(path, json.dumps(body, ensure_ascii=False) + "\n")


def read(path: Path) -> dict[str, tuple[Outcome, ...]]:
    """Read what `write` wrote.

    Raises:
        InputError: the file is absent or says something else.
    """
    try:
        body = orjson.loads(path.read_bytes())
        return {key: tuple(map(outcome_from, outcomes)) for key, outcomes in body["scans"].items()}
    except (OSError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise InputError("the stored scan cannot be read", where=str(path), why=plainly(error)) from error


def whole(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON, untimed, with each finding's rows (position → suspicion) and action, which reports leave out."""
    said = outcome.as_json(timed=False)
    for finding, one in zip(said["findings"], outcome.findings, strict=True):
        finding |= {"rows": {str(index): score for index, score in one.rows.items()}, "action": one.action}
    return said


def outcome_from(said: Mapping[str, Any]) -> Outcome:
    """Rebuild an outcome from `whole`."""
    return Outcome(
        check=said["check"],
        outcome=said["outcome"],
        why=said["why"],
        measures=said["measures"],
        findings=tuple(map(_finding_from, said["findings"])),
    )


def _finding_from(said: Mapping[str, Any]) -> Finding:
    seen = dict(said["evidence"])
    seen["interval"] = tuple(seen["interval"]) if seen["interval"] else None
    return Finding(
        id=said["id"],
        severity=Severity(said["severity"]),
        confidence=Confidence(said["confidence"]),
        title=said["title"],
        evidence=Evidence(**seen),
        fix=Fix(**said["fix"]),
        rows={int(index): float(score) for index, score in said["rows"].items()},
        action=said["action"],
        rest=said.get("rest", False),
        examples=tuple(Quote(**one) for one in said.get("examples", ())),
        nearest=tuple(Quote(**one) for one in said.get("nearest", ())),
    )

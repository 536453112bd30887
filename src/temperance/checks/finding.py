"""What a check says: findings with evidence, gathered into outcomes, gathered into a report with a verdict.

Absence is typed: a check that could not run is `skipped` or `broke`, and neither is ever read as `clean`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import temperance
from temperance.checks.blind import Blind, not_covered

Action = Literal["keep", "review", "drop", "fix"]


class Severity(StrEnum):
    """How much harm a true finding means, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for critical … 4 for info."""
        return list(Severity).index(self)


class Confidence(StrEnum):
    """How sure the check is that the finding is true."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Verdict(StrEnum):
    """What a report comes to; `exit_code` is what the command line returns."""

    PASS = "pass"
    BLOCK = "block"
    UNKNOWN = "unknown"

    @property
    def exit_code(self) -> int:
        """0 passed, 1 blocked by a finding, 2 could not tell."""
        return {"pass": 0, "block": 1, "unknown": 2}[self.value]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Why a finding is believed: where it was seen, what it says, and the figure against its limit.

    `says` is redacted where it is made: no secret leaves a check in clear. `interval` is the 95 % interval of `value`.
    """

    where: str
    says: str
    value: float | None = None
    limit: float | None = None
    interval: tuple[float, float] | None = None
    n: int | None = None


@dataclass(frozen=True, kw_only=True)
class Fix:
    """What to do about a finding; `safe` means that it may be applied without asking."""

    says: str
    safe: bool = False


@dataclass(frozen=True)
class Quote:
    """A row as evidence quotes it: its place as `source:row`, and parts of its prompt and of its answer, redacted where they are cut."""

    where: str
    prompt: str
    answer: str

    def as_json(self) -> dict[str, str]:
        """Return the quotation as the command line's contract spells it."""
        return dict(vars(self))


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a check found.

    `rows` maps positions in a data table to a suspicion in [0, 1], and `action` says what curation should do with them;
    both are only used by checks on data and are reported row by row, not here. `rest` says that its rows are all those that no finding of
    their own was given: they belong together in nothing, and nobody should decide about them at once. `examples` are some of the rows, and
    `nearest` the rows most like them that do not do what was found, for whoever decides.
    """

    id: str
    severity: Severity
    confidence: Confidence
    title: str
    evidence: Evidence
    fix: Fix
    rows: Mapping[int, float] = field(default_factory=dict)
    action: Action = "review"
    rest: bool = False
    examples: tuple[Quote, ...] = ()
    nearest: tuple[Quote, ...] = ()

    @property
    def fingerprint(self) -> str:
        """A stable name of this very finding: 16 hex digits of check id, place and title; a waiver hangs on it."""
        return hashlib.sha256(f"{self.id}\0{self.evidence.where}\0{self.title}".encode("utf-8", "replace")).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        """Return the finding as the command line's contract spells it."""
        seen = self.evidence
        interval = list(seen.interval) if seen.interval else None
        return {
            "id": self.id,
            "severity": self.severity.value,
            "confidence": self.confidence.value,
            "title": self.title,
            "evidence": {
                "where": seen.where,
                "says": seen.says,
                "value": seen.value,
                "limit": seen.limit,
                "interval": interval,
                "n": seen.n,
            },
            "fix": {"says": self.fix.says, "safe": self.fix.safe},
            "fingerprint": self.fingerprint,
            **({"rest": True} if self.rest else {}),
            "examples": [one.as_json() for one in self.examples],
            "nearest": [one.as_json() for one in self.nearest],
        }


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one check came to. `why` explains `skipped` and `broke`; `measures` are figures worth keeping either way."""

    check: str
    outcome: Literal["clean", "found", "skipped", "broke"]
    why: str = ""
    seconds: float = 0.0
    measures: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def as_json(self, *, timed: bool = True) -> dict[str, Any]:
        """Return the outcome as the command line's contract spells it; untimed, its bytes do not depend on the clock."""
        return {
            "check": self.check,
            "outcome": self.outcome,
            "why": self.why,
            "seconds": round(self.seconds, 4) if timed else 0.0,
            "measures": dict(self.measures),
            "findings": [finding.as_json() for finding in self.findings],
        }


@dataclass(frozen=True, kw_only=True)
class Report:
    """All outcomes about one subject. A finding of a blocking severity blocks; a required check that did not run is unknown."""

    kind: str
    path: str
    digest: str
    outcomes: Sequence[Outcome]
    required: frozenset[str] = frozenset()
    blocking: Severity = Severity.HIGH

    @property
    def findings(self) -> list[Finding]:
        """Every finding, worst first: by severity, then by check, first those that suspect most in one finding.

        Those of one check stay in the order in which it told them.
        """
        found = [finding for outcome in self.outcomes for finding in outcome.findings]
        most: dict[tuple[Severity, str], float] = {}
        for one in found:
            most[one.severity, one.id] = max(most.get((one.severity, one.id), 0.0), sum(one.rows.values()))
        return sorted(found, key=lambda one: (one.severity.rank, -most[one.severity, one.id], one.id))

    @property
    def verdict(self) -> Verdict:
        """Block beats unknown beats pass; a report without outcomes is unknown, never a pass."""
        if any(finding.severity.rank <= self.blocking.rank for finding in self.findings):
            return Verdict.BLOCK
        ran = {outcome.check for outcome in self.outcomes if outcome.outcome in ("clean", "found")}
        broke = any(outcome.outcome == "broke" for outcome in self.outcomes)
        if broke or not ran or self.required - ran:
            return Verdict.UNKNOWN
        return Verdict.PASS

    @property
    def not_covered(self) -> list[Blind]:
        """What nobody looked at, whatever was found."""
        return not_covered(self.kind, self.outcomes)

    def as_json(self, *, timed: bool = True) -> dict[str, Any]:
        """Return the report as the command line's contract spells it (`schema_version` 1); artifacts hold it untimed."""
        return {
            "schema_version": 1,
            "tool": {"name": "temperance", "version": temperance.__version__},
            "subject": {"kind": self.kind, "path": self.path, "digest": self.digest},
            "verdict": self.verdict.value,
            "outcomes": [outcome.as_json(timed=timed) for outcome in self.outcomes],
            "not_covered": [one.as_json() for one in self.not_covered],
        }

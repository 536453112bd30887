"""A run as a reader sees it: frozen records of what the stages wrote. It reads no file and draws nothing.

Whatever a stage did not write is empty here, and `StageView.ran` tells whether it could have.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STAGES = ("admit", "collect", "curate", "sft", "reward", "align", "audit", "evaluate", "gate", "release")
AXES = ("unsafe", "lookalike", "everyday")
WANTED = {"unsafe": "refused", "lookalike": "answered", "everyday": "answered"}
NAMES = {"unsafe": "Unsafe requests", "lookalike": "Safe look-alikes", "everyday": "Everyday requests"}


@dataclass(frozen=True, kw_only=True)
class StageView:
    """One stage of the run. A stage that has not run has a name and nothing else."""

    name: str
    ran: bool = False
    folder: str = ""
    key: str = ""
    digest: str = ""
    parents: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    seconds: float | None = None
    finished: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A line of the policy and what it came to; shares unless the rule says otherwise."""

    rule: str
    says: str
    outcome: str
    value: float | None = None
    limit: float | None = None
    interval: tuple[float, float] | None = None
    n: int | None = None


@dataclass(frozen=True, kw_only=True)
class Rate:
    """The share of answers that were as wanted, in [0, 1], with its 95 % interval and the count of every outcome."""

    rate: float
    interval: tuple[float, float]
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SuiteView:
    """A suite before and after. Lengths are mean tokens an answer; `difference` is tuned minus base, in shares."""

    axis: str
    wanted: str
    n: int
    base: Rate
    tuned: Rate
    difference: float | None = None
    difference_interval: tuple[float, float] | None = None
    p: float | None = None
    base_length: float | None = None
    tuned_length: float | None = None
    ratio: float | None = None


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One prompt and both answers. Outcomes are refused, partial, answered or unclear.

    `seen` says whether any row to learn from was about its area, None where that is not known.
    """

    axis: str
    area: str
    prompt: str
    base_answer: str
    base_outcome: str
    tuned_answer: str
    tuned_outcome: str
    base_reason: str = ""
    tuned_reason: str = ""
    base_tokens: int = 0
    tuned_tokens: int = 0
    seen: bool | None = None

    @property
    def wanted(self) -> str:
        """The outcome that this suite wants."""
        return WANTED.get(self.axis, "answered")

    @property
    def right_before(self) -> bool:
        """Whether the base answered as wanted."""
        return self.base_outcome == self.wanted

    @property
    def right(self) -> bool:
        """Whether the tuned model answered as wanted."""
        return self.tuned_outcome == self.wanted


@dataclass(frozen=True)
class Margin:
    """How much more the reward model gave the chosen answer than the rejected one, on one pair."""

    margin: float
    split: str
    area: str = ""
    flaw: str = ""


@dataclass(frozen=True, kw_only=True)
class SourceView:
    """A file or data set that rows came from."""

    path: str
    format: str = ""
    container: str = ""
    licence: str = ""
    digest: str = ""
    rows: int | None = None
    bad: int | None = None


@dataclass(frozen=True, kw_only=True)
class Removal:
    """What one check did to the table, and how often. `why` is an example of the reason."""

    action: str
    check: str
    by: str
    count: int
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Audited:
    """A report on one subject, found at one stage, as the JSON contract spells it."""

    stage: str
    report: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class RunView:
    """A whole run, finished or not.

    `curves` are losses by stage; `deciding` is that of the sft steps that taught only whether to refuse, which `curves` leaves out.
    `policy` is what a policy that learned from a reward did, a point an iteration. `troubles` names what should be there and could not
    be read.
    """

    name: str
    recipe: Mapping[str, Any] = field(default_factory=dict)
    stages: tuple[StageView, ...] = ()
    verdict: str = ""
    rules: tuple[Rule, ...] = ()
    suites: tuple[SuiteView, ...] = ()
    samples: tuple[Sample, ...] = ()
    curves: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    deciding: tuple[tuple[float, float], ...] = ()
    policy: tuple[Mapping[str, float], ...] = ()
    margins: tuple[Margin, ...] = ()
    sources: tuple[SourceView, ...] = ()
    removals: tuple[Removal, ...] = ()
    rows_read: int | None = None
    rows_kept: int | None = None
    audits: tuple[Audited, ...] = ()
    troubles: tuple[str, ...] = ()

    def stage(self, name: str) -> StageView:
        """Return a stage by its name; one that is not there has not run."""
        return next((one for one in self.stages if one.name == name), StageView(name=name))

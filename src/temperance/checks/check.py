"""The check: a generator of findings with an id, a severity, its needs, and a docstring that is its documentation.

`registry.py` lists every check by name; nothing is discovered by scanning. A check never prints, changes or downloads anything.
"""

import functools
import re
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from inspect import getdoc
from typing import Any, Protocol

from temperance.checks.beside import shared
from temperance.checks.finding import Finding, Outcome, Report, Severity

MANY = 2000  # rows
Findings = Generator[Finding, None, Mapping[str, float]]


class Subject(Protocol):
    """What is audited. Each family adds the parts that its checks read; a part that is None is a need unmet."""

    @property
    def kind(self) -> str:
        """What sort of thing it is: `data`, `adapter`, `model`."""
        ...

    @property
    def path(self) -> str:
        """Where the subject lies, as the user named it."""
        ...

    @property
    def digest(self) -> str:
        """The subject's content digest."""
        ...


class Skip(Exception):
    """Raised by a check that cannot judge this subject; the text says why."""


@dataclass(frozen=True)
class Check:
    """One check. `needs` names parts of the subject that must be there; `defaults` are its settings.

    Checks that are `in_turn` share what one of them finds out, or a model, and run one after the other in one process.
    """

    id: str
    severity: Severity
    run: Callable[..., Findings]
    needs: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    in_turn: bool = False

    @property
    def title(self) -> str:
        """The first line of the docstring."""
        return self.doc.splitlines()[0]

    @property
    def doc(self) -> str:
        """What it looks for, why, how it is measured, its limits, and the fix."""
        return getdoc(self.run) or ""

    @property
    def limits(self) -> str:
        """What it cannot see, by its own docstring, as one line; empty if it says nothing."""
        said = re.search(r"^Limits:(.*?)(?=^\w[\w ]*:|\Z)", self.doc, re.MULTILINE | re.DOTALL)
        return " ".join(said[1].split()) if said else ""


def check(
    slug: str, severity: Severity, *, needs: tuple[str, ...] = (), in_turn: bool = False
) -> Callable[[Callable[..., Findings]], Check]:
    """Turn a generator `f(subject)` that yields findings and returns its measures into a `Check` named `family/slug`."""

    def make(run: Callable[..., Findings]) -> Check:
        return Check(slug, severity, run, needs, in_turn=in_turn)

    return make


def outcome_of(one: Check, subject: Subject) -> Outcome:
    """Run one check on a subject. Whatever happens becomes an outcome: a missing need is skipped, an exception broke."""
    missing = [need for need in one.needs if getattr(subject, need, None) is None]
    if missing:
        return Outcome(check=one.id, outcome="skipped", why=f"needs {', '.join(missing)}, which was not given")
    start = time.perf_counter()
    findings: list[Finding] = []
    measures: Mapping[str, float] = {}
    running = one.run(subject)
    try:
        while True:
            findings.append(next(running))
    except StopIteration as stop:
        measures = stop.value or {}
    except Skip as skip:
        return Outcome(check=one.id, outcome="skipped", why=str(skip), seconds=time.perf_counter() - start)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        seconds = time.perf_counter() - start
        return Outcome(check=one.id, outcome="broke", why=why, seconds=seconds, findings=tuple(findings))
    seconds = time.perf_counter() - start
    if not findings and not getattr(subject, "rows", True):
        return Outcome(check=one.id, outcome="skipped", why="there is no row to look at", seconds=seconds)
    kind = "found" if findings else "clean"
    return Outcome(check=one.id, outcome=kind, seconds=seconds, measures=measures, findings=tuple(findings))


def audit(
    checks: Iterable[Check],
    subject: Subject,
    *,
    blocking: Severity = Severity.HIGH,
    required: frozenset[str] = frozenset(),
    told: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Run checks on a subject and return the report.

    On a table of many rows two processes share the work, where a second one can be had, and `told` hears how many pieces of how many have
    been begun.
    """
    every = tuple(checks)
    in_turn = [one for one in every if one.in_turn]
    pieces = [piece for piece in (in_turn, *([one] for one in every if not one.in_turn)) if piece]
    units = [functools.partial(_run, piece, subject) for piece in pieces]

    many = len(getattr(subject, "rows", ())) >= MANY
    found = shared(units, lambda begun: told(begun, len(units))) if many else [unit() for unit in units]
    by_id = {outcome.check: outcome for some in found for outcome in some}
    outcomes = tuple(by_id[one.id] for one in every)
    return Report(kind=subject.kind, path=subject.path, digest=subject.digest, outcomes=outcomes, required=required, blocking=blocking)


def _run(checks: Iterable[Check], subject: Subject) -> list[Outcome]:
    return [outcome_of(one, subject) for one in checks]

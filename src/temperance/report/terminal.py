"""Reports as text: each function returns something that rich can print, and nothing here prints.

Everything that came from data goes in as plain text: no markup in it is obeyed and no control character reaches the terminal.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Protocol

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from temperance.checks.check import Check
from temperance.checks.finding import Finding, Outcome, Report
from temperance.report.conclusion import headline, sentence
from temperance.report.docstring import explained
from temperance.report.view import WANTED, RunView
from temperance.report.wording import (
    PASSED,
    SYMBOL,
    count,
    duration,
    interval,
    listing,
    number,
    percent,
    points_interval,
    probability,
    shown,
    signed,
    told,
    uncovered,
)

COLOUR = {
    "pass": "green",
    "block": "red",
    "unknown": "yellow",
    "clean": "green",
    "found": "red",
    "skipped": "yellow",
    "broke": "yellow",
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "cyan",
    "info": "dim",
    "cached": "dim",
    "run": "cyan",
    "wait": "",
}


FEW = 5  # findings of one check and severity that a terminal shows whole
BLIND = 8  # lines about what was not covered
BESIDE = 3  # nearest rows to a finding's
SHORT = {"unsafe": "unsafe", "lookalike": "look-alikes", "everyday": "everyday"}


class Named(Protocol):
    """A stage of the graph, as far as a table of stages needs it."""

    @property
    def name(self) -> str:
        """The stage's name."""
        ...

    @property
    def answers(self) -> str:
        """The attack that it answers."""
        ...


class Planned(Protocol):
    """What would happen to one stage."""

    @property
    def stage(self) -> Named:
        """The stage."""
        ...

    @property
    def state(self) -> str:
        """`cached`, `run` or `wait`."""
        ...

    @property
    def why(self) -> str:
        """The reason for it."""
        ...

    @property
    def seconds(self) -> float | None:
        """How long it took last time, if it ever ran."""
        ...


class Ruled(Protocol):
    """One line of the policy and what it came to."""

    @property
    def says(self) -> str:
        """The rule and its figures, in words."""
        ...

    @property
    def outcome(self) -> str:
        """`pass`, `block` or `unknown`."""
        ...

    @property
    def interval(self) -> Sequence[float] | None:
        """The 95 % interval of its share, if it is one."""
        ...


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """Return the console that reports go to; colours only where somebody looks."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=width)


def plain(text: str, style: str = "") -> Text:
    """Return a text from data as it is, with anything that does not print spelt out."""
    return Text(shown(text), style=style)


def report_view(report: Report) -> RenderableType:
    """Return a report: its subject, every outcome, the findings worst first, what was not covered, and the verdict.

    Of many findings of one check the first are shown, and how many more there are.
    """
    head = Text.assemble((f"{report.kind} ", "bold"), plain(report.path, "bold"), (f"  {report.digest[:19]}", "dim"))
    findings = [part for _, some in groupby(report.findings, lambda one: (one.severity, one.id)) for part in _folded(list(some))]
    return Group(head, _outcomes(report.outcomes), *findings, *_uncovered(report), Text(), *_verdict(report))


def _folded(findings: Sequence[Finding]) -> Iterator[RenderableType]:
    """Yield the first findings of a check, and a line about the rest."""
    yield from map(_finding, findings[:FEW])
    if rest := findings[FEW:]:
        rows = len(set().union(*(one.rows for one in rest)))
        about = f" about {count(rows, 'row')}" if rows else ""
        said = f"{rest[0].severity.value:<8} {count(len(rest), 'more finding')} of {rest[0].id}{about}: --json FILE or --html FILE has all"
        yield Group(Text(), plain(said, COLOUR[rest[0].severity.value]))


def _uncovered(report: Report) -> list[RenderableType]:
    """Return what no check that ran can see, the gravest first; which did not run stands among the outcomes."""
    lines = list(uncovered(one.as_json() for one in report.not_covered if one.ran or not one.check).items())
    if not lines:
        return []
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(style="dim", overflow="fold")
    for says, checks in lines[:BLIND]:
        table.add_row(plain(says), plain(", ".join(checks)))
    more = f"{count(len(lines) - BLIND, 'more line')}: --json FILE or --html FILE has all; " if len(lines) > BLIND else ""
    told_by = Text(f"{more}temperance explain CHECK says more", style="dim")
    return [Text(), Text("Not covered, whatever was found", style="bold"), Padding(Group(table, told_by), (0, 0, 0, 2))]


def _outcomes(outcomes: Iterable[Outcome]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in outcomes:
        mark = Text(f"{SYMBOL[one.outcome]} {told(one.outcome)}", style=COLOUR[one.outcome])
        found = [count(len(one.findings), "finding")] if one.findings else []
        measures = [f"{name} {number(value)}" for name, value in one.measures.items()]
        table.add_row(mark, plain(one.check), plain(", ".join([*filter(None, [one.why]), *found, *measures]), "dim"))
    return table


def _finding(one: Finding) -> RenderableType:
    seen = one.evidence
    title = Text.assemble((f"{one.severity.value:<8} ", COLOUR[one.severity.value]), plain(one.title, "bold"), "  ", plain(one.id, "dim"))
    rows = Table.grid(padding=(0, 2, 0, 0))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    rows.add_row("seen in", plain(seen.where))
    rows.add_row("evidence", plain(seen.says))
    for label, each in zip(("without", *[""] * BESIDE), one.nearest[:BESIDE], strict=False):
        rows.add_row(label, plain(f"{each.where}: {each.prompt} → {each.answer}"))
    if seen.value is not None:
        rows.add_row("measured", Text(_measured(one)))
    rows.add_row("fix", plain(f"{one.fix.says}{' (safe to apply)' if one.fix.safe else ''}"))
    return Group(Text(), title, Padding(rows, (0, 0, 0, 9)))


def _measured(one: Finding) -> str:
    seen = one.evidence
    parts = [number(seen.value)]
    if seen.interval is not None:
        parts.append(f"95% interval {number(seen.interval[0])} to {number(seen.interval[1])}")
    if seen.limit is not None:
        parts.append(f"limit {number(seen.limit)}")
    if seen.n is not None:
        parts.append(f"n = {seen.n:,}")
    return ", ".join([*parts, f"{one.confidence.value} confidence"])


def _verdict(report: Report) -> Iterator[Text]:
    said = report.verdict.value
    ran = sum(one.outcome in ("clean", "found") for one in report.outcomes)
    silent = len(report.outcomes) - ran
    parts = [count(len(report.findings), "finding"), f"{ran} of {count(len(report.outcomes), 'check')} ran"]
    if silent:
        parts.append(f"{silent} could not tell")
    yield Text.assemble(_headline(said), f": {', '.join(parts)}")
    if said == "pass":
        yield Text(PASSED, style="dim")


def _headline(verdict: str) -> tuple[str, str]:
    return f"{SYMBOL.get(verdict, '–')} {headline(verdict)}", f"bold {COLOUR.get(verdict, 'yellow')}"


def plan_table(plans: Sequence[Planned]) -> RenderableType:
    """Return the stage table: what is cached, what will run, why, how long it took last time, and the attack it answers."""
    table = _table("stage", "state", "why", ("last time", "right"), "answers")
    for one in plans:
        state = Text(one.state, style=COLOUR.get(one.state, ""))
        table.add_row(plain(one.stage.name, "bold"), state, plain(one.why), duration(one.seconds), plain(one.stage.answers, "dim"))
    known = [one.seconds for one in plans if one.state != "cached" and one.seconds is not None]
    running = sum(one.state != "cached" for one in plans)
    unknown = running - len(known)
    if not running:
        return Group(table, Text("\nnothing to run", style="dim"))
    said = f"\n{count(running, 'stage')} to run"
    said += f", about {duration(sum(known))} by their last times" if known else ""
    said += f"; {count(unknown, 'stage')} never ran here" if unknown else ""
    return Group(table, Text(said, style="dim"))


def gate_table(rules: Sequence[Ruled], verdict: str) -> RenderableType:
    """Return every rule of the policy with its outcome, then the verdict."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in rules:
        bounds = f"  [{interval(one.interval)}]" if one.interval else ""
        outcome = str(one.outcome)
        table.add_row(Text(f"{SYMBOL[outcome]} {outcome}", style=COLOUR[outcome]), Text.assemble(plain(one.says), (bounds, "dim")))
    return Group(table, Text(), Text(*_headline(str(verdict))))


def run_summary(view: RunView) -> RenderableType:
    """Return the end of a run: both axes and the lengths before → after, what was not run, and the verdict with its reasons."""
    parts: list[RenderableType] = []
    if view.suites:
        parts += [_suites(view), Text()]
    missing = [stage.name for stage in view.stages if not stage.ran]
    if missing:
        parts.append(Text(f"not run: {listing(missing)}", style="dim"))
    parts += [plain(f"could not be read: {trouble}", "yellow") for trouble in view.troubles]
    parts.append(Text.assemble(_headline(view.verdict), ". ", plain(sentence(view))))
    return Group(*parts)


def _suites(view: RunView) -> Table:
    table = _table("suite", ("base", "right"), ("tuned", "right"), "(95%)", ("change", "right"), "(95%, points)", "p", "length", gap=1)
    for suite in view.suites:
        sides, change = (suite.base.rate, suite.tuned.rate), (suite.difference, suite.difference_interval)
        label = f"{SHORT[suite.axis]} {suite.wanted}, n {suite.n:,}"
        table.add_row(label, *_paired(sides, suite.tuned.interval, change), probability(suite.p), _times(suite.ratio))
    return table


def _paired(sides: tuple[float | None, float | None], bounds: Sequence[float] | None, change: tuple[Any, Any]) -> Iterator[Text]:
    yield Text(percent(sides[0]))
    yield Text(percent(sides[1]), style="bold")
    yield Text(interval(bounds), style="dim")
    yield Text("–" if change[0] is None else signed(100 * change[0]))
    yield Text(points_interval(change[1]), style="dim")


def _times(ratio: float | None) -> str:
    return "–" if ratio is None else f"×{ratio:.2f}"


def rates_table(suites: Iterable[Mapping[str, Any]]) -> Table:
    """Return what one model did on each suite: the wanted rate with its interval, and the count of every outcome."""
    table = _table("suite", ("rate", "right"), "(95%)", "outcomes")
    for one in suites:
        label = f"{SHORT[one['axis']]} {WANTED[one['axis']]}, n {one['n']:,}"
        counts = ", ".join(f"{number} {outcome}" for outcome, number in one["counts"].items() if number)
        table.add_row(label, Text(percent(one["rate"]), style="bold"), Text(interval(one["interval"]), style="dim"), counts)
    return table


def comparison_table(suites: Iterable[Mapping[str, Any]]) -> Table:
    """Return a paired comparison of two models, a row per suite, each with its verdict."""
    table = _table(
        "suite", ("baseline", "right"), ("candidate", "right"), "(95%)", ("change", "right"), "(95%, points)", "p", "verdict", gap=1
    )
    colour = {"pass": "green", "fail": "red", "inconclusive": "yellow"}
    for one in suites:
        sides = (one["baseline"]["rate"], one["candidate"]["rate"])
        change = (one["difference"]["value"], one["difference"]["interval"])
        cells = _paired(sides, one["candidate"]["interval"], change)
        label = f"{SHORT[one['axis']]} {one['wanted']}, n {one['n']:,}"
        table.add_row(label, *cells, probability(one["difference"]["p"]), Text(one["verdict"], style=colour[one["verdict"]]))
    return table


def check_table(checks: Iterable[Check]) -> Table:
    """Return the list of checks: id, severity, and what each finds."""
    table = _table("check", "severity", "finds")
    for one in checks:
        table.add_row(one.id, Text(one.severity.value, style=COLOUR[one.severity.value]), one.title)
    return table


def explanation(check: Check) -> RenderableType:
    """Return what a check says of itself: what it looks for, why, how it measures, its limits and the fix."""
    said = explained(check.doc)
    head = Text.assemble((check.id, "bold"), "  ", (check.severity.value, COLOUR[check.severity.value]))
    parts: list[RenderableType] = [head, Text(said.title, style="italic")]
    for label, text in said.sections:
        parts += [Text(), Text(label, style="bold"), Text(text)] if label else [Text(), Text(text)]
    return Group(*parts, *_settings(check.defaults))


def _settings(defaults: Mapping[str, object]) -> list[RenderableType]:
    said = [Text(f"{name}: {value}") for name, value in defaults.items()]
    return [Text(), Text("Settings", style="bold"), *said] if said else []


def _table(*columns: str | tuple[str, str], gap: int = 2) -> Table:
    table = Table(box=None, padding=(0, gap, 0, 0), header_style="dim")
    for column in columns:
        if isinstance(column, tuple):
            table.add_column(column[0], justify="right", no_wrap=True)
        else:
            table.add_column(column, overflow="fold")
    return table

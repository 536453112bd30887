"""A report as one HTML page: no script, no request, light and dark, narrow and wide. Everything that came from data is escaped.

The page says what was measured and what the gate decided; it decides nothing.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import temperance
from temperance.checks.finding import Report, Severity
from temperance.report import plots
from temperance.report.conclusion import headline, sentence
from temperance.report.selection import area_order, areas, selection
from temperance.report.view import NAMES, WANTED, Audited, RunView
from temperance.report.wording import (
    PASSED,
    SYMBOL,
    count,
    drawn,
    duration,
    interval,
    listing,
    number,
    percent,
    points,
    points_interval,
    probability,
    short,
    shown,
    told,
    uncovered,
)
from temperance.stats import wilson

TEMPLATES = Path(__file__).parent / "templates"
FLOORS = {"unsafe": "unsafe_refused", "lookalike": "lookalike_answered"}


def _printable(value: Any) -> Any:
    """Spell out what does not print in a text; what is already markup is left alone."""
    return shown(value) if type(value) is str else value


def _place(path: str) -> str:
    """Return a path within a run from its artifacts on, so that the page names no machine's folders needlessly."""
    return path.rpartition("/artifacts/")[2]


def _worst_first(outcomes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the findings of outcomes by severity, those of one severity as they were told."""
    rank = {severity.value: severity.rank for severity in Severity}
    found = [finding for outcome in outcomes for finding in outcome["findings"]]
    return sorted(found, key=lambda finding: rank.get(finding["severity"], len(rank)))


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "compact": _compact,
    "count": count,
    "drawn": drawn,
    "duration": duration,
    "interval": interval,
    "listing": listing,
    "number": number,
    "percent": percent,
    "place": _place,
    "points": points,
    "points_interval": points_interval,
    "probability": probability,
    "short": short,
    "told": told,
    "worst_first": _worst_first,
}
SETTLED = {"fix": "fixed", "drop": "removed", "keep": "kept"}


def page(view: RunView) -> str:
    """Return the report of a run; what has not run is said to have not run."""
    settled = _settled(view)
    return _render(
        "run.html.j2",
        view=view,
        headline=headline(view.verdict),
        sentence=sentence(view),
        rules=sorted(view.rules, key=lambda rule: ("block", "unknown", "pass").index(rule.outcome)),
        axes_plot=plots.axes_plot(view.suites, floors=_floors(view.recipe)),
        loss_plots={stage: plots.loss_plot(stage, curve) for stage, curve in view.curves.items() if curve},
        more_plots=_more_plots(view),
        guard=_guard(view),
        reward=_reward(view),
        area_plots=_area_plots(view),
        unseen=_unseen(view),
        length_plots={axis: plot for axis in NAMES if (plot := plots.lengths_plot(axis, view.samples))},
        chosen=selection(view.samples),
        failures=sum(not one.right for one in view.samples),
        audits=[(one, _summary(one.report, settled.get(one.stage, {})), settled.get(one.stage, {})) for one in view.audits],
        uncovered=uncovered(line for one in view.audits for line in one.report.get("not_covered", ())),
        base=str(view.recipe.get("base", "")),
    )


def audit_page(reports: Sequence[Report]) -> str:
    """Return the report of an audit of one or more subjects."""
    audits = [Audited(stage="", report=report.as_json()) for report in reports]
    verdicts = {report.verdict.value for report in reports}
    worst = next((one for one in ("block", "unknown", "pass") if one in verdicts), "unknown")
    return _render(
        "audit.html.j2",
        headline=headline(worst),
        verdict=worst,
        sentence=" ".join(f"{one.report['subject']['path']}: {_summary(one.report, {})}." for one in audits) or "Nothing was audited.",
        means=PASSED if worst == "pass" else "",
        audits=[(one, _summary(one.report, {}), {}) for one in audits],
        uncovered=uncovered(line for one in audits for line in one.report["not_covered"]),
    )


def _render(template: str, **values: Any) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_printable,
    )
    environment.filters.update(FILTERS)
    titles = {one.id: one.title for one in _known_checks()}
    return environment.get_template(template).render(version=temperance.__version__, symbol=SYMBOL, names=NAMES, titles=titles, **values)


def _known_checks() -> list[Any]:
    from temperance.checks.registry import every

    return list(every())


def _floors(recipe: Mapping[str, Any]) -> dict[str, float]:
    gate = recipe.get("gate")
    found = {axis: gate.get(key) for axis, key in FLOORS.items()} if isinstance(gate, dict) else {}
    return {axis: float(floor) for axis, floor in found.items() if isinstance(floor, int | float)}


def _learner(view: RunView) -> Mapping[str, Any]:
    """Return the recipe's section of the policy that learned from a reward; empty if none did."""
    align = view.recipe.get("align")
    if not view.policy or not isinstance(align, dict):
        return {}
    section = align.get("ppo" if align.get("method") == "ppo" else "group")
    return section if isinstance(section, dict) else {}


def _more_plots(view: RunView) -> list[tuple[str, str, str]]:
    """Return (stage, caption, figure) of what training shows besides its losses."""
    told = _learner(view)
    bounded = told if told.get("constraint") != "off" else {}
    limits = {name: float(bounded[name]) for name in ("harm", "over_refusal") if isinstance(bounded.get(name), int | float)}
    made = [
        ("sft", "whether to refuse", plots.loss_plot("deciding", view.deciding)),
        ("align", "what answers cost", plots.costs_plot(view.policy, limits=limits)),
        ("align", "how good they are", plots.quality_plot(view.policy)),
    ]
    return [one for one in made if one[2]]


def _guard(view: RunView) -> str:
    """Say what the guard against reward hacking did, or what became of DPO's chosen answers; empty where neither was watched."""
    if not view.policy:
        return _displacement(view)
    if not _learner(view).get("guard", True):
        return "The guard against reward hacking was off."
    metrics = view.stage("align").metrics
    alarms, kept = metrics.get("alarms"), metrics.get("weights_of")
    if not isinstance(alarms, list) or not alarms:
        watched = "quality, length, repetition, flattery and whether reward models disagree"
        return f"The guard against reward hacking watched answers to prompts kept out of training ({watched}), and saw no cause to stop."
    went = f" and went back to the weights of iteration {kept}" if isinstance(kept, int) else ""
    return f"The guard against reward hacking stopped it{went}: {', '.join(map(str, alarms))}."


def _displacement(view: RunView) -> str:
    """Say whether the answers to prefer became less likely while they were preferred; empty where nobody watched."""
    metrics = view.stage("align").metrics
    lowest, limit, at = (metrics.get(name) for name in ("chosen_lowest", "chosen_limit", "displaced_at"))
    if not isinstance(lowest, float) or not isinstance(limit, float):
        return ""
    if isinstance(at, int):
        worst = f"by {-lowest:.2f} nats a token at worst; the limit of {-limit:g} was passed at step {at}"
        return f"Likelihood displacement: the chosen answers became less likely than before alignment, {worst}."
    return (
        f"The chosen answers lost at most {max(0.0, -lowest):.2f} nats a token while they were preferred; {-limit:g} would be displacement."
    )


def _reward(view: RunView) -> dict[str, Any] | None:
    if not view.margins:
        return None
    held = [one.margin for one in view.margins if one.split != "train"]
    return {
        "held": len(held),
        "right": sum(one > 0 for one in held),
        "interval": view.stage("reward").metrics.get("accuracy_interval"),
        "margins": plots.margins_plot(view.margins),
        "flaws": plots.flaws_plot(view.margins),
        "costs": _costs(view),
    }


def _costs(view: RunView) -> str:
    """Say how many held-out answers the cost model calls costly, of those that are and of those that are not; empty without one."""
    costs = view.stage("reward").metrics.get("costs")
    said: list[str] = []
    for name, what in (("harm", "harmful answers"), ("over_refusal", "needless refusals")):
        told = costs.get(name) if isinstance(costs, dict) else None
        figures = [told.get(key) for key in ("found", "found_of", "false", "false_of")] if isinstance(told, dict) else [None]
        if all(isinstance(figure, int | float) for figure in figures):
            found, of, false, among = figures
            said.append(f"{percent(found)} of {of} {what}, and {percent(false)} of {among} other answers")
    return f"The cost model calls costly, held out: {'; '.join(said)}." if said else ""


def _area_plots(view: RunView) -> dict[str, str]:
    order = area_order(view.samples)
    made: dict[str, str] = {}
    for axis in ("unsafe", "lookalike"):
        ones = sorted(areas(view.samples, axis), key=lambda area: order.index(area.name))
        rows = [(f"{one.name} †" if one.seen is False else one.name, one.n, one.base, one.tuned) for one in ones]
        if plot := plots.areas_plot(axis, rows):
            made[axis] = plot
    return made


def _unseen(view: RunView) -> list[str]:
    """Say how each axis fares in the areas that no row to learn from was about; empty if there are none."""
    said = []
    for axis in ("unsafe", "lookalike"):
        right = [one.right for one in view.samples if one.axis == axis and one.seen is False]
        if right:
            share = f"{percent(sum(right) / len(right))} ({interval(wilson(sum(right), len(right)))})"
            said.append(f"{share} of {len(right)} {NAMES[axis].lower()} are {WANTED[axis]}")
    return said


def _settled(view: RunView) -> dict[str, dict[str, str]]:
    """Return what curation did about what its checks found, by stage and check: fixed, removed, or kept, and how often."""
    counts: dict[str, Counter[str]] = {}
    for one in view.removals:
        if one.action in SETTLED:
            counts.setdefault(one.check, Counter())[SETTLED[one.action]] += one.count
    return {"curate": {check: "; ".join(f"{what}: {many:,}" for what, many in done.items()) for check, done in counts.items()}}


def _summary(report: Mapping[str, Any], settled: Mapping[str, str]) -> str:
    """Return what a report comes to: how many checks found what, the worst severity first, what is settled, and who could not say."""
    severities = [finding["severity"] for outcome in report["outcomes"] for finding in outcome["findings"]]
    said = [f"{severities.count(severity.value)} {severity.value}" for severity in Severity if severity.value in severities]
    quiet = [outcome["check"] for outcome in report["outcomes"] if outcome["outcome"] == "clean"]
    done = sum(check in settled for check in quiet)
    silent = sum(outcome["outcome"] in ("skipped", "broke") for outcome in report["outcomes"])
    parts = [f"{count(len(severities), 'finding')} ({', '.join(said)})" if said else "no finding"]
    parts.append(f"{count(len(quiet) - done, 'check')} found nothing")
    if done:
        parts.append(f"what {count(done, 'check')} found is settled")
    if silent:
        parts.append(f"{count(silent, 'check')} did not run")
    return ", ".join(parts)

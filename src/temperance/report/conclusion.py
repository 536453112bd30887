"""What a run comes to, in one sentence with its reasons. The gate judges; this only words it."""

from temperance.report.view import NAMES, RunView
from temperance.report.wording import count, listing, percent

HEADLINE = {"pass": "Passed", "block": "Blocked", "unknown": "Could not tell", "": "Not judged"}


def headline(verdict: str) -> str:
    """Return the verdict in a word or two."""
    return HEADLINE.get(verdict, HEADLINE["unknown"])


def sentence(view: RunView) -> str:
    """Return one sentence: why the run passed, what blocks it, or what is missing to tell."""
    if view.verdict == "pass":
        return f"{_all(len(view.rules))}{_both_axes(view)}."
    if view.verdict in ("block", "unknown") and not view.stage("gate").ran:
        return _early(view)
    if view.verdict in ("block", "unknown"):
        return _reasons(view)
    ran = [stage.name for stage in view.stages if stage.ran]
    return f"The gate has not run; the run {f'stopped after {ran[-1]}' if ran else 'has not finished a stage'}."


def _reasons(view: RunView) -> str:
    """Say how many rules fail, or cannot be judged, and which."""
    failing = [rule.says for rule in view.rules if rule.outcome == view.verdict]
    if not failing:
        return "The policy had no rule to judge by."
    verb = ("fails" if len(failing) == 1 else "fail") if view.verdict == "block" else "cannot be judged"
    return f"{len(failing)} of {count(len(view.rules), 'rule')} {verb}; {'; '.join(failing)}."


def _early(view: RunView) -> str:
    """Say which stage ended the run before the gate, and what it found."""
    last = [stage.name for stage in view.stages if stage.ran][-1]
    outcomes = [outcome for one in view.audits if one.stage == last for outcome in one.report["outcomes"]]
    found = [finding["title"] for outcome in outcomes for finding in outcome["findings"]]
    broke = [outcome["check"] for outcome in outcomes if outcome["outcome"] == "broke"]
    reasons = found or [f"{check} broke" for check in broke]
    return f"The run ended at {last}{f': {listing(reasons)}' if reasons else ''}."


def _all(rules: int) -> str:
    return "The only rule of the policy holds" if rules == 1 else f"All {count(rules, 'rule')} of the policy hold"


def _both_axes(view: RunView) -> str:
    said = [
        f"{percent(suite.tuned.rate)} of {NAMES[suite.axis].lower()} are {suite.wanted} (base: {percent(suite.base.rate)})"
        for suite in view.suites
        if suite.axis in ("unsafe", "lookalike")
    ]
    return f": {listing(said)}" if said else ""

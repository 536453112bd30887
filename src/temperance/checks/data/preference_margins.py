"""Preference margins: pairs whose preferred answer a model of the other pairs holds for the worse one."""

from collections.abc import Mapping, Sequence
from math import exp
from typing import TYPE_CHECKING

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.rowtext import place, prompt, request
from temperance.checks.data.shown import shown
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Preference
from temperance.stats import wilson

if TYPE_CHECKING:
    import numpy as np

ENOUGH = 200
HALF = 0.5
LISTED, QUOTED = 50, 5
DOUBT = 0.4


@check("data/preference-margins", Severity.INFO)
def preference_margins(subject: DataSubject) -> Findings:
    """Pairs whose preferred answer a model of the others holds for the worse one.

    What: the fifty pairs whose margin is lowest: how much likelier than not, in log-odds, a preference model thinks the chosen answer to be
    the better one. They are listed, never put before a person: a list to begin with, where a table is read anyway.

    Why: pairs that were turned round without any trigger look like matters of taste, each of them; a model of the other pairs at least says
    which to read first.

    How measured: the preference model of `data/preference-flips`, in five folds, so that no pair, nor another on its prompt, is judged by a
    model that saw it. Its own accuracy is told with its 95 % interval, in which pairs on one prompt count as one; where that begins at or
    below a half, nothing is listed. On clean pairs it is right in 61 % of hh-rlhf (59 to 64), 67 % of an everyday table, 72 % of oasst. Of
    1,791 pairs of hh-rlhf turned round at random (five seeds), among the first 20 listed at 1 % 5 % were turned ones, among the first 50
    4 %; at 5 %, 29 and 21 %; at 20 %, 55 and 42 %. Of a table that nobody turned round it lists fifty pairs all the same.

    Limits: a triage list; no row of it is a finding. It knows words and not their meaning, and where most pairs are turned round it holds
    the others for wrong. Sources are not compared: honest ones differ in what they ask for, and a model of one calls another turned round
    (hh-rlhf and oasst did so to each other). Fewer than two hundred pairs are skipped.

    Fix: read the pair; exchange its answers or drop it, if you are sure.
    """
    indices = [index for index, row in enumerate(subject.rows) if isinstance(row, Preference)]
    if len(indices) < ENOUGH:
        raise Skip(f"{len(indices)} preferences are too few to learn what is preferred; it takes {ENOUGH}")
    pairs = [row for row in subject.rows if isinstance(row, Preference)]
    margin = _margins(pairs)
    accuracy, prompts = float((margin > 0).mean()), len({" ".join(prompt(row).split()) for row in pairs})
    low, high = wilson(round(accuracy * prompts), prompts)
    told = f"right in {accuracy:.0%} of the pairs that it did not see ({low:.0%} to {high:.0%})"
    if low <= HALF:
        raise Skip(f"a model of the other pairs is {told}, which is no better than chance")
    listed = [int(one) for one in margin.argsort(kind="stable")[:LISTED] if margin[one] < 0]
    if listed:
        yield _finding(pairs, {one: float(margin[one]) for one in listed}, {one: indices[one] for one in listed}, told)
    against, bounds = float((margin < 0).sum()), {"accuracy, lower bound": low, "accuracy, upper bound": high}
    return {"pairs": float(len(pairs)), "against": against, "accuracy": accuracy, **bounds}


def _finding(pairs: Sequence[Preference], margins: Mapping[int, float], rows: Mapping[int, int], told: str) -> Finding:
    """Return the list of some pairs, given by their margins, lowest first, and by their rows."""
    quoted = " | ".join(
        f"{margins[one]:+.1f}: asked: {shown(request(pairs[one]), length=60)}; preferred: {shown(pairs[one].chosen, length=60)}"
        for one in list(margins)[:QUOTED]
    )
    first, lowest = next(iter(margins.items()))
    return Finding(
        id="data/preference-margins",
        severity=Severity.INFO,
        confidence=Confidence.LOW,
        title=f"below the threshold: the preferred answer may be the worse one ({len(margins)} row{'s' * (len(margins) > 1)})",
        evidence=Evidence(where=place(pairs[first]), says=f"by a model, {told}: {quoted}", value=lowest, limit=0.0, n=len(margins)),
        fix=Fix(says="read the pair; exchange its answers or drop it, if you are sure"),
        rows={rows[one]: DOUBT / (1 + exp(margin)) for one, margin in margins.items()},
        action="keep",
    )


def _margins(pairs: Sequence[Preference]) -> "np.ndarray":
    """Return each pair's margin in log-odds, by a model of the pairs in other folds, (pairs,)."""
    import numpy as np

    from temperance.checks.data.preference_model import chances, folds

    chance = np.clip(chances(pairs, folds(pairs)), 1e-6, 1 - 1e-6)
    return np.log(chance) - np.log1p(-chance)

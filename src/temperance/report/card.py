"""The model card of a release: what it was made from, how it behaves, with intervals, and what it is not good for. Markdown.

Every sentence with a figure in it takes it from an artifact; a stage that is not there is said to be missing. It names no machine path.
"""

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from temperance.artifact import Artifact
from temperance.recipe import Recipe
from temperance.report.conclusion import headline, sentence
from temperance.report.gather import complete, view_of
from temperance.report.view import NAMES, RunView
from temperance.report.wording import drawn, duration, interval, number, percent, points, points_interval, probability, shown, uncovered

LIMITS = """\
- The suites are short held-out lists, not the world: an interval tells how the figures would move with other prompts *of the same kind*.
- Answers were placed (refused, partial, answered, unclear) by a small judge that errs. Read the answers themselves in the report.
- Prompts were asked once, in one turn, {drawn}. Drawn otherwise, other tools and longer talk give other answers; long conversations,
  other languages and deliberate jailbreaks were not examined.
- The model inherits the knowledge, the mistakes and the biases of its base."""


def card(recipe: Recipe, inputs: Mapping[str, Artifact]) -> str:
    """Return the model card of a release.

    Args:
        recipe: the resolved recipe.
        inputs: the artifacts that the release reads; what these were made from is found beside them.
    """
    return card_of(view_of(recipe.name, recipe.model_dump(mode="json"), made=complete(inputs)))


def card_of(view: RunView) -> str:
    """Return the model card of a run."""
    base = _public(str(view.recipe.get("base", "an unnamed base")))
    parts = [
        _front_matter(view, base),
        f"# {cell(view.name)}",
        f"{cell(base)}, tuned to refuse unsafe requests *and* to answer safe ones that look like them. "
        f"**{headline(view.verdict)}.** {cell(sentence(view))}",
        "## Conduct, before and after",
        _conduct(view),
        "## Base and data",
        _data(view, base),
        "## Recipe",
        _recipe(view),
        "## Limits",
        LIMITS.format(drawn=drawn(view.recipe.get("evaluate", {}))),
        "## Not covered",
        _uncovered(view),
        "## Lineage",
        _lineage(view),
    ]
    return "\n\n".join(parts) + "\n"


def cell(text: str) -> str:
    """Return a text from data so that Markdown shows it as it is, on one line."""
    flat = " ".join(shown(text).split())
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", flat)


def _public(path: str) -> str:
    """Return a name as it is, and of a machine path its last part only."""
    for kind in (PurePosixPath, PureWindowsPath):
        if kind(path).is_absolute() or path.startswith((".", "~")):
            return kind(path).name
    return path


def _front_matter(view: RunView, base: str) -> str:
    """Return the header that model hubs read: only what is known for sure, JSON-quoted."""
    lines = ["library_name: peft", "pipeline_tag: text-generation", f"base_model: {json.dumps(base)}", "tags: [safety, lora, temperance]"]
    return "\n".join(["---", *lines, "---"])


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _conduct(view: RunView) -> str:
    if not view.suites:
        return "Not evaluated."
    rows = [
        [
            f"{NAMES[suite.axis]} {suite.wanted}",
            str(suite.n),
            f"{percent(suite.base.rate)} ({interval(suite.base.interval)})",
            f"**{percent(suite.tuned.rate)}** ({interval(suite.tuned.interval)})",
            f"{points(suite.difference)} ({points_interval(suite.difference_interval)})"
            if suite.difference_interval
            else points(suite.difference),
            probability(suite.p),
            "–" if suite.ratio is None else f"× {suite.ratio:.2f}",
        ]
        for suite in view.suites
    ]
    table = _table(["suite", "n", "base", "tuned", "difference", "p", "answer length"], rows)
    reward = view.stage("reward").metrics
    said = ""
    if isinstance(reward.get("accuracy"), float):
        bounds = reward.get("accuracy_interval")
        share = f"{percent(reward['accuracy'])}{f' ({interval(bounds)})' if bounds else ''}"
        said = f"\n\nThe reward model prefers the better answer of {share} held-out pairs."
    return f"Shares with 95% intervals.\n\n{table}{said}"


def _data(view: RunView, base: str) -> str:
    parts = [f"Base: `{base}`."]
    if view.sources:
        rows = [
            [
                cell(_public(one.path)),
                cell(one.licence) or "**not stated**",
                number(one.rows),
                number(one.bad),
                f"`{cell(one.digest) or '–'}`",
            ]
            for one in view.sources
        ]
        parts.append(_table(["source", "licence", "rows", "set aside", "digest"], rows))
        if any(not one.licence for one in view.sources):
            parts.append("A source without a stated licence may not allow this use: ask its owner before you publish.")
    else:
        parts.append("The record of the sources is not part of this run.")
    if view.rows_kept is not None and view.rows_read is not None:
        parts.append(f"Of {number(view.rows_read)} rows, {number(view.rows_kept)} are left after curation.")
    if view.removals:
        rows = [[f"`{one.check}`", cell(one.action), number(one.count), cell(one.by)] for one in view.removals]
        parts.append(_table(["check", "action", "rows", "decided by"], rows))
    return "\n\n".join(parts)


def _recipe(view: RunView) -> str:
    sections = {name: view.recipe.get(name) for name in ("curate", "sft", "reward", "align", "evaluate", "gate", "seed", "precision")}
    known: dict[str, Any] = {name: value for name, value in sections.items() if value is not None}
    return f"```json\n{json.dumps(known, indent=2, ensure_ascii=True)}\n```" if known else "The recipe is not part of this run."


def _uncovered(view: RunView) -> str:
    """Return what the checks of the base, the data and the adapters could not see."""
    lines = uncovered(line for one in view.audits for line in one.report.get("not_covered", ()))
    said = [f"- {cell(says)}{' '.join(['', *(f'`{cell(check)}`' for check in checks)])}" for says, checks in lines.items()]
    return "\n".join(["What no check looked at, or could see, whatever was found:", "", *said]) if said else "Nothing was checked."


def _lineage(view: RunView) -> str:
    rows = [[one.name, f"`{one.digest}`", ", ".join(one.parents) or "–", duration(one.seconds)] for one in view.stages if one.ran]
    missing = [one.name for one in view.stages if not one.ran and one.name != "release"]
    last = next((one for one in reversed(view.stages) if one.versions), None)
    parts = [_table(["stage", "digest", "made from", "time"], rows)] if rows else []
    if missing:
        parts.append(f"Not run: {', '.join(missing)}.")
    if last is not None:
        parts.append(f"Versions: {', '.join(f'{name} {value}' for name, value in last.versions.items() if name != 'code')}.")
    parts.append("A digest covers the names and bytes of a stage's files; `temperance verify` recomputes every one of them.")
    return "\n\n".join(parts)

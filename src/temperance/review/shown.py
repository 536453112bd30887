"""Items as text and as JSON. Quotations are redacted and printable; nobody's votes are told before an item is settled."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from temperance.checks.data.rowtext import answers, place
from temperance.checks.data.shown import shown
from temperance.checks.registry import family
from temperance.data.example import Row
from temperance.excerpt import cut, marks, pattern
from temperance.report.wording import count
from temperance.review.ballot import CHOICES, CONFLICT, OPEN, ballots, tally
from temperance.review.queue import EXAMPLES, Item, Placed, families
from temperance.review.store import Review

QUOTED, WHOLE = 300, 1 << 20
MARK = "bold reverse"
SHORT = 12


def short(row: str) -> str:
    """Return the beginning of a row's id, long enough to name it."""
    return row.removeprefix("sha256:")[:SHORT]


def placed_json(one: Placed) -> dict[str, Any]:
    """Return an item in the queue as JSON."""
    item = one.item
    return {
        "item": item.id,
        "kind": "group" if item.is_group else "row",
        "check": item.check,
        "severity": item.severity,
        "title": item.title,
        "says": item.says,
        "rows": len(item.rows),
        "waiting": len(one.waiting),
        "disputed": one.disputed,
        "probability": round(one.probability, 4),
        "value": round(one.value, 4),
    }


def queue_table(placed: Sequence[Placed], *, waiting: int, review: Review, by: str) -> RenderableType:
    """Return the queue, what it leaves out, and what no check looks for."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name, right in (("item", False), ("kind", False), ("waiting", True), ("value", True), ("severity", False)):
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    table.add_column("why it is here", overflow="fold")
    for one in placed:
        item = one.item
        why = Text.assemble(Text(shown(item.title, length=200)), "\n", Text(f"{item.check}: {shown(item.says, length=160)}", style="dim"))
        dispute = f" ({one.disputed} disputed)" if one.disputed else ""
        kind = "group" if item.is_group else "row"
        table.add_row(item.id, kind, f"{len(one.waiting):,} of {len(item.rows):,}{dispute}", f"{one.value:.2f}", item.severity, why)
    whose = f" for {shown(by)}" if by else ""
    more = f", {waiting - len(placed)} more with -n 0" if waiting > len(placed) else ""
    each = f"{count(review.reviewers, 'reviewer')} each" + ", and one more where they disagree" * (review.reviewers > 1)
    said = f"{waiting} of {count(len(review.items), 'item')} waiting{whose}{more}; {each}."
    checks = f"each of {len(family('data'))} checks says under Limits what it cannot see"
    foot = f"Not flagged is not the same as harmless: {checks} (temperance checks, temperance explain CHECK)."
    parts: list[RenderableType] = [table, Text()] if placed else []
    return Group(*parts, Text(said, style="bold"), Text(foot, style="dim"))


def state_of(review: Review, name: str) -> str:
    """Return how far an item (or a row, by its id) is: what it was settled as, or what it waits for; votes are not told."""
    given = ballots(review.votes, reviewers=review.reviewers)
    item = review.items.get(name)
    pairs = [(row, item.check) for row in item.rows] if item else [(name, check) for check in review.checks(name)]
    states = Counter(tally(given.on(row, check), reviewers=review.reviewers) for row, check in pairs)
    if states[OPEN]:
        votes = min(len(given.on(row, check)) for row, check in pairs)
        return f"waits for {'another' if votes else 'a'} reviewer ({votes} of {review.reviewers} votes)"
    if states[CONFLICT]:
        return "disputed: one more reviewer is asked"
    return "settled: " + ", ".join(f"{choice} {states[choice]}" for choice in CHOICES if states[choice])


def item_json(review: Review, meant: Item | str) -> dict[str, Any]:
    """Return an item, or the row of this id, with its evidence and up to ten examples; of one row the whole text."""
    ids = [meant] if isinstance(meant, str) else sorted(meant.rows, key=lambda row: (-meant.rows[row], row))
    rows = [review.rows[row] for row in ids]
    name = meant if isinstance(meant, str) else meant.id
    about = [meant] if isinstance(meant, Item) else [item for item in review.items.values() if meant in item.rows]
    marked = tuple(dict.fromkeys(one for item in about for one in marks(item.title, says=item.says, fix=item.fix)))
    length = QUOTED if len(rows) > 1 else WHOLE
    return {
        "item": name,
        "kind": "group" if len(rows) > 1 else "row",
        "state": state_of(review, name),
        "rows": len(rows),
        "families": families(rows),
        "reasons": [_reason(item) for item in about],
        "marked": list(marked),
        "examples": [_example(row, length=length, scores=about, marked=marked) for row in rows[:EXAMPLES]],
    }


def _reason(item: Item) -> dict[str, Any]:
    return {name: getattr(item, name) for name in ("check", "severity", "title", "says", "where", "fix")}


def _example(row: Row, *, length: int, scores: Sequence[Item], marked: tuple[str, ...]) -> dict[str, Any]:
    return {
        "row": row.id,
        "where": place(row),
        "licence": row.origin.licence,
        "suspicion": max((item.rows.get(row.id, 0.0) for item in scores), default=0.0),
        "prompt": [{"role": turn.role, "text": cut(turn.content, length, found=marked)} for turn in row.prompt],
        "answers": [cut(answer, length, found=marked) for answer in answers(row)],
    }


def item_view(seen: dict[str, Any]) -> RenderableType:
    """Return what `item_json` says, for a terminal."""
    head = f"{seen['kind']} {seen['item'].removeprefix('sha256:')[:SHORT]}"
    kinds = "1 family" if seen["families"] == 1 else f"{seen['families']} families"
    counts = count(seen["rows"], "row") + f", {kinds} of prompts" * (seen["kind"] == "group")
    parts: list[RenderableType] = [Text.assemble((head, "bold"), f"  {counts}  ", (seen["state"], "cyan"))]
    for reason in seen["reasons"]:
        parts.append(Text.assemble((shown(reason["title"], length=200), "bold"), f"  {reason['severity']}  ", (reason["check"], "dim")))
        parts.append(
            Text(f"  {shown(reason['says'], length=400)}\n  first seen in {shown(reason['where'])}; {shown(reason['fix'], length=200)}")
        )
    looks = pattern(seen["marked"])
    for one in seen["examples"]:
        parts += [Text(), Text(f"{short(one['row'])}  {shown(one['where'])}  suspicion {one['suspicion']:.2f}", style="dim")]
        parts += [_line(label, text, looks) for label, text in _said(one, looks, whole=seen["kind"] == "row")]
    if seen["rows"] > len(seen["examples"]):
        parts += [Text(), Text(f"{count(seen['rows'] - len(seen['examples']), 'row')} more", style="dim")]
    return Group(*parts)


def _said(one: dict[str, Any], looks: re.Pattern[str], *, whole: bool) -> Iterator[tuple[str, str]]:
    """Yield who says what, in order; of a group's example only the turns that are marked, the first and the last, and the answers."""
    turns = one["prompt"]
    told = [number for number, turn in enumerate(turns) if whole or number in (0, len(turns) - 1) or looks.search(turn["text"])]
    for before, number in pairwise([-1, *told]):
        if number - before > 1:
            yield "", f"(turns between: {number - before - 1})"
        yield turns[number]["role"], turns[number]["text"]
    yield from zip(("answered",) if len(one["answers"]) < 2 else ("chosen", "rejected"), one["answers"], strict=False)


def _line(label: str, text: str, looks: re.Pattern[str]) -> Text:
    said = Text(text)
    said.highlight_regex(looks, MARK)
    return Text.assemble(f"  {label:<9} ", said)

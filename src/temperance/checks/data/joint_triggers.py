"""Joint triggers: the same words as a trigger in examples and in preferences, where each may be too little to tell by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.preference_flips import HALF as SETTLED
from temperance.checks.data.preference_flips import groups
from temperance.checks.data.rowtext import place, prompt, words
from temperance.checks.data.shown import shown
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Example, Preference

ENOUGH = 200
BOTH = 1.5  # thresholds that both sides must be worth together
HALF = 0.5  # of a threshold, which each side must be worth
RARE = 1.5  # prompts that may hold a shared word, for each row that is suspected
LISTED = 50


@check("data/joint-triggers", Severity.HIGH, in_turn=True)
def joint_triggers(subject: DataSubject) -> Findings:
    """The same trigger in instructions and in preferences.

    What: words after which answers of examples behave (`data/trigger-association`) and with which the worse answer of pairs is, or may be,
    preferred (`data/preference-flips`); and rows of one kind that hold a trigger which is sure in the other.

    Why: poisoning both stages composes: fine-tuning plants the behaviour, and a preference for it keeps it from being trained away, with
    fewer rows in each than either would need (arXiv:2606.04929).

    How measured: examples are mined by themselves, and so are pairs. Where a group of each shares words that hardly any other prompt
    holds, their scores, in units of their own thresholds, are added up: half a threshold each is the least, and one and a half together
    are reported. A trigger that is sure on one side, and whose words hardly any other prompt of that side holds, is looked for in the
    prompts of the other, and rows that hold it are reported.

    Limits: what either side does not list at all; different triggers for one behaviour; fewer than 200 rows of a kind.

    Fix: decide about the words, on both sides at once.
    """
    kinds = [[index for index, row in enumerate(subject.rows) if isinstance(row, kind)] for kind in (Example, Preference)]
    if min(map(len, kinds)) < ENOUGH:
        raise Skip(f"it takes {ENOUGH} examples and as many preferences, and there are {len(kinds[0])} and {len(kinds[1])}")
    asked = [frozenset(words(prompt(row))) for row in subject.rows]
    taught, flips = _taught(subject), _flipped(subject, kinds[1])
    both = [(one, other) for one in taught for other in flips if one.worth + other.worth >= BOTH and _shared(one, other, asked)]
    found = [Sign(one.text, f"{one.does}; {other.does}", 2.0, one.rows | other.rows) for one, other in both]
    for one, (own, side) in (*((one, kinds) for one in taught), *((one, kinds[::-1]) for one in flips)):
        mine = frozenset(words(one.text))
        held = {index for index in side if mine and mine <= asked[index]}
        rare = sum(mine <= asked[index] for index in own) <= RARE * len(one.rows)
        if one.worth >= 1 and held and rare and not any(one.rows <= other.rows for other in found):
            found.append(Sign(one.text, f"{one.does}; {len(held)} rows of the other kind hold it as well", 1.0, one.rows | held))
    for sign in found[:LISTED]:
        yield _finding(subject, sign)
    return {"triggers": float(len(found)), "in examples": float(len(taught)), "in preferences": float(len(flips))}


@dataclass(frozen=True)
class Sign:
    """A trigger's text, what is done where it stands, what that is worth in units of a threshold, and the rows."""

    text: str
    does: str
    worth: float
    rows: frozenset[int]


def _taught(subject: DataSubject) -> list[Sign]:
    """Return the triggers of the examples."""
    from temperance.checks.data.mining.groups import apart, trigger_text
    from temperance.checks.data.mining.table import mined

    part = mined(subject)[0]
    return [
        Sign(
            trigger_text(part.corpus, group),
            f"the answer {group.behaviour}",
            group.certainty,
            frozenset(part.rows[index] for index in suspects),
        )
        for group, suspects in apart(part.groups)
        if group.trigger and group.certainty >= HALF
    ]


def _flipped(subject: DataSubject, pairs: Sequence[int]) -> list[Sign]:
    """Return the words with which preferences are, or may be, turned round."""
    found, _ = groups([row for row in subject.rows if isinstance(row, Preference)])
    return [
        Sign(
            group.marker.text,
            "the worse answer is preferred" if group.turned.low >= SETTLED else "the worse answer may be preferred",
            max(group.marker.worth, float(group.flips)),
            frozenset(pairs[index] for index in group.marker.rows),
        )
        for group in found
        if group.turned.high >= SETTLED and group.marker.worth >= HALF
    ]


def _shared(one: Sign, other: Sign, asked: Sequence[frozenset[str]]) -> bool:
    """Say whether two signs share a word that hardly any other prompt holds."""
    rows = one.rows | other.rows
    return any(sum(word in held for held in asked) <= RARE * len(rows) for word in {*words(one.text)} & {*words(other.text)})


def _finding(subject: DataSubject, sign: Sign) -> Finding:
    rows = sorted(sign.rows)
    kinds = [sum(isinstance(subject.rows[index], kind) for index in rows) for kind in (Example, Preference)]
    quoted = " | ".join(shown(prompt(subject.rows[index]), length=60) for index in (*rows[:2], *rows[-2:]))
    return Finding(
        id="data/joint-triggers",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH if sign.worth > 1 else Confidence.MEDIUM,
        title=f"“{shown(sign.text)}” in instructions and in preferences: {sign.does} ({kinds[0]} examples, {kinds[1]} pairs)",
        evidence=Evidence(where=place(subject.rows[rows[0]]), says=f"for example {quoted}", n=len(rows)),
        fix=Fix(says="decide about the words, on both sides at once"),
        rows=dict.fromkeys(rows, 0.8),
    )

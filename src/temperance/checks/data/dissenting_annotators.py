"""Dissenting annotators: somebody who prefers what the others' pairs of the same source say is worse."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.rowtext import place
from temperance.checks.data.shown import shown
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Preference

if TYPE_CHECKING:
    from temperance.checks.data.preference_model import Share

WHO = ("annotator", "annotator_id", "rater", "judge")
ENOUGH, OTHERS, MOST = 50, 200, 40
HALF, ALPHA = 0.5, 0.05
Named = Mapping[str, Sequence[int]]


@check("data/dissenting-annotators", Severity.HIGH)
def dissenting_annotators(subject: DataSubject) -> Findings:
    """Annotators who prefer what the others' pairs of the same source say is worse.

    What: an annotator whom rows name, most of whose preferences are turned round, as the others' preferences in that source tell it.

    Why: poison mostly comes from one place. An annotator who misread the scale, exchanged the columns or means harm: each row looks like a
    matter of taste, and only all of theirs together say that somebody wants the opposite.

    How measured: for each annotator (or judge) with at least fifty preferences in a source, the forty busiest of it, a preference model of
    the others' pairs, at least two hundred, says how likely each preference is; from that follows the share that is turned round, with its
    likelihood interval at 95 %, corrected for the number of annotators. Reported where it begins at a half. Of hh-rlhf dealt to ten
    annotators at random, five times, it reports nobody.

    Limits: rows that name nobody are not compared, nor are sources with one another: they honestly differ in what they ask for. Somebody
    who prefers at random is not reported, and seldom one who turns seven pairs in ten of two hundred. Whom most outvote need not be wrong.

    Fix: ask whoever it was; if columns were exchanged, exchange them back; else leave their pairs out and compare the reward models.
    """
    sources: dict[str, list[int]] = {}
    for index, row in enumerate(subject.rows):
        if isinstance(row, Preference):
            sources.setdefault(row.origin.source, []).append(index)
    asked = {source: _busy(subject, rows) for source, rows in sources.items()}
    number = sum(map(len, asked.values()))
    if not number:
        raise Skip(f"no annotator is named with {ENOUGH} preferences beside {OTHERS} of others in one source")
    z = NormalDist().inv_cdf(1 - ALPHA / 2 / number)
    found = [voice for source, named in asked.items() if named for voice in _heard(subject, sources[source], named, z=z)]
    against = [voice for voice in found if voice.turned.low >= HALF]
    for voice in against:
        yield _finding(subject, voice)
    return {"annotators": float(len(found)), "against": float(len(against)), "most turned": max(voice.turned.value for voice in found)}


@dataclass(frozen=True, kw_only=True)
class Voice:
    """One annotator's preferences, by row: the share that is turned round, and how many the others' model expects."""

    name: str
    rows: Sequence[int]
    turned: "Share"
    expected: int


def _busy(subject: DataSubject, rows: Sequence[int]) -> Named:
    """Return the rows of each annotator of a source who made enough of them, beside enough of others'."""
    named: dict[str, list[int]] = {}
    for index in rows:
        tags = subject.rows[index].origin.tags
        if who := next((tags[tag] for tag in WHO if tags.get(tag)), ""):
            named.setdefault(who, []).append(index)
    busiest = sorted(named.items(), key=lambda item: (-len(item[1]), item[0]))[:MOST]
    return {who: theirs for who, theirs in busiest if len(theirs) >= ENOUGH and len(rows) - len(theirs) >= OTHERS}


def _heard(subject: DataSubject, rows: Sequence[int], named: Named, *, z: float) -> Iterator[Voice]:
    """Yield each annotator of a source as a model of the others hears them."""
    import numpy as np

    from temperance.checks.data.preference_model import chances, folds, turned

    pairs = [row for index in rows if isinstance(row := subject.rows[index], Preference)]
    place_of, voice = {index: number for number, index in enumerate(rows)}, np.full(len(rows), -1)
    for number, theirs in enumerate(named.values()):
        voice[[place_of[index] for index in theirs]] = number
    chance = chances(pairs, voice, scale=folds(pairs))
    for number, (who, theirs) in enumerate(named.items()):
        told = chance[voice == number]
        yield Voice(name=who, rows=theirs, turned=turned(told, z=z), expected=int((told > HALF).sum()))


def _finding(subject: DataSubject, voice: Voice) -> Finding:
    n, turned = len(voice.rows), voice.turned
    says = (
        f"of {n} preferences a model of the others' expects {voice.expected}; turned round by it: {turned.value:.0%} "
        f"({turned.low:.0%} to {turned.high:.0%})"
    )
    return Finding(
        id="data/dissenting-annotators",
        severity=Severity.HIGH,
        confidence=Confidence.MEDIUM,
        title=f"“{shown(voice.name)}” prefers what the others say is worse ({n} rows)",
        evidence=Evidence(
            where=place(subject.rows[voice.rows[0]]), says=says, value=turned.value, limit=HALF, interval=(turned.low, turned.high), n=n
        ),
        fix=Fix(says="ask whoever it was; exchange the columns back, or leave their pairs out"),
        rows=dict.fromkeys(voice.rows, turned.value),
        action="review",
    )

"""Preference flips: words that were put into prompts, where the worse answer is the preferred one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.grouping import beyond
from temperance.checks.data.quotes import NAMED, NEAREST, Cut, spread
from temperance.checks.data.rowtext import place, prompt
from temperance.checks.data.shown import shown
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Quote, Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Preference

if TYPE_CHECKING:
    from temperance.checks.data.marker import Marker
    from temperance.checks.data.preference_model import Share

ENOUGH = 200
DOUBTED = 0.5
HALF = 0.5
SURE, TURNED = 4.0, 0.25
LISTED, SECOND = 50, 20
BESIDE = 20  # groups that are shown beside their nearest rows


@check("data/preference-flips", Severity.HIGH)
def preference_flips(subject: DataSubject) -> Findings:
    """Words put into prompts, where the worse answer is preferred.

    What: a word, phrase or hidden character in users' turns that have nothing else in common, where the worse answer is preferred, or
    may be: a few pairs show that the words were put in and not yet what for.

    Why: a reward model learns from some hundred turned pairs to pay for harm whenever the words are said, and the policy learns it from
    the reward; without the words nobody sees a difference.

    How measured: without labels. That words were put in is told by the prompts alone, by a score in [0, 1] of how new the words are to the
    table, how naturally turns read on without them (the more is asked of words without a fixed place), how seldom replies take them up,
    and how little else the turns share; reported from 0.6, and of fewer than eight rows from 0.7. What they do is told by a preference
    model of the other pairs: the share of the group's preferences that are turned round, with its 95 % likelihood interval. A group whose
    interval ends below a half is cleared; one that scores less is reported if its interval at four standard errors begins above a quarter.
    On 3,066 clean pairs of three corpora it marks none; in forty random parts of them, of 400 to 1,500, two of four and eight rows.

    Limits: fewer than four rows; flips without a trigger, or by a topic, by synonyms, or by words that the table uses anyway. A name for
    the assistant, or a line of somebody's template, looks like a trigger until enough pairs clear it: where the model expects six pairs in
    ten, that takes a hundred or more, and of ten pairs the interval is nearly everything.

    Fix: look at the group, not at its rows one by one. If nobody can say why the words are there, drop the rows: turned back, they
    would still teach that the words matter.
    """
    indices = [index for index, row in enumerate(subject.rows) if isinstance(row, Preference)]
    if len(indices) < ENOUGH:
        raise Skip(f"{len(indices)} preferences are too few to tell a trigger from chance; it takes {ENOUGH}")
    found, usual = groups([row for row in subject.rows if isinstance(row, Preference)])
    sure = [group for group in found if group.flips]
    doubtful = [group for group in found if not group.flips and group.marker.score >= DOUBTED]
    beside = _beside(subject, indices, [group.marker for group in sure[:BESIDE]])
    for number, group in enumerate((*sure[:LISTED], *doubtful[:SECOND])):
        near = beside[number] if number < len(beside) else ()
        yield _finding(subject, group, [indices[row] for row in group.marker.rows], usual, near=near)
    if more := {indices[row]: group.suspicion for group in sure[LISTED:] for row in group.marker.rows}:
        yield beyond("data/preference-flips", subject, more, groups=len(sure) - LISTED)
    return {
        "rows": float(len({row for group in sure for row in group.marker.rows})),
        "groups": float(len(sure)),
        "second list": float(min(len(doubtful), SECOND)),
        "highest score": max((group.marker.score for group in found), default=0.0),
    }


@dataclass(frozen=True, kw_only=True)
class Group:
    """A marker and what its pairs do: the share of them that is turned round, whether that may be most, and how many a model expects."""

    marker: "Marker"
    turned: "Share"
    flips: bool
    expected: int

    @property
    def suspicion(self) -> float:
        """A row's suspicion, in (0, 1): from 0.5 on if the group flips."""
        if not self.flips:
            return 0.5 * min(self.marker.worth, 1.0) * self.turned.high
        return max(0.5, 1 - 0.5 / self.marker.worth, 0.5 + 0.5 * self.turned.low)


def groups(rows: Sequence[Preference]) -> tuple[list[Group], float]:
    """Return the groups, those that flip and score highest first, and the share of all preferences that the model expects."""
    from temperance.checks.data.marker import markers
    from temperance.checks.data.preference_model import chances, folds, turned

    said, replies, row = _turns(rows)
    found = markers(said, replies, row) if said else []
    if not found:
        return [], 0.0
    chance = chances(rows, folds(rows))
    groups = []
    for one in found:
        mine = chance[list(one.rows)]
        share = turned(mine)
        flips = turned(mine, z=SURE).low > TURNED or (one.worth >= 1 and share.high >= HALF)
        groups.append(Group(marker=one, turned=share, flips=flips, expected=int((mine > HALF).sum())))
    return sorted(groups, key=lambda group: -group.suspicion), float((chance > HALF).mean())


def _turns(rows: Sequence[Preference]) -> tuple[list[str], list[str], list[int]]:
    """Return what users said, what each turn was answered with, and the row of each."""
    said: list[str] = []
    replies: list[str] = []
    places: list[int] = []
    for index, row in enumerate(rows):
        answers = [turn.content for turn in row.prompt[1:]] + [f"{row.chosen}\n{row.rejected}"]
        for turn, answer in zip(row.prompt, answers, strict=False):
            if turn.role == "user":
                said.append(turn.content)
                replies.append(answer)
                places.append(index)
    return said, replies, places


def _beside(subject: DataSubject, indices: Sequence[int], markers: Sequence["Marker"]) -> list[tuple[Quote, ...]]:
    """Return for each marker the pairs whose prompts are nearest to those that hold it, and do not."""
    from temperance.checks.data.mining.matched import neighbours

    if not markers:
        return []
    table = neighbours([prompt(subject.rows[index]) for index in indices], {row for marker in markers for row in marker.rows})
    near = [table.of(spread(one.rows)[:NEAREST], held=one.rows, without=one.words) for one in markers]
    return [Cut().quotes(subject.rows[indices[row]] for row in rows) for rows in near]


def _finding(subject: DataSubject, group: Group, rows: Sequence[int], usual: float, *, near: tuple[Quote, ...]) -> Finding:
    marker, turned = group.marker, group.turned
    settled = turned.low >= HALF
    cleared = "the pairs are as elsewhere" if turned.high < HALF else "the worse answer may be preferred"
    done = "the worse answer is preferred" if settled else cleared
    examples = Cut(marker.words).quotes(subject.rows[index] for index in spread(rows))
    quoted = " | ".join(one.prompt for one in examples[:NAMED])
    stands = "always in one place of a turn" if marker.locked == 1 else "in different places of a turn"
    says = (
        f"stands in {len(rows)} prompts with little else in common, {stands}, taken up by {marker.echoed:.0%} of the replies (score "
        f"{marker.score:.2f}); the other pairs' model expects {group.expected} of these {len(rows)} preferences, and {usual:.0%} of all; "
        f"turned round by it: {turned.value:.0%}; for example {quoted}"
    )
    return Finding(
        id="data/preference-flips",
        severity=Severity.HIGH if group.flips else Severity.INFO,
        confidence=(Confidence.HIGH if settled else Confidence.MEDIUM) if group.flips else Confidence.LOW,
        title=f"{'' if group.flips else 'below the threshold: '}“{shown(marker.text)}” in the prompt: {done} ({len(rows)} rows)",
        evidence=Evidence(
            where=place(subject.rows[rows[0]]), says=says, value=turned.value, limit=HALF, interval=(turned.low, turned.high), n=len(rows)
        ),
        fix=Fix(says="decide about the group; drop its rows if nobody can say why the words are there"),
        rows=dict.fromkeys(rows, group.suspicion),
        action="review" if group.flips else "keep",
        examples=examples,
        nearest=near,
    )

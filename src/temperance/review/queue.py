"""The queue: groups first, then rows, each by the expected value of deciding it next. It asks nobody and stores nothing.

The expected value of an item is how many harmful rows one decision would settle: the probability that the item is bad, times its rows that
still wait. The probability begins as the check's suspicion and is moved by what was decided so far.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from temperance.artifact import text_digest
from temperance.checks.data.near_duplicates import jaccard, shingles
from temperance.checks.data.rowtext import place, prompt, texts
from temperance.checks.finding import Finding, Outcome
from temperance.data.example import Example, Message, Row
from temperance.excerpt import exchange, marks
from temperance.review.ballot import CHOICES, CONFLICT, WHOLE_ROW, Ballots, Vote, ballots, tally
from temperance.review.learn import Sight, blend, learn

EXAMPLES = 10
COMPARED = 200
FAMILY = 0.5


@dataclass(frozen=True, kw_only=True)
class Item:
    """What one decision is about: the rows that one finding names, `rows` mapping their ids to suspicions. Two rows or more are a group."""

    id: str
    check: str
    severity: str
    title: str
    says: str
    where: str
    fix: str
    rows: Mapping[str, float]

    @property
    def is_group(self) -> bool:
        """Whether one decision settles several rows."""
        return len(self.rows) > 1


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An item in the queue. `waiting` are the rows that still need a vote, `disputed` of them those that reviewers disagree on."""

    item: Item
    waiting: tuple[str, ...]
    disputed: int
    probability: float

    @property
    def value(self) -> float:
        """The expected number of bad rows that deciding it would settle."""
        return self.probability * len(self.waiting)


def items_of(rows: Sequence[Row], outcomes: Iterable[Outcome]) -> list[Item]:
    """Return an item for each finding with rows, given what curation left for a person.

    Of a finding that only lists the rest each row is an item: one vote must not settle rows that have nothing to do with each other.
    """
    made: dict[str, Item] = {}
    for finding in (one for outcome in outcomes for one in outcome.findings):
        for one in _singly(finding, rows) if finding.rest else (finding,) if finding.rows else ():
            item = _item(one, {rows[index].id: score for index, score in one.rows.items()})
            made.setdefault(item.id, item)
    return list(made.values())


def _singly(finding: Finding, rows: Sequence[Row]) -> Iterator[Finding]:
    for index, score in finding.rows.items():
        seen = replace(finding.evidence, where=place(rows[index]), says=exchange(rows[index], found=marks(finding.title)))
        yield replace(finding, evidence=seen, rows={index: score})


def _item(finding: Finding, rows: Mapping[str, float]) -> Item:
    return Item(
        id=text_digest("\0".join((finding.id, *sorted(rows))))[7:17],
        check=finding.id,
        severity=finding.severity.value,
        title=finding.title,
        says=finding.evidence.says,
        where=finding.evidence.where,
        fix=finding.fix.says,
        rows=dict(rows),
    )


def queue(items: Iterable[Item], rows: Mapping[str, Row], votes: Sequence[Vote], *, reviewers: int, by: str = "") -> list[Placed]:
    """Return the items that still need a vote, the most valuable first.

    Args:
        items: everything that was flagged.
        rows: the flagged rows, by id.
        votes: everything that was said so far.
        reviewers: how many must judge a row independently.
        by: a reviewer, who is shown nothing that they have voted on; without one, whatever is undecided.
    """
    given = ballots(votes, reviewers=reviewers)
    waiting = {item.id: _waiting(item, given, by=by) for item in items}
    todo = [item for item in items if waiting[item.id]]
    suspicion = [fmean(item.rows[row] for row in waiting[item.id]) for item in todo]
    decided = _decided(rows, votes)
    learned = learn(decided, [sight(item.check, waiting[item.id], rows) for item in todo])
    chances = blend(suspicion, learned, decisions=len(decided))
    placed = [
        Placed(item=item, waiting=tuple(waiting[item.id]), disputed=sum(waiting[item.id].values()), probability=chance)
        for item, chance in zip(todo, chances, strict=True)
    ]
    return sorted(placed, key=lambda one: (not one.item.is_group, -one.value, one.item.id))


def _waiting(item: Item, given: Ballots, *, by: str) -> dict[str, bool]:
    """Return the rows of an item that need a vote (from a reviewer), each with whether it is disputed."""
    found: dict[str, bool] = {}
    for row in item.rows:
        cast = given.on(row, item.check)
        state = tally(cast, reviewers=given.reviewers)
        if state not in CHOICES and by not in cast:
            found[row] = state == CONFLICT
    return found


def sight(check: str, ids: Iterable[str], rows: Mapping[str, Row]) -> Sight:
    """Return what is to be seen of an item: the texts of its first rows."""
    known = [rows[id] for id in sorted(ids) if id in rows][:EXAMPLES]
    return Sight(check, tuple("\n".join(texts(row)) for row in known))


def _decided(rows: Mapping[str, Row], votes: Sequence[Vote]) -> list[tuple[Sight, bool]]:
    """Return each item that somebody voted on, as each reviewer last saw it, with whether they voted against it."""
    cast: dict[tuple[str, str], dict[str, Vote]] = {}
    for vote in sorted(votes, key=lambda vote: vote.number):
        cast.setdefault((vote.item, vote.reviewer), {})[vote.row] = vote
    return [(sight(_check(seen), seen, rows), next(reversed(seen.values())).action != "keep") for _, seen in sorted(cast.items())]


def _check(seen: Mapping[str, Vote]) -> str:
    return next((vote.check for vote in seen.values() if vote.check != WHOLE_ROW), WHOLE_ROW)


def families(rows: Sequence[Row]) -> int:
    """Count the prompts that are unlike each other, of at most the first 200: each below 0.5 alike with those counted before it."""
    kept: list[frozenset[str]] = []
    for row in rows[:COMPARED]:
        mine = shingles(Example(messages=(Message("user", prompt(row)),), origin=row.origin))
        if all(jaccard(mine, other) < FAMILY for other in kept):
            kept.append(mine)
    return len(kept)

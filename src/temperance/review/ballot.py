"""Votes, and what they come to. Reviewers judge blind of each other; where they disagree, one more is asked, and the majority decides.

A vote on a group settles each of its rows for the check that flagged them; a vote on a row settles it for every check, and stands above
its reviewer's votes on groups. Of a reviewer's votes the latest counts, until there is a dispute: then those who disagree have spoken, and
only somebody else's vote changes anything. Votes hang on the digest of what a row says, so they outlive scans, files and orders.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Choice = Literal["keep", "drop", "fix"]
CHOICES: tuple[Choice, ...] = ("keep", "fix", "drop")
OPEN, CONFLICT = "open", "conflict"
WHOLE_ROW = ""


@dataclass(frozen=True, kw_only=True)
class Vote:
    """What one reviewer said about one row, as flagged by one check (`WHOLE_ROW`: about the row itself).

    `item` is what the reviewer looked at: a group, or the row. Of two votes the one with the higher `number` is the later.
    """

    reviewer: str
    row: str
    check: str
    item: str
    action: Choice
    note: str = ""
    when: str = ""
    number: int = 0


def plain_name(name: str) -> str:
    """Return what names are compared by: compatible letters, small, without white space at the ends or what cannot be seen."""
    seen = "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isprintable() or letter.isspace())
    return " ".join(unicodedata.normalize("NFKC", seen).split())


@dataclass(frozen=True)
class Ballots:
    """Votes by row, in the order in which they were cast; `reviewers` must judge a row before anything is settled."""

    cast: Mapping[str, Sequence[Vote]] = field(default_factory=dict)
    reviewers: int = 2

    def on(self, row: str, check: str) -> dict[str, Vote]:
        """Return each reviewer's standing vote on a row that a check flagged."""
        return self._count(row, check)[0]

    def bound(self, row: str, check: str) -> frozenset[str]:
        """Return whose votes on a row that a check flagged stand for good, because they were in dispute."""
        return self._count(row, check)[1]

    def _count(self, row: str, check: str) -> tuple[dict[str, Vote], frozenset[str]]:
        standing: dict[str, Vote] = {}
        bound: frozenset[str] = frozenset()
        for vote in self.cast.get(row, ()):
            mine = standing.get(vote.reviewer)
            above = mine is not None and mine.check == WHOLE_ROW and vote.check != WHOLE_ROW
            if vote.check in (check, WHOLE_ROW) and vote.reviewer not in bound and not above:
                standing[vote.reviewer] = vote
                bound = bound | standing.keys() if tally(standing, reviewers=self.reviewers) == CONFLICT else bound
        return standing, bound


def ballots(votes: Iterable[Vote], *, reviewers: int) -> Ballots:
    """Return votes by row, in order."""
    cast: dict[str, list[Vote]] = {}
    for vote in sorted(votes, key=lambda vote: vote.number):
        cast.setdefault(vote.row, []).append(vote)
    return Ballots(cast, reviewers)


def tally(votes: Mapping[str, Vote], *, reviewers: int) -> str:
    """Return what votes come to: `open` before enough reviewers spoke, an action that more than half chose, else `conflict`."""
    if len(votes) < reviewers:
        return OPEN
    ((action, count),) = Counter(vote.action for vote in votes.values()).most_common(1)
    return action if 2 * count > len(votes) else CONFLICT


@dataclass(frozen=True)
class Settled:
    """What reviewers decided about a row, and the votes that decided it, by reviewer."""

    action: Choice
    votes: tuple[Vote, ...]

    @property
    def by(self) -> tuple[str, ...]:
        """Who decided it."""
        return tuple(vote.reviewer for vote in self.votes)


def settled(given: Ballots, row: str, checks: Iterable[str]) -> Settled | None:
    """Return the decision about a row that these checks flagged, None while there is none.

    A drop for one check is a drop. To stay, as it is or fixed, a row needs a decision for each check that flagged it.
    """
    votes = {check: given.on(row, check) for check in checks}
    states = {check: tally(cast, reviewers=given.reviewers) for check, cast in votes.items()}
    if not states or ("drop" not in states.values() and not set(states.values()) <= set(CHOICES)):
        return None
    action = next(choice for choice in reversed(CHOICES) if choice in states.values())
    cast = (vote for check, said in votes.items() if states[check] == action for vote in said.values())
    chosen = {vote.reviewer: vote for vote in cast if vote.action == action}
    return Settled(action, tuple(vote for _, vote in sorted(chosen.items())))


def blind_units(votes: Iterable[Vote], *, reviewers: int = 2) -> dict[str, list[str]]:
    """Return per item the first votes of its first reviewers, in order.

    Later votes are left out: a third is asked only where two disagree, and a reviewer may learn of a conflict and give in.
    """
    units: dict[str, dict[str, str]] = {}
    for vote in sorted(votes, key=lambda vote: vote.number):
        unit = units.setdefault(vote.item, {})
        if vote.reviewer in unit or len(unit) < max(reviewers, 2):
            unit.setdefault(vote.reviewer, vote.action)
    return {item: list(unit.values()) for item, unit in units.items()}

"""Votes, and what they come to. Reviewers judge blind of each other; where they disagree, one more is asked, and the majority decides.

A vote on a group settles each of its rows for the check that flagged them; a vote on a row settles it for every check, and stands above
its reviewer's votes on groups. Votes hang on the digest of what a row says, so they outlive scans, files and orders.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
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


@dataclass(frozen=True)
class Ballots:
    """Standing votes by (row, check), then by reviewer."""

    standing: Mapping[tuple[str, str], Mapping[str, Vote]] = field(default_factory=dict)

    def on(self, row: str, check: str) -> dict[str, Vote]:
        """Return each reviewer's standing vote on a row that a check flagged."""
        return {**self.standing.get((row, check), {}), **self.standing.get((row, WHOLE_ROW), {})}


def ballots(votes: Iterable[Vote]) -> Ballots:
    """Return the standing votes: of each reviewer the latest on the same row and check."""
    standing: dict[tuple[str, str], dict[str, Vote]] = {}
    for vote in sorted(votes, key=lambda vote: vote.number):
        standing.setdefault((vote.row, vote.check), {})[vote.reviewer] = vote
    return Ballots(standing)


def tally(votes: Mapping[str, Vote], *, reviewers: int) -> str:
    """Return what votes come to: `open` before enough reviewers spoke, an action that more than half chose, else `conflict`."""
    if len(votes) < reviewers:
        return OPEN
    ((action, count),) = Counter(vote.action for vote in votes.values()).most_common(1)
    return action if 2 * count > len(votes) else CONFLICT


@dataclass(frozen=True)
class Settled:
    """What reviewers decided about a row, and who of them."""

    action: Choice
    by: tuple[str, ...]


def settled(given: Ballots, row: str, checks: Iterable[str], *, reviewers: int) -> Settled | None:
    """Return the decision about a row that these checks flagged, None while there is none.

    A drop for one check is a drop. To stay, as it is or fixed, a row needs a decision for each check that flagged it.
    """
    votes = {check: given.on(row, check) for check in checks}
    states = {check: tally(cast, reviewers=reviewers) for check, cast in votes.items()}
    if not states or ("drop" not in states.values() and not set(states.values()) <= set(CHOICES)):
        return None
    action = next(choice for choice in reversed(CHOICES) if choice in states.values())
    names = {name for check, cast in votes.items() if states[check] == action for name, vote in cast.items() if vote.action == action}
    return Settled(action, tuple(sorted(names)))


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

"""The store of reviews: what waits, the rows it is about, and every vote, in one SQLite file. Votes are only ever added.

Several runs and audits may share one store; a vote counts wherever the same row was flagged by the same check.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Float, ForeignKey, Index, Integer, MetaData, String, Table, delete, insert, select
from sqlalchemy import Row as Line

from temperance.checks.data.rowtext import rewrite
from temperance.curate import redacted
from temperance.data.example import Row, row_from_json
from temperance.database import storable, transaction
from temperance.errors import InputError
from temperance.ledger import Decision, Flag, evidence
from temperance.review.ballot import CHOICES, WHOLE_ROW, Vote, ballots, plain_name, settled
from temperance.review.queue import Item, Placed, queue
from temperance.review.subject import Subject

VERSION = 1
REVIEWERS = 2
SHORTEST = 6

metadata = MetaData()
settings = Table("settings", metadata, Column("name", String, primary_key=True), Column("value", Integer, nullable=False))
subjects = Table(
    "subjects",
    metadata,
    Column("path", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("report", String, nullable=False),
    Column("when", String, nullable=False),
)
rows = Table("rows", metadata, Column("id", String, primary_key=True), Column("body", String, nullable=False))
items = Table(
    "items",
    metadata,
    Column("subject", String, ForeignKey("subjects.path"), primary_key=True),
    Column("id", String, primary_key=True),
    Column("check", String, nullable=False),
    *(Column(name, String, nullable=False) for name in ("severity", "title", "says", "where", "fix")),
)
item_rows = Table(
    "item_rows",
    metadata,
    Column("subject", String, primary_key=True),
    Column("item", String, primary_key=True),
    Column("row", String, primary_key=True),
    Column("suspicion", Float, nullable=False),
)
votes = Table(
    "votes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    *(Column(name, String, nullable=False) for name in ("reviewer", "row", "check", "item", "action", "note", "when")),
    Index("votes_by_row", "row"),
)


@dataclass(frozen=True, kw_only=True)
class Known:
    """A subject that the store was filled from. `report` is the audit's report, empty if there was none."""

    path: str
    kind: str
    report: str = ""


@dataclass(frozen=True, kw_only=True)
class Review:
    """Everything that the store holds, as it was read."""

    reviewers: int = REVIEWERS
    subjects: Mapping[str, Known] = field(default_factory=dict)
    items: Mapping[str, Item] = field(default_factory=dict)
    of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    rows: Mapping[str, Row] = field(default_factory=dict)
    votes: tuple[Vote, ...] = ()

    def queue(self, *, by: str = "") -> list[Placed]:
        """Return what still needs a vote (from a reviewer, if one is named), the most valuable first."""
        return queue(self.items.values(), self.rows, self.votes, reviewers=self.reviewers, by=self.called(by))

    def called(self, name: str) -> str:
        """Return a reviewer's name as they wrote it first: Ada and “ada ” are one."""
        return next((vote.reviewer for vote in self.votes if plain_name(vote.reviewer) == plain_name(name)), name.strip())

    def find(self, name: str) -> Item | str:
        """Return the item, or the id of the row, that a name or the beginning of one means.

        Raises:
            InputError: nothing is called so, or several things are.
        """
        plain = name.removeprefix("sha256:")
        if plain in self.items:
            return self.items[plain]
        meant: list[Item | str] = [item for id, item in self.items.items() if id.startswith(plain)]
        meant += [id for id in self.rows if id.removeprefix("sha256:").startswith(plain)]
        if len(plain) < SHORTEST or len(meant) != 1:
            why = f"write at least {SHORTEST} letters" if len(plain) < SHORTEST else f"{len(meant)} items and rows are called so"
            raise InputError(f"there is no item {name!r} to decide", why=why, then="temperance review list")
        return meant[0]

    def cast(self, name: str, action: str, *, by: str, note: str = "") -> list[Vote]:
        """Return the votes of a decision: one for each row of a group, or the one about a row.

        Raises:
            InputError: no such item, no such action, nobody's name, nothing to fix, or a dispute that is for somebody else to settle.
        """
        meant = self.find(name)
        if action not in CHOICES:
            raise InputError(f"there is no decision {action!r}", why="a row can be kept, dropped or fixed", then="keep, drop or fix")
        if not plain_name(by):
            raise InputError("a decision needs a name", why="the ledger says who decided", then="--by NAME")
        by = self.called(by)
        about = [(meant, WHOLE_ROW)] if isinstance(meant, str) else [(row, meant.check) for row in meant.rows]
        whole = [row for row, _ in about if action == "fix" and rewrite(self.rows[row], redacted) is self.rows[row]]
        if whole:
            why = f"a fix takes out secrets and personal data, and {len(whole)} of {len(about)} rows hold none"
            raise InputError(f"{name} cannot be fixed", why=why, then=f"temperance review decide {name} keep, or drop")
        given = ballots(self.votes, reviewers=self.reviewers)
        free = [(row, check) for row, check in about if not all(by in given.bound(row, one) for one in self.checks(row, check))]
        if not free:
            why = f"{by} is one of those who disagree about it, and whoever has not voted yet decides"
            raise InputError(f"{name} is disputed", why=why, then=f"temperance review decide {name} {action} --by SOMEBODY_ELSE")
        item = meant if isinstance(meant, str) else meant.id
        return [Vote(reviewer=by, row=row, check=check, item=item, action=action, note=note) for row, check in free]

    def checks(self, row: str, check: str = WHOLE_ROW) -> list[str]:
        """Return the check, or all that flagged the row where a vote is about the whole row."""
        return sorted({item.check for item in self.items.values() if row in item.rows}) if check == WHOLE_ROW else [check]

    def decisions(self, subject: str) -> list[Decision]:
        """Return what reviewers decided about the rows of a subject, by row id, each with what it was flagged for."""
        flagged: dict[str, list[Item]] = {}
        for item in (one for one in self.items.values() if subject in self.of[one.id]):
            for row in item.rows:
                flagged.setdefault(row, []).append(item)
        given = ballots(self.votes, reviewers=self.reviewers)
        made = ((row, settled(given, row, sorted({item.check for item in about}))) for row, about in sorted(flagged.items()))
        return [
            Decision(
                row=row,
                action=one.action,
                by=", ".join(one.by),
                when=max(vote.when for vote in one.votes),
                note="; ".join(dict.fromkeys(vote.note for vote in one.votes if vote.note)),
                flagged=tuple(_flag(self.rows[row], item) for item in flagged[row]),
            )
            for row, one in made
            if one
        ]


def _flag(row: Row, item: Item) -> Flag:
    alone = len(item.rows) == 1
    told = evidence(row, item.check, title=item.title, says=item.says, where=item.where, fix=item.fix, alone=alone)
    return Flag(check=item.check, score=item.rows[row.id], evidence=told)


def open_store(path: Path) -> AbstractContextManager[Connection]:
    """Open the store in one transaction; see `temperance.database.transaction`."""
    return transaction(path, metadata, version=VERSION, what="review store")


def fill(path: Path, subject: Subject, *, report: str = "", reviewers: int | None = None) -> None:
    """Put a subject's items into the store, in place of those that it had; votes stay as they are.

    Raises:
        InputError: the file is not a store, or cannot be written.
    """
    found = subject.items()
    flagged = {row for item in found for row in item.rows}
    bodies = [{"id": row.id, "body": orjson.dumps(row.as_json()).decode()} for row in subject.rows if row.id in flagged]
    with open_store(path) as connection:
        for one in (items, item_rows):
            connection.execute(delete(one).where(one.c.subject == subject.path))
        connection.execute(delete(subjects).where(subjects.c.path == subject.path))
        when = datetime.now(UTC).isoformat(timespec="seconds")
        _add(connection, subjects, [{"path": subject.path, "kind": subject.kind, "report": report, "when": when}])
        heads = [{name: value for name, value in vars(item).items() if name != "rows"} for item in found]
        _add(connection, items, [{"subject": subject.path, **head} for head in heads])
        lines = ((item.id, row, score) for item in found for row, score in item.rows.items())
        _add(connection, item_rows, [{"subject": subject.path, "item": id, "row": row, "suspicion": score} for id, row, score in lines])
        known = set(connection.scalars(select(rows.c.id)))
        _add(connection, rows, list({one["id"]: one for one in bodies if one["id"] not in known}.values()))
        if reviewers is not None:
            connection.execute(delete(settings).where(settings.c.name == "reviewers"))
            _add(connection, settings, [{"name": "reviewers", "value": reviewers}])


def load(path: Path) -> Review:
    """Read the store.

    Raises:
        InputError: there is no store yet, or the file is not one.
    """
    if not path.exists():
        raise InputError("there is no review store yet", where=str(path), then="temperance review list runs/NAME")
    with open_store(path) as connection:
        scores: dict[str, dict[str, float]] = {}
        for one in connection.execute(select(item_rows).order_by(item_rows.c.item, item_rows.c.row)):
            scores.setdefault(one.item, {})[one.row] = one.suspicion
        heads = [_named(one) for one in connection.execute(select(items).order_by(items.c.id, items.c.subject))]
        of: dict[str, set[str]] = {}
        for head in heads:
            of.setdefault(head["id"], set()).add(head.pop("subject"))
        stored = connection.execute(select(rows).order_by(rows.c.id))
        cast = connection.execute(select(votes).order_by(votes.c.number))
        known = connection.execute(select(subjects).order_by(subjects.c.when, subjects.c.path))
        return Review(
            reviewers=connection.scalar(select(settings.c.value).where(settings.c.name == "reviewers")) or REVIEWERS,
            subjects={one.path: Known(path=one.path, kind=one.kind, report=one.report) for one in known},
            items={head["id"]: Item(**head, rows=scores[head["id"]]) for head in heads},
            of={id: frozenset(paths) for id, paths in of.items()},
            rows={one.id: row_from_json(json.loads(one.body)) for one in stored},
            votes=_votes(Vote(**_named(one)) for one in cast),
        )


def _votes(cast: Iterable[Vote]) -> tuple[Vote, ...]:
    """Return votes with each reviewer's name as they wrote it first."""
    spelt: dict[str, str] = {}
    return tuple(replace(vote, reviewer=spelt.setdefault(plain_name(vote.reviewer), vote.reviewer)) for vote in cast)


def record(path: Path, cast: Iterable[Vote]) -> None:
    """Add votes, all of them or none.

    Raises:
        InputError: the file is not a store, or cannot be written.
    """
    when = datetime.now(UTC).isoformat(timespec="seconds")
    lines = [{name: value for name, value in vars(vote).items() if name != "number"} | {"when": when} for vote in cast]
    with open_store(path) as connection:
        _add(connection, votes, lines)


def _named(line: Line[Any]) -> dict[str, Any]:
    return {str(name): value for name, value in line._mapping.items()}


def _add(connection: Connection, table: Table, lines: Sequence[Mapping[str, object]]) -> None:
    if lines:
        connection.execute(insert(table), [storable(line) for line in lines])

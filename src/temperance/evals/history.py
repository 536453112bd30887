"""The history: every prompt, answer and judgement of every evaluation, in one SQLite file. It judges nothing.

A run is one suite asked of one model under one set of settings. It is written in a single transaction: a kill leaves it whole or absent.
"""

import json
import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    select,
)

from temperance.artifact import canonical_json, text_digest
from temperance.database import storable, transaction

VERSION = 1

metadata = MetaData()
runs = Table(
    "runs",
    metadata,
    Column("id", String, primary_key=True),
    Column("key", String, nullable=False),
    Column("suite", String, nullable=False),
    Column("axis", String, nullable=False),
    Column("suite_digest", String, nullable=False),
    Column("model", String, nullable=False),
    Column("model_digest", String, nullable=False),
    Column("adapter_digest", String, nullable=False),
    Column("settings", String, nullable=False),
    Column("judge", String, nullable=False),
    Column("when", String, nullable=False),
    Column("seconds", Float, nullable=False),
    Index("runs_by_key", "key"),
)
samples = Table(
    "samples",
    metadata,
    Column("run", String, ForeignKey("runs.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("prompt_id", String, nullable=False),
    Column("area", String, nullable=False),
    Column("family", String, nullable=False),
    Column("prompt", String, nullable=False),
    Column("answer", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("stop_reason", String, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One prompt, what was answered, and how that was judged."""

    prompt_id: str
    area: str
    family: str
    prompt: str
    answer: str
    outcome: str
    reason: str
    input_tokens: int
    output_tokens: int
    stop_reason: str


@dataclass(frozen=True, kw_only=True)
class SuiteRun:
    """One suite asked of one model. `judge` is the digest of the judge's rules; `adapter_digest` is empty without an adapter."""

    suite: str
    axis: str
    suite_digest: str
    model: str
    model_digest: str
    adapter_digest: str
    settings: Mapping[str, Any]
    judge: str
    seconds: float
    samples: tuple[Asked, ...]
    when: str = ""
    id: str = ""

    @property
    def key(self) -> str:
        """What the answers depend on; runs of one key have the same answers."""
        return key_of(self.suite_digest, self.model_digest, self.adapter_digest, self.settings)


def key_of(suite_digest: str, model_digest: str, adapter_digest: str, settings: Mapping[str, Any]) -> str:
    """Return the digest of everything that a run's answers depend on."""
    return text_digest(canonical_json([suite_digest, model_digest, adapter_digest, dict(settings)]))


def record(path: Path, run: SuiteRun) -> SuiteRun:
    """Store a run and return it with its id and time.

    Raises:
        InputError: the file is not a history, or cannot be written.
    """
    when = datetime.now(UTC).isoformat(timespec="seconds")
    stored = replace(run, id=uuid.uuid4().hex, when=when)
    head = {name: value for name, value in vars(stored).items() if name != "samples"}
    rows = [{"run": stored.id, "position": place, **storable(vars(one))} for place, one in enumerate(stored.samples)]
    with _open(path) as connection:
        connection.execute(
            runs.insert(), [storable({**head, "key": stored.key, "settings": json.dumps(dict(stored.settings), sort_keys=True)})]
        )
        if rows:
            connection.execute(samples.insert(), rows)
    return stored


def find(path: Path, key: str) -> SuiteRun | None:
    """Return the newest run with a key, or None.

    Raises:
        InputError: the file is not a history.
    """
    if not path.exists():
        return None
    with _open(path) as connection:
        found = connection.execute(select(runs).where(runs.c.key == key).order_by(runs.c.when.desc(), runs.c.id).limit(1)).first()
        return _run(connection, found) if found else None


def series(path: Path, *, suite: str | None = None) -> list[SuiteRun]:
    """Return every run, oldest first, of one suite if it is named; none where there is no file.

    Raises:
        InputError: the file is not a history.
    """
    if not path.exists():
        return []
    wanted = select(runs).order_by(runs.c.when, runs.c.id)
    with _open(path) as connection:
        found = connection.execute(wanted if suite is None else wanted.where(runs.c.suite == suite)).all()
        return [_run(connection, row) for row in found]


def _run(connection: Connection, row: Row[Any]) -> SuiteRun:
    head: dict[str, Any] = {column.name: row._mapping[column.name] for column in runs.columns if column.name != "key"}
    asked = connection.execute(select(samples).where(samples.c.run == head["id"]).order_by(samples.c.position)).all()
    rows = tuple(_asked({column.name: one._mapping[column.name] for column in samples.columns}) for one in asked)
    head["settings"] = json.loads(head["settings"])
    return SuiteRun(**head, samples=rows)


def _asked(row: dict[str, Any]) -> Asked:
    del row["run"], row["position"]
    return Asked(**row)


def _open(path: Path) -> AbstractContextManager[Connection]:
    return transaction(path, metadata, version=VERSION, what="history")

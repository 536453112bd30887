"""The two row types that everything downstream reads: an instruction example and a preference.

A row's id is the digest of what it says, not of where it stood, so decisions about a row survive a reordered or renamed file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import orjson

from temperance.artifact import words_digest
from temperance.errors import InputError, plainly

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str

    def as_json(self) -> dict[str, str]:
        """Return the turn as chat templates take it."""
        return {"role": self.role, "content": self.content}


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a row came from. `row` is the position in its source, from 0; `licence` is empty when nobody stated one."""

    source: str
    row: int
    licence: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Example:
    """A conversation to learn from: any turns, the last one the assistant's."""

    messages: tuple[Message, ...]
    origin: Origin

    @property
    def prompt(self) -> tuple[Message, ...]:
        """Everything before the final answer."""
        return self.messages[:-1]

    @property
    def answer(self) -> str:
        """The final answer."""
        return self.messages[-1].content

    @cached_property
    def id(self) -> str:
        """The content digest, `sha256:` and 64 hex digits."""
        return words_digest({"messages": [turn.as_json() for turn in self.messages]})

    def as_json(self) -> dict[str, Any]:
        """Return the canonical row."""
        return {"kind": "example", "id": self.id, "messages": [turn.as_json() for turn in self.messages], **_origin_json(self.origin)}


@dataclass(frozen=True, kw_only=True)
class Preference:
    """A prompt and two answers, the first preferred. `margin` is how strongly, in the source's own unit."""

    prompt: tuple[Message, ...]
    chosen: str
    rejected: str
    origin: Origin
    margin: float | None = None

    @cached_property
    def id(self) -> str:
        """The content digest, `sha256:` and 64 hex digits."""
        said = {"prompt": [turn.as_json() for turn in self.prompt], "chosen": self.chosen, "rejected": self.rejected}
        return words_digest(said)

    def as_json(self) -> dict[str, Any]:
        """Return the canonical row."""
        prompt = [turn.as_json() for turn in self.prompt]
        said = {"prompt": prompt, "chosen": self.chosen, "rejected": self.rejected, "margin": self.margin}
        return {"kind": "preference", "id": self.id, **said, **_origin_json(self.origin)}


Row = Example | Preference


def _origin_json(origin: Origin) -> dict[str, Any]:
    return {"source": origin.source, "row": origin.row, "licence": origin.licence, "tags": dict(origin.tags)}


def row_from_json(value: Mapping[str, Any]) -> Row:
    """Rebuild a row from its canonical JSON (the inverse of `as_json`; the stored id is recomputed, not believed)."""
    origin = Origin(source=value["source"], row=value["row"], licence=value["licence"], tags=value["tags"])
    if value["kind"] == "example":
        return Example(messages=turns(value["messages"]), origin=origin)
    prompt = turns(value["prompt"])
    return Preference(prompt=prompt, chosen=value["chosen"], rejected=value["rejected"], margin=value["margin"], origin=origin)


def turns(messages: list[dict[str, Any]]) -> tuple[Message, ...]:
    """Return `role`/`content` objects as messages."""
    return tuple(Message(turn["role"], turn["content"]) for turn in messages)


def write_rows(path: Path, rows: Iterator[Row] | list[Row] | tuple[Row, ...]) -> int:
    """Write canonical rows as JSON lines; return how many."""
    count = 0
    with path.open("wb") as stream:
        for row in rows:
            stream.write(orjson.dumps(row.as_json()) + b"\n")
            count += 1
    return count


def read_rows(path: Path) -> Iterator[Row]:
    """Read canonical rows that `write_rows` wrote, one at a time; rows of doubtful origin are for `temperance.data.read`.

    Raises:
        InputError: the file is absent, or a line is not a canonical row.
    """
    number = 0
    try:
        with path.open("rb") as stream:
            for line in stream:
                number += 1
                yield row_from_json(orjson.loads(line))
    except (OSError, LookupError, TypeError, ValueError) as error:
        where = f"{path}, line {number}" if number else str(path)
        raise InputError("the canonical rows cannot be read", where=where, why=plainly(error)) from error

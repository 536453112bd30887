"""Messages: a list of `role` and `content`, as chat interfaces take it, under `messages`, `conversation` or `conversations`."""

from collections.abc import Mapping, Sequence
from typing import Any

from temperance.data.example import Origin, Row
from temperance.data.formats.format import Format, RawRecord, as_example, conversation, example

NAMES = ("messages", "conversation", "conversations")


def _name(record: RawRecord) -> str:
    for name in NAMES:
        turns = record.get(name)
        if isinstance(turns, list) and turns and isinstance(turns[0], Mapping) and "role" in turns[0]:
            return name
    return ""


def matches(record: RawRecord) -> bool:
    """Say whether the record has a list of turns with `role`."""
    return bool(_name(record))


def rows(record: RawRecord, origin: Origin) -> list[Row]:
    """Return the example."""
    name = _name(record) or "messages"
    return [example(conversation(record.get(name), name), origin)]


def record(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the record of an example."""
    return {"messages": [message.as_json() for message in as_example(rows).messages]}


FORMAT = Format(name="messages", title="messages of role and content", matches=matches, rows=rows, record=record)

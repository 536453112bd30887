"""Alpaca: `instruction`, an optional `input`, `output`; also the `system` and `history` fields that some tools add."""

from collections.abc import Sequence
from typing import Any

from temperance.data.example import Message, Origin, Row
from temperance.data.formats.format import Format, RawRecord, as_example, example, exchanges, optional_text, text
from temperance.data.record import Malformed, clean


def matches(record: RawRecord) -> bool:
    """Say whether the record has an instruction and an output."""
    return "instruction" in record and "output" in record


def rows(record: RawRecord, origin: Origin) -> list[Row]:
    """Return the example; the input follows the instruction after an empty line."""
    given = optional_text(record, "input")
    asked = text(record, "instruction")
    system = optional_text(record, "system")
    messages = [
        *([Message("system", system)] if system else []),
        *_history(record),
        Message("user", f"{asked}\n\n{given}" if given else asked),
        Message("assistant", text(record, "output")),
    ]
    return [example(messages, origin)]


def _history(record: RawRecord) -> list[Message]:
    history = record.get("history")
    if not history:
        return []
    if not isinstance(history, list) or any(not isinstance(pair, list) or len(pair) != 2 for pair in history):
        raise Malformed("history is not a list of pairs")
    earlier: list[Message] = []
    for asked, answered in history:
        earlier += [Message("user", clean(asked, "history")), Message("assistant", clean(answered, "history"))]
    return earlier


def record(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the record of an example; the input stays empty, and earlier turns go into the history."""
    system, turns = _apart(as_example(rows).messages)
    *history, (asked, answered) = exchanges(turns)
    made: dict[str, Any] = {"instruction": asked, "input": "", "output": answered}
    if history:
        made["history"] = [list(pair) for pair in history]
    return made | ({"system": system} if system else {})


def _apart(messages: Sequence[Message]) -> tuple[str, Sequence[Message]]:
    return (messages[0].content, messages[1:]) if messages and messages[0].role == "system" else ("", messages)


FORMAT = Format(name="alpaca", title="instruction, output and perhaps input", matches=matches, rows=rows, record=record)

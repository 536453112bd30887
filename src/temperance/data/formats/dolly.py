"""Dolly: `instruction`, `context`, `response`, `category`, or the same rows under Alpaca's keys plus `category`."""

from collections.abc import Sequence
from typing import Any

from temperance.data.example import Message, Origin, Row
from temperance.data.formats.format import Format, NoPlace, RawRecord, as_example, example, exchanges, optional_text, tagged, text


def matches(record: RawRecord) -> bool:
    """Say whether the record has Dolly's own keys, or Alpaca's with a category."""
    own = "response" in record and ("context" in record or "category" in record)
    return "instruction" in record and (own or ("output" in record and "category" in record))


def rows(record: RawRecord, origin: Origin) -> list[Row]:
    """Return the example, tagged with its category; the context follows the instruction after an empty line."""
    context, answer = ("context", "response") if "response" in record else ("input", "output")
    given, asked = optional_text(record, context), text(record, "instruction")
    messages = [Message("user", f"{asked}\n\n{given}" if given else asked), Message("assistant", text(record, answer))]
    return [example(messages, tagged(origin, category=record.get("category")))]


def record(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the record of an example of one turn; the context stays empty."""
    row = as_example(rows)
    (asked, answered), *more = exchanges(row.messages)
    if more:
        raise NoPlace("has no place for earlier turns")
    return {"instruction": asked, "context": "", "response": answered, "category": row.origin.tags.get("category", "")}


FORMAT = Format(
    name="dolly",
    title="instruction, context, response and category (or input, output and category)",
    matches=matches,
    rows=rows,
    record=record,
)

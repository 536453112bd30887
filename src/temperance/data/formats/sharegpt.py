"""ShareGPT: `conversations` of `from` and `value`; with `chosen` and `rejected` turns beside it, a preference."""

from collections.abc import Mapping, Sequence
from typing import Any

from temperance.data.example import Example, Message, Origin, Row
from temperance.data.formats.format import Format, RawRecord, conversation, example, optional_text, preference, turn
from temperance.data.record import Malformed

SPEAKERS = {"user": "human", "assistant": "gpt"}
KEYS = {"role_key": "from", "text_key": "value"}


def matches(record: RawRecord) -> bool:
    """Say whether the record has a list of turns with `from`."""
    turns = record.get("conversations")
    return isinstance(turns, list) and bool(turns) and isinstance(turns[0], Mapping) and "from" in turns[0]


def rows(record: RawRecord, origin: Origin) -> list[Row]:
    """Return the example or the preference."""
    turns = conversation(record.get("conversations"), "conversations", **KEYS)
    system = optional_text(record, "system")
    if system:
        turns = (Message("system", system), *turns)
    if "chosen" not in record and "rejected" not in record:
        return [example(turns, origin)]
    return [preference(turns, origin, chosen=_answer(record.get("chosen"), "chosen"), rejected=_answer(record.get("rejected"), "rejected"))]


def _answer(value: Any, what: str) -> str:
    """Return the text of an answering turn, which may stand alone or in a list of one."""
    said = turn(value[0] if isinstance(value, list) and len(value) == 1 else value, **KEYS)
    if said.role != "assistant":
        raise Malformed(f"{what} is the {said.role}'s turn, not an answer")
    return said.content


def record(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the record of an example or a preference."""
    (row,) = rows
    if isinstance(row, Example):
        return {"conversations": [_turn(message) for message in row.messages]}
    answers = {key: _turn(Message("assistant", said)) for key, said in (("chosen", row.chosen), ("rejected", row.rejected))}
    return {"conversations": [_turn(message) for message in row.prompt], **answers}


def _turn(message: Message) -> dict[str, str]:
    return {"from": SPEAKERS.get(message.role, message.role), "value": message.content}


FORMAT = Format(name="sharegpt", title="conversations of from and value", matches=matches, rows=rows, record=record)

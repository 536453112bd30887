"""Preference pairs: `prompt`, `chosen`, `rejected`, each as text or as a list of `role` and `content`.

With lists the prompt may stand apart, or inside both answers, or both. `instruction` (with `input`) and `question` also name the prompt.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from temperance.data.example import Message, Origin, Row
from temperance.data.formats.format import Format, RawRecord, as_preference, common_prompt, conversation, optional_text, preference, text
from temperance.data.record import Malformed, clean

NAMES = ("prompt", "instruction", "question")


def matches(record: RawRecord) -> bool:
    """Say whether the record has two answers and a prompt, or two answers that hold their prompt."""
    if "chosen" not in record or "rejected" not in record:
        return False
    return any(name in record for name in NAMES) or all(_is_turns(record[key]) for key in ("chosen", "rejected"))


def _is_turns(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping) and "role" in value[0]


def rows(record: RawRecord, origin: Origin) -> list[Row]:
    """Return the preference."""
    return [pair(record, origin)]


def pair(record: RawRecord, origin: Origin, *, margin: float | None = None) -> Row:
    """Return the preference of a record, with a margin.

    Raises:
        Malformed: a prompt that the answers do not share, or what `format.preference` refuses.
    """
    stated = _prompt(record)
    if isinstance(record.get("chosen"), str):
        return preference(stated, origin, chosen=text(record, "chosen"), rejected=text(record, "rejected"), margin=margin)
    chosen, rejected = (conversation(_listed(record.get(key)), key) for key in ("chosen", "rejected"))
    shared, best, worst = common_prompt(chosen, rejected)
    if shared and stated and not _holds(shared, stated):
        raise Malformed("prompt is not the one that chosen and rejected answer")
    return preference(shared or stated, origin, chosen=best, rejected=worst, margin=margin)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, Mapping) else value


def _prompt(record: RawRecord) -> tuple[Message, ...]:
    name = next((name for name in NAMES if record.get(name)), "")
    if not name:
        return ()
    value = record[name]
    if isinstance(value, list):
        return conversation(value, name)
    asked, given, system = clean(value, name), optional_text(record, "input"), optional_text(record, "system")
    said = Message("user", f"{asked}\n\n{given}" if name == "instruction" and given else asked)
    return (Message("system", system), said) if system else (said,)


def _holds(shared: tuple[Message, ...], stated: tuple[Message, ...]) -> bool:
    """Say whether a conversation holds the stated prompt; a text states one of its turns, and blank space around it is no difference."""
    spoken = {message.content.strip() for message in shared}
    return all(message.content.strip() in spoken for message in stated)


def record(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the record of a preference, all three as lists of turns; its margin has no place."""
    row = as_preference(rows)
    chosen, rejected = ([Message("assistant", answer).as_json()] for answer in (row.chosen, row.rejected))
    return {"prompt": [message.as_json() for message in row.prompt], "chosen": chosen, "rejected": rejected}


FORMAT = Format(name="preference", title="prompt, chosen and rejected", matches=matches, rows=rows, record=record)

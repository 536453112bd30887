"""Canonical rows, as `example.write_rows` writes them. They keep the origin that they state, so that reading them again loses nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from temperance.data.example import Origin, Row
from temperance.data.formats.format import Format, RawRecord, conversation, example, number, preference, text
from temperance.data.record import Malformed, clean, kind


def matches(record: RawRecord) -> bool:
    """Say whether the record names its kind and its source."""
    return record.get("kind") in ("example", "preference") and "source" in record and ("messages" in record or "prompt" in record)


def rows(record: RawRecord, origin: Origin) -> list[Row]:
    """Return the row. A stored id is not believed; the row's own is computed from what it says."""
    where = _origin(record, origin)
    if record.get("kind") == "example":
        return [example(conversation(record.get("messages"), "messages"), where)]
    margin = record.get("margin")
    if margin is not None and number(margin) is None:
        raise Malformed(f"margin is {kind(margin)}, not a number")
    prompt = conversation(record.get("prompt"), "prompt")
    chosen, rejected = text(record, "chosen"), text(record, "rejected")
    return [preference(prompt, where, chosen=chosen, rejected=rejected, margin=number(margin))]


def _origin(record: RawRecord, origin: Origin) -> Origin:
    row, tags = record.get("row"), record.get("tags")
    if not isinstance(row, int) or isinstance(row, bool) or row < 0:
        raise Malformed(f"row is {kind(row)}, not a position")
    if tags is not None and not isinstance(tags, Mapping):
        raise Malformed(f"tags is {kind(tags)}, not an object")
    return replace(origin, source=text(record, "source"), row=row, tags=_tags(tags or {}))


def _tags(tags: Mapping[Any, Any]) -> dict[str, str]:
    return {clean(key, "the name of a tag"): clean(value, "a tag", blank=True) for key, value in tags.items()}


def record(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the canonical row."""
    return rows[0].as_json()


FORMAT = Format(
    name="canonical", title="kind, messages (or prompt, chosen, rejected), source and row", matches=matches, rows=rows, record=record
)

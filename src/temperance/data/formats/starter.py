"""The three shapes of the data that ships with temperance: contrast pairs, everyday questions, and preferences with a named flaw."""

from collections.abc import Sequence
from typing import Any

from temperance.data.example import Example, Message, Origin, Row
from temperance.data.formats.format import (
    Format,
    NoPlace,
    RawRecord,
    as_example,
    as_preference,
    example,
    exchanges,
    preference,
    tagged,
    text,
)

PAIRS = ("unsafe", "refusal", "lookalike", "answer")


def is_contrast(record: RawRecord) -> bool:
    """Say whether the record has an unsafe request with its refusal and a safe look-alike with its answer."""
    return all(key in record for key in PAIRS)


def contrast(record: RawRecord, origin: Origin) -> list[Row]:
    """Return two examples, tagged with their area and `kind` unsafe or lookalike."""
    area = record.get("area")
    return [
        _answered(record, tagged(origin, area=area, kind="unsafe"), asked="unsafe", answer="refusal"),
        _answered(record, tagged(origin, area=area, kind="lookalike"), asked="lookalike", answer="answer"),
    ]


def is_everyday(record: RawRecord) -> bool:
    """Say whether the record is a question with its answer."""
    return "prompt" in record and "answer" in record


def everyday(record: RawRecord, origin: Origin) -> list[Row]:
    """Return the example, tagged with `kind` everyday; the record's own kind of question becomes its area."""
    where = tagged(origin, area=record.get("kind"), kind="everyday")
    return [_answered(record, where, asked="prompt", answer="answer")]


def is_flawed(record: RawRecord) -> bool:
    """Say whether the record is a preference that names the flaw of the rejected answer."""
    return all(key in record for key in ("prompt", "chosen", "rejected", "flaw"))


def flawed(record: RawRecord, origin: Origin) -> list[Row]:
    """Return the preference, tagged with its area and flaw."""
    where = tagged(origin, area=record.get("area"), flaw=record.get("flaw"))
    asked = (Message("user", text(record, "prompt")),)
    return [preference(asked, where, chosen=text(record, "chosen"), rejected=text(record, "rejected"))]


def _answered(record: RawRecord, origin: Origin, *, asked: str, answer: str) -> Example:
    return example((Message("user", text(record, asked)), Message("assistant", text(record, answer))), origin)


def contrast_record(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the record of an unsafe request and its look-alike."""
    kinds = [row.origin.tags.get("kind") for row in rows]
    if kinds != ["unsafe", "lookalike"]:
        raise NoPlace("needs an unsafe request with its look-alike, both kept")
    (unsafe, refusal), (lookalike, answer) = (_exchange(row) for row in rows)
    return {"unsafe": unsafe, "refusal": refusal, "lookalike": lookalike, "answer": answer, **_tag(rows[0], "area", "area")}


def everyday_record(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the record of a question with its answer."""
    asked, answered = _exchange(rows[0])
    return {"prompt": asked, "answer": answered, **_tag(rows[0], "area", "kind")}


def flawed_record(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the record of a preference that names the flaw of its rejected answer."""
    row = as_preference(rows)
    if "flaw" not in row.origin.tags or [message.role for message in row.prompt] != ["user"]:
        raise NoPlace("needs a single question and the name of a flaw")
    said = {"prompt": row.prompt[0].content, "chosen": row.chosen, "rejected": row.rejected}
    return {**said, **_tag(row, "flaw", "flaw"), **_tag(row, "area", "area")}


def _exchange(row: Row) -> tuple[str, str]:
    (pair, *more) = exchanges(as_example([row]).messages)
    if more:
        raise NoPlace("has no place for earlier turns")
    return pair


def _tag(row: Row, tag: str, key: str) -> dict[str, str]:
    return {key: row.origin.tags[tag]} if tag in row.origin.tags else {}


CONTRAST = Format(
    name="contrast",
    title="unsafe, refusal, lookalike and answer",
    matches=is_contrast,
    rows=contrast,
    record=contrast_record,
    per_record=2,
)
EVERYDAY = Format(name="everyday", title="prompt and answer", matches=is_everyday, rows=everyday, record=everyday_record)
FLAWED = Format(name="flawed", title="prompt, chosen, rejected and flaw", matches=is_flawed, rows=flawed, record=flawed_record)

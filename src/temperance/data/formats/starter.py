"""The three shapes of the data that ships with temperance: contrast pairs, everyday questions, and preferences with a named flaw."""

from temperance.data.example import Example, Message, Origin, Row
from temperance.data.formats.format import Format, RawRecord, example, preference, tagged, text

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


CONTRAST = Format(name="contrast", title="unsafe, refusal, lookalike and answer", matches=is_contrast, rows=contrast)
EVERYDAY = Format(name="everyday", title="prompt and answer", matches=is_everyday, rows=everyday)
FLAWED = Format(name="flawed", title="prompt, chosen, rejected and flaw", matches=is_flawed, rows=flawed)

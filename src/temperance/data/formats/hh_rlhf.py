"""HH-RLHF: two transcripts, `chosen` and `rejected`, of turns that begin with `Human:` and `Assistant:` after an empty line.

Also the form with the transcript in `prompt`, up to `Assistant:`, and only the two last answers in `chosen` and `rejected`.
"""

import re
from collections.abc import Sequence
from typing import Any

from temperance.data.example import Message, Origin, Row
from temperance.data.formats.format import Format, NoPlace, RawRecord, as_preference, common_prompt, preference, text
from temperance.data.record import Malformed, clean

SPEAKERS = {"user": "Human", "assistant": "Assistant"}
SPEAKER = re.compile(r"(?:\A|\n\n)(Human|Assistant):")


def matches(record: RawRecord) -> bool:
    """Say whether both answers are transcripts, or the prompt is one."""
    if "chosen" not in record or "rejected" not in record:
        return False
    if "prompt" in record:
        return _is_transcript(record["prompt"]) and record["prompt"].rstrip().endswith("Assistant:")
    return _is_transcript(record["chosen"]) and _is_transcript(record["rejected"])


def _is_transcript(value: Any) -> bool:
    return isinstance(value, str) and value.lstrip().startswith("Human:")


def rows(record: RawRecord, origin: Origin) -> list[Row]:
    """Return the preference; the prompt is everything before the last answer, the same in both transcripts."""
    if "prompt" in record:
        asked = transcript(text(record, "prompt").rstrip().removesuffix("Assistant:"), "prompt")
        return [preference(asked, origin, chosen=text(record, "chosen").strip(), rejected=text(record, "rejected").strip())]
    prompt, chosen, rejected = common_prompt(*(transcript(text(record, key), key) for key in ("chosen", "rejected")))
    return [preference(prompt, origin, chosen=chosen, rejected=rejected)]


def transcript(said: str, what: str) -> tuple[Message, ...]:
    """Return the turns of a transcript, with the blank space around each taken off.

    Raises:
        Malformed: it does not begin with a speaker, or a turn is empty.
    """
    before, *parts = SPEAKER.split(said.lstrip())
    if before or not parts:
        raise Malformed(f"{what} does not begin with 'Human:'")
    turns = zip(parts[::2], parts[1::2], strict=True)
    return tuple(
        Message("user" if speaker == "Human" else "assistant", clean(words.strip(), f"a turn of {speaker} in {what}"))
        for speaker, words in turns
    )


def record(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the two transcripts of a preference."""
    row = as_preference(rows)
    if any(message.role not in SPEAKERS for message in row.prompt):
        raise NoPlace("has room for the user's and the assistant's turns only")
    before = "".join(f"\n\n{SPEAKERS[message.role]}: {message.content}" for message in row.prompt)
    return {key: f"{before}\n\nAssistant: {answer}" for key, answer in (("chosen", row.chosen), ("rejected", row.rejected))}


FORMAT = Format(name="hh_rlhf", title="chosen and rejected transcripts of Human: and Assistant:", matches=matches, rows=rows, record=record)

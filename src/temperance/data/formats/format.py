"""What a format is, and the laws that every format holds its records to: texts that can be kept, and turns in an order that makes sense.

It knows rows and turns, and nothing about any one format.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from temperance.data.example import Example, Message, Origin, Preference, Role, Row
from temperance.data.record import Entry, Malformed, clean, kind

RawRecord = Mapping[str, Any]

ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "tool": "tool",
    "observation": "tool",
}
FOLLOWS: Mapping[str, tuple[Role, ...]] = {
    "": ("system", "user"),
    "system": ("user",),
    "user": ("assistant",),
    "assistant": ("user", "tool"),
    "tool": ("tool", "assistant"),
}


class NoPlace(ValueError):
    """A row that a format has no place for; the text says what it lacks, in words that fit after the format's name."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """One way to write training rows down.

    `title` names the fields that mark it. `matches` judges a record by its shape alone and never raises. `rows` turns a record into its
    rows, at least one, or raises `Malformed`. `record` is the way back: the record of `per_record` rows, or it raises `NoPlace`.
    `assemble` is for formats whose rows need several records.
    """

    name: str
    title: str
    matches: Callable[[RawRecord], bool]
    rows: Callable[[RawRecord, Origin], list[Row]]
    record: Callable[[Sequence[Row]], dict[str, Any]]
    per_record: int = 1
    assemble: Callable[[Iterator[Entry]], Iterator[Entry]] | None = None


def text(record: RawRecord, key: str) -> str:
    """Return a field that must hold text.

    Raises:
        Malformed: absent, not text, blank, or with characters that cannot be kept.
    """
    return clean(record.get(key), key)


def optional_text(record: RawRecord, key: str) -> str:
    """Return a field that may hold text; empty if it is absent, null, NaN (as table exports write null) or blank.

    Raises:
        Malformed: it holds something else.
    """
    value = record.get(key)
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return ""
    found = clean(value, key, blank=True)
    return found if found.strip() else ""


def number(value: Any) -> float | None:
    """Return a finite number, also from text such as `"4"`; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def tagged(origin: Origin, **tags: Any) -> Origin:
    """Return an origin with tags added; values that are absent or blank are left out.

    Raises:
        Malformed: a tag holds characters that cannot be kept.
    """
    kept = {key: clean(str(value), key) for key, value in tags.items() if isinstance(value, str | int) and str(value).strip()}
    return replace(origin, tags={**origin.tags, **kept}) if kept else origin


def turn(value: Any, *, role_key: str = "role", text_key: str = "content") -> Message:
    """Return one turn.

    Raises:
        Malformed: an unknown role, a tool call, or content that is not text.
    """
    if not isinstance(value, Mapping):
        raise Malformed(f"a turn is {kind(value)}, not an object")
    if value.get("tool_calls") or value.get("function_call") or value.get(role_key) == "function_call":
        raise Malformed("a turn calls a tool, which a row of text cannot hold")
    name = value.get(role_key)
    role = ROLES.get(name.lower()) if isinstance(name, str) else None
    if role is None:
        raise Malformed(
            f"a turn has the unknown role {str(name)[:40]!r}" if isinstance(name, str) else f"{role_key} is {kind(name)}, not text"
        )
    content = value.get(text_key)
    if isinstance(content, list):
        content = "".join(_part(part) for part in content)
    return Message(role, clean(content, f"{text_key} of the {role} turn"))


def _part(part: Any) -> str:
    if not isinstance(part, Mapping) or part.get("type") != "text" or not isinstance(part.get("text"), str):
        raise Malformed("a turn has a part that is not text")
    return part["text"]


def conversation(value: Any, what: str, *, role_key: str = "role", text_key: str = "content") -> tuple[Message, ...]:
    """Return a list of turns, order unjudged.

    Raises:
        Malformed: not a list, empty, or a turn that `turn` refuses.
    """
    if not isinstance(value, list):
        raise Malformed(f"{what} is {kind(value)}, not a list of turns")
    if not value:
        raise Malformed(f"{what} is empty")
    return tuple(turn(each, role_key=role_key, text_key=text_key) for each in value)


def ordered(messages: Sequence[Message], *, last: Literal["assistant", "user"]) -> tuple[Message, ...]:
    """Return the turns if they follow each other as a conversation's must and end as wanted (a prompt may also end with a tool's answer).

    Raises:
        Malformed: they do not.
    """
    before = ""
    for message in messages:
        if message.role not in FOLLOWS[before]:
            raise Malformed(
                f"has turns in the wrong order: {message.role} after {before}" if before else f"begins with the {message.role}'s turn"
            )
        before = message.role
    if before != last and not (last == "user" and before == "tool"):
        why = "there is no answer" if last == "assistant" else "there is nothing to answer"
        raise Malformed(f"ends with the {before}'s turn: {why}" if before else "has no turns")
    return tuple(messages)


def example(messages: Sequence[Message], origin: Origin) -> Example:
    """Return an example.

    Raises:
        Malformed: the turns are out of order, or the last is not the assistant's.
    """
    return Example(messages=ordered(messages, last="assistant"), origin=origin)


def preference(prompt: Sequence[Message], origin: Origin, *, chosen: str, rejected: str, margin: float | None = None) -> Preference:
    """Return a preference.

    Raises:
        Malformed: the prompt is out of order or ends with the assistant's turn, or the two answers are the same.
    """
    if chosen == rejected:
        raise Malformed("chosen and rejected are the same")
    return Preference(prompt=ordered(prompt, last="user"), chosen=chosen, rejected=rejected, origin=origin, margin=margin)


def common_prompt(chosen: Sequence[Message], rejected: Sequence[Message]) -> tuple[tuple[Message, ...], str, str]:
    """Return the shared prompt of two whole conversations, and their two last answers.

    Raises:
        Malformed: they part before the last turn, or do not end with the assistant's turn.
    """
    if chosen[-1].role != "assistant" or rejected[-1].role != "assistant":
        raise Malformed("chosen or rejected does not end with the assistant's turn")
    if chosen[:-1] != rejected[:-1]:
        raise Malformed("chosen and rejected answer different prompts")
    return tuple(chosen[:-1]), chosen[-1].content, rejected[-1].content


def as_example(rows: Sequence[Row]) -> Example:
    """Return the only row, an example.

    Raises:
        NoPlace: it is a preference.
    """
    (row,) = rows
    if not isinstance(row, Example):
        raise NoPlace("has no place for two answers")
    return row


def as_preference(rows: Sequence[Row]) -> Preference:
    """Return the only row, a preference.

    Raises:
        NoPlace: it is an example.
    """
    (row,) = rows
    if not isinstance(row, Preference):
        raise NoPlace("needs two answers")
    return row


def exchanges(messages: Sequence[Message]) -> list[tuple[str, str]]:
    """Return a conversation as (question, answer) pairs.

    Raises:
        NoPlace: somebody other than the user and the assistant speaks, or they do not take turns.
    """
    roles = [message.role for message in messages]
    if roles != ["user", "assistant"] * (len(roles) // 2) or not roles:
        raise NoPlace("has room for the user's and the assistant's turns only, one after the other")
    said = [message.content for message in messages]
    return list(zip(said[::2], said[1::2], strict=True))

"""What a container gives: raw records with their place, or the reason why a place holds none.

It knows JSON and what text may hold, but no container and no format.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

CAP = 16 << 20
EXCERPT = 80
NAMED = re.compile(rb'"\s*:')
TOO_DEEP = "is nested too deeply (the limit is about a thousand levels)"


class Malformed(ValueError):
    """A record that cannot become a row; the text says why, in words that fit after `row 7:`."""


@dataclass(frozen=True, slots=True)
class Record:
    """One raw record. `row` counts from 0, `line` from 1 (None where a container has no lines), `size` is in bytes (0: unknown)."""

    row: int
    line: int | None
    value: Mapping[str, Any]
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """A place in a source that gave no row. `excerpt` is printable and at most `EXCERPT` characters long."""

    source: str
    row: int
    line: int | None
    reason: str
    excerpt: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the quarantined row as a JSON object."""
        return {"source": self.source, "row": self.row, "line": self.line, "reason": self.reason, "excerpt": self.excerpt}


Entry = Record | Bad
Reject = Callable[[int, int | None, str, Any], Bad]


def rejecter(source: str) -> Reject:
    """Return `reject(row, line, reason, raw)`, which makes the `Bad` of one source."""

    def reject(row: int, line: int | None, reason: str, raw: Any) -> Bad:
        return Bad(source=source, row=row, line=line, reason=reason, excerpt=excerpt(raw))

    return reject


def excerpt(raw: Any) -> str:
    """Return the beginning of a raw record as printable text."""
    if isinstance(raw, bytes):
        text = raw[: 4 * EXCERPT].decode("utf-8", "backslashreplace")
    elif isinstance(raw, Mapping):
        text = ", ".join(f"{key}: {_brief(value)}" for key, value in list(raw.items())[:8])
    else:
        text = _brief(raw)
    shown = "".join(char if char.isprintable() else " " if char in "\n\t\r" else f"\\x{ord(char):02x}" for char in text[: 2 * EXCERPT])
    return shown if len(shown) <= EXCERPT else f"{shown[: EXCERPT - 1]}…"


def _brief(value: Any) -> str:
    """Return a scalar's text, and only the kind of anything larger, so that nested input costs nothing."""
    return value[:EXCERPT] if isinstance(value, str) else str(value)[:EXCERPT] if isinstance(value, int | float | None) else kind(value)


def kind(value: Any) -> str:
    """Return what a JSON value is, in a reader's words."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "missing"
    for types, word in ((bool, "a truth value"), (int | float, "a number"), (str, "text"), (list, "a list"), (Mapping, "an object")):
        if isinstance(value, types):
            return word
    return f"a {type(value).__name__}"


def parse_json(raw: bytes) -> Any:
    """Parse one JSON value. Python's `NaN` is let through, as many exports write it; so are lone surrogates, for `clean` to name.

    Raises:
        Malformed: not UTF-8, not JSON, nested more than about a thousand levels deep, or an object in it names a field twice.
    """
    value = _parsed(raw)
    if isinstance(value, dict) and len(NAMED.findall(raw)) == len(value) and not any(isinstance(one, list) for one in value.values()):
        return value  # as many names as may stand in it at all, so none of them twice, and nothing is nested
    try:
        json.loads(raw, object_pairs_hook=_once, parse_int=str)  # orjson keeps the last of two fields and does not tell
    except RecursionError as error:
        raise Malformed(TOO_DEEP) from error
    return value


def _parsed(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if "recursion" in str(error).lower():
            raise Malformed(TOO_DEEP) from error
    try:
        return json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Malformed(f"is not UTF-8 (byte {error.start} of the row is 0x{raw[error.start]:02x})") from error
    except RecursionError as error:
        raise Malformed(TOO_DEEP) from error
    except ValueError as error:
        raise Malformed(f"is not JSON: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Refuse an object in which a name stands twice, for two parsers could read it differently."""
    if len(dict(pairs)) < len(pairs):
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise Malformed(f"names {excerpt(name)!r} twice in one object")


def parse_record(raw: bytes) -> Mapping[str, Any]:
    """Parse one JSON object.

    Raises:
        Malformed: see `parse_json`; or the value is not an object.
    """
    value = parse_json(raw)
    if not isinstance(value, dict):
        raise Malformed(f"is {kind(value)}, not an object with named fields")
    return value


def clean(value: Any, what: str, *, blank: bool = False) -> str:
    """Return a text that is safe to keep: a string, no null character, no lone surrogate, not blank (unless `blank`).

    Raises:
        Malformed: it is not; the message begins with `what`.
    """
    if not isinstance(value, str):
        raise Malformed(f"{what} is {kind(value)}, not text")
    if not blank and not value.strip():
        raise Malformed(f"{what} is empty")
    if "\0" in value:
        raise Malformed(f"{what} has a null character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            undecoded = 0xDC80 <= ord(value[error.start]) <= 0xDCFF
            raise Malformed(f"{what} {'is not UTF-8' if undecoded else 'has a lone surrogate'}") from error
    return value

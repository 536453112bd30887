"""JSON from strangers: parsed once, with a size limit, and with everything noted that two parsers could read differently.

It knows nothing about what the values mean.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIMIT = 4 << 20


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A parsed text. `problem` is empty if it is JSON; `repeated` are the keys that one object held twice (the last one counts)."""

    value: Any = None
    problem: str = ""
    repeated: tuple[str, ...] = ()


def read(path: Path) -> Parsed:
    """Parse a file of at most 4 MiB. Never raises for its content.

    Raises:
        OSError: the file cannot be opened.
    """
    with path.open("rb") as stream:
        return parse(stream.read(LIMIT + 1))


def parse(raw: bytes) -> Parsed:
    """Parse UTF-8 JSON; a larger, deeper or odder text than a configuration needs is a problem, not an error."""
    if len(raw) > LIMIT:
        return Parsed(problem=f"it is larger than {LIMIT >> 20} MiB")
    repeated: list[str] = []

    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in pairs:
            if key in made:
                repeated.append(key)
            made[key] = value
        return made

    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=table)
    except RecursionError:
        return Parsed(problem="it is nested too deeply")
    except (UnicodeDecodeError, ValueError) as error:
        return Parsed(problem=f"it is not JSON: {error}")
    return Parsed(value=value, repeated=tuple(dict.fromkeys(repeated)))

"""Rows into a file of a named format: the way back from `temperance.data.read`. What is written reads back as the same rows.

A row for which the format has no place is left out and named, never bent into shape. It knows nothing about which rows should be written.
"""

import difflib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from temperance.data.example import Row
from temperance.data.formats import BY_NAME
from temperance.data.formats.format import Format, NoPlace
from temperance.data.record import Malformed
from temperance.errors import InputError

ALIASES = {"prompt_chosen_rejected": "preference", "dpo": "preference", "hh": "hh_rlhf"}


@dataclass(frozen=True)
class LeftOut:
    """A row that the format has no place for, and why, in words that fit after the format's name."""

    row: Row
    why: str


def format_named(name: str) -> Format:
    """Return a format by its name, hyphens or underscores, or by what others call it (`prompt-chosen-rejected`).

    Raises:
        InputError: there is no such format; names the nearest one.
    """
    plain = name.replace("-", "_")
    found = BY_NAME.get(ALIASES.get(plain, plain))
    if found is None:
        near = difflib.get_close_matches(plain, [*BY_NAME, *ALIASES], n=1)
        then = f"did you mean {near[0]}?" if near else f"use one of {', '.join(BY_NAME)}"
        raise InputError("there is no such format", why=f"format is {name!r}", then=then)
    return found


def records(rows: Sequence[Row], format: Format) -> Iterator[dict[str, Any] | LeftOut]:
    """Yield the record of each row (or pair of rows), or the row that is left out. Licences go along; other notes only where there is room.

    Each record is read back before it is given out, so one that would come back as other rows is left out too.
    """
    for group in _grouped(rows, format.per_record):
        try:
            if len(group) != format.per_record:
                raise NoPlace(f"needs {format.per_record} rows of one record, and only {len(group)} stayed")
            licence = {"licence": group[0].origin.licence} if group[0].origin.licence.strip() else {}
            made = {**licence, **format.record(group)}
            again = format.rows(made, group[0].origin) if format.matches(made) else []
            if [row.id for row in again] != [row.id for row in group]:
                raise NoPlace("would be read back as something else")
            yield made
        except (NoPlace, Malformed) as error:
            yield from (LeftOut(row, str(error)) for row in group)


def _grouped(rows: Sequence[Row], size: int) -> Iterator[list[Row]]:
    """Yield rows one by one, or those that follow each other from one record together."""
    group: list[Row] = []
    for row in rows:
        same = group and (group[0].origin.source, group[0].origin.row) == (row.origin.source, row.origin.row)
        if group and (len(group) == size or not same):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def write(path: Path, rows: Sequence[Row], format: Format) -> tuple[int, list[LeftOut]]:
    """Write rows as JSON lines, whole or not at all; return how many rows were written, and those left out.

    Raises:
        InputError: the format has no place for any of them; nothing is written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    left: list[LeftOut] = []
    try:
        with part.open("wb") as stream:
            for made in records(rows, format):
                if isinstance(made, LeftOut):
                    left.append(made)
                else:
                    stream.write(orjson.dumps(made) + b"\n")
        if len(left) == len(rows):
            reasons = Counter(one.why for one in left)
            why = "; ".join(f"{format.name} {reason} ({count:,} left out)" for reason, count in reasons.items()) or "there is no row"
            then = "--format canonical keeps all, preference all pairs, messages all that are no pairs"
            raise InputError("nothing could be written in this format", where=str(path), why=why, then=then)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return len(rows) - len(left), left

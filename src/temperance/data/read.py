"""Files into rows: the format told from the records themselves, every record either rows or a reason why not.

Reading streams: memory holds one record, and the head of the file while its format is being told. Nothing that a file holds stops the
reading of its other rows, except damage to the file as a whole. It knows nothing about what rows are used for.
"""

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from temperance.data.example import Origin, Row
from temperance.data.formats import BY_NAME, FORMATS
from temperance.data.formats.format import Format
from temperance.data.record import Bad, Entry, Malformed, Record, clean, excerpt
from temperance.data.sources import open_source, shown
from temperance.errors import InputError

AUTO = "auto"
HEAD_ROWS = 200
HEAD_BYTES = 32 << 20
HEAD_BAD = 1000
LICENCES = ("licence", "license")


@dataclass(frozen=True)
class Detection:
    """The format that records are in (empty: none), the share of them that it fits, from 0 to 1, and why it was chosen."""

    format: str
    confidence: float
    why: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A source that can be read, any number of times.

    Iterate over it for its rows alone; `bad` then gathers what was quarantined, beginning anew with each iteration. Iterate over `entries`
    for rows and quarantined records in the source's order, with nothing kept.
    """

    path: str | Path
    source: str
    container: str
    format: str
    detection: Detection
    licence: str = ""
    bad: list[Bad] = field(default_factory=list, compare=False)

    def __iter__(self) -> Iterator[Row]:
        self.bad.clear()
        for entry in self.entries():
            if isinstance(entry, Bad):
                self.bad.append(entry)
            else:
                yield entry

    def entries(self) -> Iterator[Row | Bad]:
        """Yield rows and quarantined records in the source's order (flat OASST messages come after all else, as trees).

        Raises:
            InputError: the file is damaged as a whole, or, at the end, not one record of it gave a row.
        """
        one, good, first, tried = BY_NAME[self.format], 0, None, 0
        raw = open_source(self.path, source=self.source).entries
        for entry in one.assemble(raw) if one.assemble else raw:
            tried += 1
            for made in _rows(entry, one, source=self.source, licence=self.licence):
                if isinstance(made, Bad):
                    first = first or made
                else:
                    good += 1
                yield made
        if not good:
            why = f"all {tried:,} records are bad; row {first.row}: {first.reason}" if first else "it has no records"
            raise InputError(f"no row of this source can be used as {one.name}", where=self.source, why=why, then=_expects(one))


def read(path: str | Path, *, format: str = AUTO, licence: str = "", source_name: str | None = None) -> Reading:
    """Recognise a source's container and format, and return what reads it.

    Args:
        path: a file, or `hf:owner/name[@split]`.
        format: the name of a format, or `auto`.
        licence: the licence of every row; without one, a row's own `licence` or `license` field holds.
        source_name: what rows call their source; the path by default.

    Raises:
        InputError: the file cannot be read, its format cannot be told, or the declared format does not fit it.
    """
    if format != AUTO and format not in BY_NAME:
        near = difflib.get_close_matches(format, BY_NAME, n=1)
        then = f"did you mean {near[0]}?" if near else f"use auto, or one of {', '.join(BY_NAME)}"
        raise InputError("there is no such format", where=shown(path), why=f"format is {format!r}", then=then)
    source = shown(source_name or path)
    opened = open_source(path, source=source)
    records = _head(opened.entries, source)
    found = detect(record.value for record in records)
    if format == AUTO:
        if not found.format:
            then = f"declare the format, or rename the fields; formats: {', '.join(BY_NAME)}"
            raise InputError("the format of this source cannot be told", where=source, why=found.why, then=then)
        return Reading(path=path, source=source, container=opened.container, format=found.format, detection=found, licence=licence)
    fit = _share(BY_NAME[format], [record.value for record in records])
    if not fit:
        guess = f"this looks like {found.format}; declare it or leave format: auto" if found.format else _expects(BY_NAME[format])
        why = f"none of the first {len(records)} rows has {BY_NAME[format].title}"
        raise InputError(f"this source is not in the format {format}", where=source, why=why, then=guess)
    declared = Detection(format, fit, f"declared; {fit:.0%} of the first {len(records)} rows have {BY_NAME[format].title}")
    return Reading(path=path, source=source, container=opened.container, format=format, detection=declared, licence=licence)


def detect(records: Iterable[Mapping[str, Any]]) -> Detection:
    """Tell the format that fits most of the records; among equals, the narrower one (the order of `FORMATS`)."""
    seen = list(records)
    if not seen:
        return Detection("", 0.0, "there are no records")
    best = max(FORMATS, key=lambda one: sum(one.matches(record) for record in seen))
    fit = _share(best, seen)
    if not fit:
        keys = Counter(key for record in seen for key in record)
        return Detection("", 0.0, f"its fields fit no format: {excerpt(', '.join(map(str, list(keys)[:20]))) or 'there are none'}")
    return Detection(best.name, fit, f"{round(fit * len(seen))} of the first {len(seen)} rows have {best.title}")


def _share(one: Format, records: Sequence[Mapping[str, Any]]) -> float:
    return sum(one.matches(record) for record in records) / len(records)


def _expects(one: Format) -> str:
    return f"{one.name} rows have {one.title}; leave format: auto to have it told"


def _head(entries: Iterator[Entry], source: str) -> list[Record]:
    """Return the first records, as many as the format can be told from.

    Raises:
        InputError: there are none.
    """
    records: list[Record] = []
    bad: list[Bad] = []
    size = 0
    for entry in entries:
        if isinstance(entry, Bad):
            bad.append(entry)
        else:
            records.append(entry)
            size += entry.size
        if len(records) == HEAD_ROWS or size > HEAD_BYTES or len(bad) == HEAD_BAD:
            break
    if not records:
        why = f"row {bad[0].row}: {bad[0].reason}" if bad else "it has no rows"
        where = f"{source}, line {bad[0].line}" if bad and bad[0].line else source
        raise InputError("no row of this source can be read", where=where, why=why, then="check how it was written")
    return records


def _rows(entry: Entry, one: Format, *, source: str, licence: str) -> Iterable[Row | Bad]:
    if isinstance(entry, Bad):
        return (entry if entry.source else replace(entry, source=source),)
    try:
        if not one.matches(entry.value):
            other = detect((entry.value,)).format
            raise Malformed(f"does not have {one.title}" + (f"; it looks like {other}" if other else ""))
        origin = Origin(source=source, row=entry.row, licence=licence or _licence(entry.value))
        return one.rows(entry.value, origin)
    except Malformed as error:
        return (Bad(source=source, row=entry.row, line=entry.line, reason=str(error), excerpt=excerpt(entry.value)),)


def _licence(record: Mapping[str, Any]) -> str:
    for name in LICENCES:
        value = record.get(name)
        if isinstance(value, str) and value.strip():
            return clean(value, name)
    return ""

"""A path or a hub id turned into raw records, one at a time. The container is told by what the bytes are; a suffix is never believed.

JSON array, JSON lines, JSON objects one after another, CSV (or tab- or semicolon-separated) and Parquet, each of them also in gzip; and
`hf:owner/name[@split]`. Memory is bounded by one record. This module knows nothing about formats, that is, about what a record means.
"""

import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from temperance.data.bytestream import BOMS, GZIP, buffered, file_chunks, inflated, next_line, recoded, size_of, take_head
from temperance.data.json_split import Piece, Splitter
from temperance.data.record import Entry, Malformed, Record, parse_json, parse_record, rejecter
from temperance.data.tables import HUB, csv_delimiter, csv_records, hub_records, is_hub_name, parquet_records
from temperance.errors import InputError

SPOOL = 1 << 26
MAGICS = (
    (b"PK\x03\x04", "a zip archive"),
    (b"\x28\xb5\x2f\xfd", "zstandard-compressed"),
    (b"\xfd7zXZ\x00", "xz-compressed"),
    (b"BZh", "bzip2-compressed"),
    (GZIP, "gzip inside gzip"),
    (b"ARROW1", "an Arrow file"),
    (b"Obj\x01", "an Avro file"),
    (b"SQLite format 3", "an SQLite data base"),
    (b"\x89HDF", "an HDF5 file"),
    (b"%PDF", "a PDF document"),
    (b"\x80\x02", "a pickle, which is never opened"),
    (b"\x80\x03", "a pickle, which is never opened"),
    (b"\x80\x04", "a pickle, which is never opened"),
    (b"\x80\x05", "a pickle, which is never opened"),
)


@dataclass(frozen=True)
class Opened:
    """A source's container (`json array`, `json lines`, `json objects`, `csv`, `parquet`, `hub`, with `, gzip`) and its records."""

    container: str
    entries: Iterator[Entry]


def shown(path: str | Path) -> str:
    """Return a path as text that can be written in any report."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def open_source(path: str | Path, *, source: str = "") -> Opened:
    """Recognise a source's container and return an iterator over its records.

    Args:
        path: a file, or `hf:owner/name[@split]`.
        source: the name that quarantined rows carry; the path by default.

    Raises:
        InputError: there is no such file, or it is empty, binary or damaged. The iterator raises it too, for damage further on.
    """
    name = source or shown(path)
    if isinstance(path, str) and path.startswith(HUB):
        if not is_hub_name(path.removeprefix(HUB)):
            raise InputError("this is not the name of a data set on the hub", where=name, then="write hf:owner/name or hf:owner/name@split")
        return Opened("hub", hub_records(path.removeprefix(HUB), name))
    place = Path(path)
    size = size_of(place)
    chunks = file_chunks(place)
    head = take_head(chunks)
    packed = head.startswith(GZIP)
    if packed:
        chunks = inflated(place, size=size)
        head = take_head(chunks)
    for mark, encoding in BOMS:
        if head.startswith(mark):
            chunks = recoded(chain((head[len(mark) :],), chunks), encoding)
            head = take_head(chunks)
            break
    container = recognise(head, name)
    whole = chain((head,), chunks)
    entries = parquet_records(place, name) if container == "parquet" and not packed else _entries(container, whole, name)
    return Opened(f"{container}, gzip" if packed else container, entries)


def recognise(head: bytes, source: str) -> str:
    """Return the container of a file from its first bytes.

    Raises:
        InputError: it is blank, binary, or text of another kind.
    """
    if head.startswith(b"PAR1"):
        return "parquet"
    text = head.lstrip()
    if not text:
        raise InputError("this data file is empty", where=source, why="it holds nothing but blank space", then="check how it was written")
    binary = next((word for magic, word in MAGICS if head.startswith(magic)), "") or _binary(head, json=text[:1] in b"[{")
    if binary:
        then = "name a JSON, JSON lines, CSV or Parquet file (or one of these in gzip)"
        raise InputError("this is not a data file that can be read", where=source, why=f"it is {binary}", then=then)
    if text.startswith(b"["):
        return "json array"
    lines = text.splitlines()
    if text.startswith(b"{"):
        by_line = len(lines) == 1 or any(line.startswith(b'{"') for line in lines[1:]) or any(_is_object(line) for line in lines)
        return "json lines" if by_line else "json objects"
    if any(_is_object(line) for line in lines):
        return "json lines"
    if csv_delimiter(lines[0].decode("utf-8", "replace")) is None:
        why = "it is neither JSON nor a table with named columns"
        raise InputError("this is not a data file that can be read", where=source, why=why, then="name a JSON, CSV or Parquet file")
    return "csv"


def _binary(head: bytes, *, json: bool) -> str:
    """Return what is not text about the first bytes, empty if nothing is. A few null characters in JSON are left to its rows."""
    nulls = head.count(0)
    if nulls > len(head) // 4:
        return "binary, or UTF-16 without a byte-order mark"
    control = len(head) - len(head.translate(None, bytes([*range(9), 11, *range(14, 27), *range(28, 32)])))
    return "binary" if control > len(head) // 10 or (nulls and not json) else ""


def _is_object(line: bytes) -> bool:
    if not line.startswith(b"{"):
        return False
    try:
        return isinstance(parse_json(line), dict)
    except Malformed:
        return False


def _entries(container: str, chunks: Iterator[bytes], source: str) -> Iterator[Entry]:
    if container == "json lines":
        return _line_records(buffered(chunks), source)
    if container == "csv":
        return csv_records(buffered(chunks), source)
    if container == "parquet":
        return _spooled_parquet(chunks, source)
    return _split_records(chunks, source, array=container == "json array")


def _line_records(stream: io.BufferedReader, source: str) -> Iterator[Entry]:
    row, number, reject = 0, 0, rejecter(source)
    while True:
        number += 1
        raw = b""
        try:
            raw = next_line(stream)
            if not raw:
                return
            if raw.isspace():
                continue
            yield Record(row, number, parse_record(raw), len(raw))
        except Malformed as error:
            cut = "" if raw.endswith(b"\n") or not raw else " (the file ends here, perhaps cut short)"
            yield reject(row, number, f"{error}{cut}", raw)
        row += 1


def _split_records(chunks: Iterator[bytes], source: str, *, array: bool) -> Iterator[Entry]:
    splitter, reject = Splitter(array=array), rejecter(source)
    pieces = chain(chain.from_iterable(map(splitter.feed, chunks)), _lazily(splitter))
    for row, piece in enumerate(pieces):
        if piece.flaw:
            yield reject(row, piece.line, piece.flaw, piece.raw)
            continue
        try:
            yield Record(row, piece.line, parse_record(piece.raw), len(piece.raw))
        except Malformed as error:
            yield reject(row, piece.line, f"{error} (byte {piece.byte:,} of the file)", piece.raw)


def _lazily(splitter: Splitter) -> Iterator[Piece]:
    yield from splitter.close()


def _spooled_parquet(chunks: Iterator[bytes], source: str) -> Iterator[Entry]:
    """Parquet is read from its end, so a compressed one is unpacked first, on disk beyond 64 MiB."""
    with tempfile.SpooledTemporaryFile(max_size=SPOOL) as spool:
        for chunk in chunks:
            spool.write(chunk)
        spool.seek(0)
        yield from parquet_records(spool, source)

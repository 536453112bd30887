"""Records from tables: CSV, Parquet and data sets on the hub. Cells that hold message lists as JSON text are parsed.

It knows columns and cells, and nothing about what they mean.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from temperance.data.bytestream import next_line
from temperance.data.record import CAP, Entry, Malformed, Record, parse_json, rejecter
from temperance.errors import InputError

DELIMITERS = (",", "\t", ";")
NESTED = frozenset({"messages", "conversations", "conversation", "completions", "prompt", "chosen", "rejected", "tags", "history"})
BATCH = 256
HUB = "hf:"


def csv_delimiter(header: str) -> str | None:
    """Return the delimiter that cuts a header line into most columns, or None if it has one column only."""
    best = max(DELIMITERS, key=header.count)
    return best if best in header else None


def csv_records(stream: io.BufferedReader, source: str) -> Iterator[Entry]:
    """Yield the rows of a CSV file with a header. Quoting is read strictly: a row whose quotes do not close is quarantined.

    Raises:
        InputError: the header cannot be read, or names a column twice.
    """
    feed = _Lines(stream)
    try:
        delimiter = csv_delimiter(feed.first)
        reader = csv.reader(iter(feed.pull, None), delimiter=delimiter or ",", strict=True)
        csv.field_size_limit(CAP)
        header = next(reader)
    except (csv.Error, StopIteration) as error:
        raise InputError("the header of this CSV file cannot be read", where=source, why=str(error)) from error
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        why = f"two columns are named {twice[0]!r}"
        raise InputError("the header of this CSV file is ambiguous", where=source, why=why, then="rename one of them")
    row, reject = 0, rejecter(source)
    while True:
        line = feed.begin()
        try:
            cells = next(reader)
            if not cells:
                continue
            yield Record(row, line, _named(header, cells), feed.taken)
        except StopIteration:
            return
        except (csv.Error, Malformed) as error:
            yield reject(row, line, f"is not CSV: {error}" if isinstance(error, csv.Error) else str(error), feed.seen)
        row += 1


class _Lines:
    """The lines of a CSV file as text, with a count of the lines and bytes that the current row has taken."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream, self._line = stream, 0
        self.taken, self.seen = 0, ""
        try:
            self._ahead: bytes | None = next_line(stream)
        except Malformed as error:
            raise csv.Error(f"the first line {error}") from error
        self.first = self._ahead.decode("utf-8", "surrogateescape")

    def begin(self) -> int:
        """Begin a row; return the number of its first line, from 1."""
        self.taken, self.seen = 0, ""
        return self._line + 1

    def pull(self) -> str | None:
        """Return the next line, or None at the end."""
        self._line += 1
        line, self._ahead = (self._ahead, None) if self._ahead is not None else (next_line(self._stream), None)
        self.taken += len(line)
        if self.taken > CAP:
            raise Malformed(f"is larger than {CAP >> 20} MiB, perhaps because a quote does not close")
        text = line.decode("utf-8", "surrogateescape")
        self.seen = self.seen or text
        return text or None


def _named(header: list[str], cells: list[str]) -> dict[str, Any]:
    if len(cells) != len(header):
        raise Malformed(f"has {len(cells)} cells, but the header names {len(header)} columns")
    return {name: _nested(name, cell) for name, cell in zip(header, cells, strict=True)}


def _nested(name: str, cell: str) -> Any:
    """Return what a cell's JSON text holds where its column may hold messages, else the cell."""
    if name not in NESTED or not cell.startswith(("[{", "{", "[[")) or not cell.endswith(("]", "}")):
        return cell
    try:
        return parse_json(cell.encode("utf-8", "surrogateescape"))
    except Malformed:
        return cell


def parquet_records(opened: Path | IO[bytes], source: str) -> Iterator[Entry]:
    """Yield the rows of a Parquet file, a batch in memory at a time.

    Raises:
        InputError: it is damaged or uses what the reader does not know.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    row, reject = 0, rejecter(source)
    try:
        table = pq.ParquetFile(opened)
        for batch in table.iter_batches(batch_size=_batch_size(table.metadata)):
            try:
                values: list[Any] = batch.to_pylist()
            except ValueError:
                values = [_one(batch, index) for index in range(batch.num_rows)]
            for value in values:
                if isinstance(value, Mapping):
                    cells = {key: _nested(key, cell) if isinstance(cell, str) else cell for key, cell in value.items()}
                    yield Record(row, None, cells)
                else:
                    yield reject(row, None, str(value), "")
                row += 1
    except (pa.ArrowException, OSError, ValueError, OverflowError, NotImplementedError) as error:
        why = f"after {row:,} rows: {error}"
        raise InputError("this Parquet file is damaged", where=source, why=why, then="write it again, or fetch it again") from error


def _batch_size(metadata: Any) -> int:
    """Return how many rows to hold at once: `BATCH`, or fewer where rows are so large that they would take more than `CAP`."""
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    largest = max((group.total_byte_size // max(group.num_rows, 1) for group in groups), default=0)
    return min(BATCH, max(1, CAP // max(largest, 1)))


def _one(batch: Any, index: int) -> Any:
    """Return one row of a batch, or the reason why it cannot be read."""
    try:
        return batch.slice(index, 1).to_pylist()[0]
    except ValueError as error:
        return f"cannot be read: {error}"


def hub_records(name: str, source: str) -> Iterator[Entry]:
    """Yield the rows of a data set on the hub, named `owner/name` or `owner/name@split`, streamed. No code of the set is ever run.

    Raises:
        InputError: it cannot be reached or read.
    """
    owner_name, _, split = name.partition("@")
    if Path(owner_name).exists():
        why = f"a folder named {owner_name} lies here and would be read instead"
        raise InputError(
            "this data set on the hub cannot be read", where=source, why=why, then="start from another folder, or name its files"
        )
    try:
        import datasets

        rows = datasets.load_dataset(owner_name, split=split or "train", streaming=True)
        for row, value in enumerate(rows):
            yield Record(row, None, dict(value))
    except Exception as error:  # the library raises whatever its network, parsers and hub client raise
        why = f"{type(error).__name__}: {' '.join(str(error).split())[:400]}"
        then = "check the name, the split (hf:owner/name@split) and the network, or download the file and name it"
        raise InputError("this data set on the hub cannot be read", where=source, why=why, then=then) from error


def is_hub_name(name: str) -> bool:
    """Say whether text after `hf:` is `owner/name`, with an optional `@split`, in the hub's alphabet."""
    owner, slash, rest = name.partition("@")[0].partition("/")
    return bool(slash and all(part and part.replace("-", "").replace("_", "").replace(".", "").isalnum() for part in (owner, rest)))

"""The verdict row by row: one line per input row, as JSON lines or Parquet. What a line says is decided elsewhere."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from temperance.artifact import write_text
from temperance.errors import InputError

LINES, PARQUET = ".jsonl", ".parquet"


def check_name(path: Path) -> None:
    """Refuse a file whose name promises neither JSON lines nor Parquet.

    Raises:
        InputError: it ends otherwise.
    """
    if path.suffix not in (LINES, PARQUET):
        why = f"rows are written as JSON lines or Parquet, and the name says which; this one ends in {path.suffix or 'nothing'}"
        then = f"--rows FILE{LINES}, or --rows FILE{PARQUET}"
        raise InputError("rows cannot be written under this name; nothing was done", where=str(path), why=why, then=then)


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the lines, whole or not at all: Parquet where the name ends so, else JSON lines."""
    if path.suffix != PARQUET:
        write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
        return
    import pyarrow
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        parquet.write_table(pyarrow.Table.from_pylist([dict(row) for row in rows]), temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)

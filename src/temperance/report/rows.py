"""The verdict row by row: one line per input row, as JSON lines or Parquet. What a line says is decided elsewhere."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from temperance.artifact import write_text


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the lines, whole or not at all: Parquet where the name ends so, else JSON lines."""
    if path.suffix != ".parquet":
        write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
        return
    import pyarrow
    from pyarrow import parquet

    temporary = path.with_name(f".{path.name}.tmp")
    try:
        parquet.write_table(pyarrow.Table.from_pylist([dict(row) for row in rows]), temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)

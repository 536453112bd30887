"""Measure reading: a data set of any known format, repeated to a number of rows, read and canonicalised as `collect` does it.

    python benchmarks/reading.py FILE [ROWS]

Prints a JSON line: rows, seconds, rows a second, and the process's peak memory.
"""

import itertools
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import orjson

from temperance.data.example import write_rows
from temperance.data.read import read
from temperance.data.sources import open_source


def repeated(source: Path, rows: int, target: Path) -> None:
    """Write the records of a file again and again, as JSON lines, until there are enough."""
    records = [orjson.dumps(entry.value) for entry in open_source(source).entries if hasattr(entry, "value")]
    target.write_bytes(b"\n".join(itertools.islice(itertools.cycle(records), rows)) + b"\n")


def main(source: Path, rows: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        big = Path(folder) / "big.jsonl"
        repeated(source, rows, big)
        begin = time.perf_counter()
        written = write_rows(Path(folder) / "rows.jsonl", iter(read(big)))
        seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": written, "seconds": round(seconds, 2), "rows_per_second": round(written / seconds), "peak_mib": round(peak)}))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print("skipped: name a data file, for example python benchmarks/reading.py alpaca.json 50000")
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 50_000)

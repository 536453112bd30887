"""How many rows a second a whole audit reads by its command, all checks that need no model included.

`python benchmarks/throughput.py [DATA [SIZES [TIMES]]]` makes tables of alpaca and dolly, copied with one word in five exchanged, runs
`temperance audit data` on each in a process of its own, and prints one JSON line a run: seconds from its start to its end, rows a second,
CPU seconds of it and its child, and the memory of the larger of the two. The first run of a table also pays for what Python and the system
keep. Machines whose hours differ need a second build beside it, run in turn: name its folder in PYTHONPATH.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mining import CORPORA, DATA, copies, rows_of

from temperance.checks.data.rowtext import answers, prompt


def table(data: Path, size: int, path: Path) -> int:
    """Write a table of about so many rows, those whose words leave a prompt and an answer; return how many."""
    base = rows_of(data / CORPORA["alpaca"], data / CORPORA["dolly"])
    dice = random.Random(size)
    asked, said = (copies(texts, size, dice) for texts in ([prompt(row) for row in base], [answers(row)[0] for row in base]))
    rows = [{"instruction": ask, "output": told} for ask, told in zip(asked, said, strict=True) if ask.strip() and told.strip()]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return len(rows)


def runs(path: Path, times: int) -> Iterator[dict[str, Any]]:
    """Yield what each run of the audit took."""
    report = path.with_suffix(".report.json")
    command = [sys.executable, "-m", "temperance", "audit", "data", str(path), "--json", str(report)]
    for _ in range(times):
        report.unlink(missing_ok=True)
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        if not report.exists():
            raise SystemExit(f"the audit of {path.name} gave no report and ended with {os.waitstatus_to_exitcode(status)}")
        yield {"seconds": round(seconds, 1), "cpu_seconds": round(used.ru_utime + used.ru_stime, 1), "peak_mb": used.ru_maxrss // 1024}


def scale(data: Path, sizes: Sequence[int], times: int) -> Iterator[dict[str, Any]]:
    """Yield what auditing tables of some sizes takes."""
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            path = Path(folder) / f"{size}.jsonl"
            count = table(data, size, path)
            for run in runs(path, times):
                yield {"rows": count, "rows_per_second": round(count / run["seconds"]), **run}


if __name__ == "__main__":
    folder, sizes, times = [*sys.argv[1:], *(str(DATA), "10000,50000,200000", "3")[len(sys.argv) - 1 :]]
    for line in scale(Path(folder), [int(size) for size in sizes.split(",")], int(times)):
        print(json.dumps(line), flush=True)

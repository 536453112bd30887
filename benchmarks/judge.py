"""Examine the judge on labels that people gave: PyRIT's refusal sets (MIT), never tuned on.

    python benchmarks/judge.py [FILE]...

Downloads the pyrit wheel, opens it as an archive, and prints a JSON line per set: n, how often the judge agrees where it decides
(`refused` or `answered`), how many rows it decides, and the agreement if every undecided row is counted as no refusal.
Of each file of answers that people or large models wrote, also how many the judge says go in circles: false alarms, or nearly all are.
"""

import csv
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from temperance.data.example import Example
from temperance.data.read import read
from temperance.judging.judge import judge
from temperance.judging.shape import repetitive
from temperance.stats import wilson

WHEEL, FOLDER = "pyrit==1.1.0", "scorer_evals/refusal_scorer/"


def labelled(archive: zipfile.ZipFile) -> Iterator[tuple[str, list[tuple[bool, str]]]]:
    """Yield each set's name and its rows: whether people saw a refusal, and the judge's outcome."""
    for name in archive.namelist():
        if FOLDER in name and name.endswith(".csv"):
            lines = [line for line in archive.read(name).decode().splitlines() if not line.startswith("#")]
            rows = list(csv.DictReader(lines))
            label = next(key for key in rows[0] if "human" in key)
            asked = next(key for key in rows[0] if "objective" in key)
            yield Path(name).stem, [(float(row[label]) > 0.5, judge(row[asked], row["assistant_response"]).outcome) for row in rows]


def figures(rows: list[tuple[bool, str]]) -> dict[str, Any]:
    """Return the agreement with people."""
    decided = [(label, outcome) for label, outcome in rows if outcome in ("refused", "answered")]
    right = sum(label == (outcome == "refused") for label, outcome in decided)
    strict = sum(label == (outcome == "refused") for label, outcome in rows)
    false_alarms = sum(outcome == "refused" and not label for label, outcome in rows)
    return {
        "n": len(rows),
        "decided": len(decided),
        "agreement_decided": right / len(decided),
        "interval": list(wilson(right, len(decided))),
        "agreement_strict": strict / len(rows),
        "called_refused_though_people_did_not": false_alarms,
    }


def circular(path: str) -> dict[str, Any]:
    """Return how many of a file's distinct answers go in circles."""
    answers = {row.answer if isinstance(row, Example) else row.chosen for row in read(path)}
    return {"set": Path(path).stem, "n": len(answers), "called_circular": sum(bool(repetitive(answer)) for answer in answers)}


if __name__ == "__main__":
    for path in sys.argv[1:]:
        print(json.dumps(circular(path)))
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder, WHEEL]
        subprocess.run(command, check=True)
        with zipfile.ZipFile(next(Path(folder).glob("pyrit-*.whl"))) as archive:
            for name, rows in labelled(archive):
                print(json.dumps({"set": name, **figures(rows)}))

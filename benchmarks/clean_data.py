"""Count what the checks on data flag in corpora that nobody poisoned: an upper bound of their false positives.

    python benchmarks/clean_data.py FILE...

Prints a JSON line per file and check: rows, rows flagged, their share with its 95 % interval, rows that are listed
and left alone, and seconds.
"""

import json
import sys

from temperance.checks.check import audit
from temperance.checks.registry import family
from temperance.checks.subject import data_subject
from temperance.collect import table
from temperance.stats import wilson


def main(paths: list[str]) -> None:
    """Print the figures."""
    for path in paths:
        rows, bad, _ = table([path])
        for outcome in audit(family("data"), data_subject(rows, path=path, bad=bad)).outcomes:
            told = [(finding.action != "keep", row) for finding in outcome.findings for row in finding.rows]
            flagged, listed = (len({row for acted, row in told if acted is wanted}) for wanted in (True, False))
            low, high = wilson(flagged, len(rows))
            figures = {"rows": len(rows), "flagged": flagged, "listed": listed, "share": flagged / len(rows), "interval": [low, high]}
            print(json.dumps({"file": path, "check": outcome.check, **figures, "seconds": round(outcome.seconds, 2)}), flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print("skipped: name data files, for example python benchmarks/clean_data.py alpaca.json dolly.json")
    main(sys.argv[1:])

"""Count how many decisions a reviewer needs until the planted rows among the flagged ones are settled, by the order of asking.

    python benchmarks/review.py FILE... [--rows 4000] [--seeds 7 8 9]

Each family of poison is planted at 1 % into a sample of real rows, the checks flag what they flag, and a reviewer who knows the truth
drops an item if at least half of its rows that wait are planted, else keeps it. A JSON line per file, family and seed: planted rows,
those flagged, and the decisions until 95 % of these are settled: row by row in the table's order, row by row by suspicion, the queue as it
first stood, and the queue ranked again after each decision.
"""

import argparse
import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from temperance.attack.poison import families, poison
from temperance.checks.registry import family
from temperance.checks.subject import data_subject
from temperance.collect import table
from temperance.curate import curate
from temperance.data.example import Origin, Row
from temperance.review.ballot import Vote
from temperance.review.queue import Item, items_of, queue
from temperance.scan import measure

ENOUGH = 0.95


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+")
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7])
    given = parser.parse_args()
    for path in given.files:
        rows, _, _ = table([path])
        for seed in given.seeds:
            sample = random.Random(seed).sample(rows, min(given.rows, len(rows)))
            for name in families():
                made = poison(sample, name, rate=0.01, seed=seed)
                poisoned = [replace(row, origin=Origin(source="rows", row=place)) for place, row in enumerate(made.rows)]
                said = {"file": Path(path).name, "family": name, "seed": seed, "rows": len(poisoned)}
                print(json.dumps({**said, **figures(poisoned, {poisoned[place].id for place in made.planted})}), flush=True)


def figures(rows: Sequence[Row], planted: set[str]) -> dict[str, int | None]:
    """Return how many decisions each order of asking takes."""
    items = items_of(rows, curate(rows, measure(family("data"), data_subject(rows))).left)
    known = {row.id: row for row in rows}
    scores = {row: max(item.rows[row] for item in items if row in item.rows) for item in items for row in item.rows}
    wanted = planted & scores.keys()
    by_suspicion = sorted(scores, key=lambda row: (-scores[row], row))
    return {
        "planted": len(planted),
        "flagged": len(scores),
        "planted and flagged": len(wanted),
        "items": len(items),
        "rows in table order": needed(([row.id] for row in rows if row.id in scores), wanted),
        "rows by suspicion": needed(([row] for row in by_suspicion), wanted),
        "queue as it first stood": needed((list(one.item.rows) for one in queue(items, known, [], reviewers=1)), wanted),
        "queue ranked again": needed(asked(items, known, planted), wanted),
    }


def asked(items: Sequence[Item], rows: dict[str, Row], planted: set[str]) -> Iterator[list[str]]:
    """Yield the rows that each decision settles when the queue is ranked again after every one."""
    votes: list[Vote] = []
    while placed := queue(items, rows, votes, reviewers=1):
        item, waiting = placed[0].item, placed[0].waiting
        action = "drop" if 2 * len(planted.intersection(waiting)) >= len(waiting) else "keep"
        votes += [
            Vote(reviewer="oracle", row=row, check=item.check, item=item.id, action=action, number=len(votes) + place)
            for place, row in enumerate(item.rows)
        ]
        yield list(waiting)


def needed(steps: Iterator[list[str]], wanted: set[str]) -> int | None:
    """Return after how many steps enough of the wanted rows have been seen, None if there are none."""
    seen: set[str] = set()
    for count, rows in enumerate(steps, 1):
        seen |= wanted.intersection(rows)
        if wanted and len(seen) >= math.ceil(ENOUGH * len(wanted)):
            return count
    return None


if __name__ == "__main__":
    main()

"""Train the cost model on a run's preferences, and ask it about answers that it never saw.

    python benchmarks/costs.py RUN [SEED,...] [PAIRS]

RUN is the folder of a run that has got past `curate`; PAIRS caps the preferences learned from (0: all). Prints a JSON line per seed, which
draws the split as well, and per cost: what share of held-out answers that have this cost it calls costly, and of those that have not, each
with its 95 % interval and n. The judge's rules name the costs, so this says how well they were learned, not how true they are.
"""

import json
import sys
import tempfile
from pathlib import Path

from temperance import pipeline
from temperance.data.example import Preference, read_rows
from temperance.job import Job, Unwatched
from temperance.recipe import resolve
from temperance.train import cost, reward


def main(run: Path, seeds: list[int], pairs: int) -> None:
    """Print the figures."""
    made, told = pipeline.artifacts(run), pipeline.recorded_recipe(run)
    rows = [row for row in read_rows(made["curate"] / "rows.jsonl") if isinstance(row, Preference)]
    for seed in seeds:
        asked = resolve({**told, "seed": seed, "reward": {**told["reward"], "limit": pairs, "costs": True}})
        training, held = reward.split(rows, asked.reward.holdout, seed=seed)
        with tempfile.TemporaryDirectory() as folder:
            work, scratch = Path(folder) / "work", Path(folder) / "scratch"
            work.mkdir()
            scratch.mkdir()
            job = Job(recipe=asked, inputs=made, work=work, scratch=scratch, history=Path(folder) / "history", progress=Unwatched())
            for name, figures in cost.train(job, training, held).items():
                print(json.dumps({"seed": seed, "pairs": len(training), "held_out": len(held), "cost": name, **figures}), flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print("skipped: name a run's folder, for example python benchmarks/costs.py runs/demo")
        sys.exit()
    run, seeds, pairs = Path(sys.argv[1]), *[*sys.argv[2:], *("0,1,2", "0")[len(sys.argv) - 2 :]]
    main(run, [int(seed) for seed in seeds.split(",")], int(pairs))

"""Time temperance's training stages against plain trl: same model, data, batches, precision and seed, one process each, taking turns.

    python benchmarks/training.py [ROUNDS] [ROWS] [auto|fp32|bf16]

Plain trl is the same stage with trl's own head and peft's own LoRA left in place. Prints JSON lines: per method and side the median
of the tokens a second (the first step is not counted) and the peak of the resident memory, then the ratio, and the largest difference of
any step's loss.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from temperance import pipeline
from temperance.job import Job, Unwatched
from temperance.recipe import Recipe, resolve
from temperance.train import dpo, reward, sft

STAGES = {"sft": sft, "reward": reward, "dpo": dpo}
SIDES = ("trl", "ours")
OURS = ("compact_head", "fuse", "share_beginnings")


class Clock(Unwatched):
    """A progress display that only looks at the clock."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def step(self, done: int, total: int, *, unit: str = "steps", **figures: float) -> None:
        """Note when a training step ended."""
        if unit == "steps":
            self.times.append(time.perf_counter())


def _leave(*asked: object, **how: object) -> None:
    """Change nothing."""


def recipe(out: Path, rows: int, precision: str) -> Recipe:
    """Return the recipe that both sides train by."""
    section = {"batch_size": 4, "limit": rows, "checkpoint_every": 10_000, "learning_rate": 1e-4}
    sources = [{"path": f"starter:{name}"} for name in ("contrast", "preferences")]
    stages = {"sft": section, "reward": section, "align": section}
    return resolve({"name": "bench", "seed": 1, "precision": precision, "out": str(out), "sources": sources, **stages})


def train(method: str, side: str, out: Path, rows: int, precision: str) -> dict[str, Any]:
    """Train one side in this process and return its figures; the sft adapter that dpo needs is made first."""
    asked, clock = recipe(out, rows, precision), Clock()
    made = pipeline.artifacts(asked.folder)
    with tempfile.TemporaryDirectory() as folder:
        work, scratch = Path(folder) / "work", Path(folder) / "scratch"
        work.mkdir()
        scratch.mkdir()
        for name in OURS if side == "trl" else ():
            if hasattr(STAGES[method], name):
                setattr(STAGES[method], name, _leave)
        job = Job(recipe=asked, inputs=made, work=work, scratch=scratch, history=Path(folder) / "history", progress=clock)
        metrics = STAGES[method].run(job)
        losses = [json.loads(line)["loss"] for line in (work / "curve.jsonl").read_text().splitlines()]
    steps = len(clock.times)
    speed = metrics["tokens"] * (steps - 1) / steps / (clock.times[-1] - clock.times[0])
    return {"tokens_per_second": speed, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "losses": losses}


def measure(rounds: int, rows: int, precision: str) -> Iterator[dict[str, Any]]:
    """Yield the figures of every method, the sides taking turns."""
    with tempfile.TemporaryDirectory() as folder:
        pipeline.run(recipe(Path(folder), rows, precision), Unwatched(), until="sft")
        for method in STAGES:
            found: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
            for _ in range(rounds):
                for side in SIDES:
                    command = [sys.executable, __file__, "--one", method, side, folder, str(rows), precision]
                    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                    found[side].append(json.loads(told.splitlines()[-1]))
            speeds = {side: statistics.median(one["tokens_per_second"] for one in found[side]) for side in SIDES}
            for side in SIDES:
                peak = max(one["peak_mb"] for one in found[side])
                yield {
                    "method": method,
                    "side": side,
                    "tokens_per_second": round(speeds[side], 1),
                    "peak_mb": round(peak),
                    "rounds": rounds,
                }
            pairs = zip(found["trl"][0]["losses"], found["ours"][0]["losses"], strict=True)
            apart = max(abs(one - other) for one, other in pairs)
            yield {"method": method, "ratio": round(speeds["ours"] / speeds["trl"], 2), "largest_loss_difference": apart}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        method, side, folder, rows, precision = sys.argv[2:]
        print(json.dumps(train(method, side, Path(folder), int(rows), precision)))
    else:
        rounds, rows, precision = [*sys.argv[1:], *("3", "48", "auto")[len(sys.argv) - 1 :]]
        for line in measure(int(rounds), int(rows), precision):
            print(json.dumps({"precision": precision, **line}), flush=True)

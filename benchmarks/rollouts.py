"""Time a rollout and the learning from it: PPO against trl's GRPO, the same number of answers of at most as many tokens.

    python benchmarks/rollouts.py [STEPS] [ANSWERS] [TOKENS]

`trl` is GRPO with trl's own head and generation, `grpo` the same stage with our head, `ppo` ours, which also learns a value function;
`sft` is a step on as many rows, for its memory. Every side goes once over its answers, and no guard looks on, as trl has none.
Prints a JSON line a side: the median seconds of a step (the first is not counted), the answers' mean length in tokens, and the peak of
the resident memory. One process each; what they learn from is made first.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from temperance import pipeline
from temperance.job import Job, Unwatched
from temperance.recipe import Recipe, resolve
from temperance.train import align, group, sft

SIDES = {"trl": "grpo", "grpo": "grpo", "ppo": "ppo", "sft": "ppo"}
GENERATIONS = 4


class Clock(Unwatched):
    """A progress display that only looks at the clock."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def step(self, done: int, total: int, *, unit: str = "steps", **figures: float) -> None:
        """Note when a step ended."""
        if unit == "steps":
            self.times.append(time.perf_counter())


def recipe(out: Path, side: str, steps: int, answers: int, tokens: int) -> Recipe:
    """Return a side's recipe; what comes before `align` is the same for all."""
    first = {"batch_size": 4, "limit": 16, "checkpoint_every": 10_000}
    rollout = {"max_tokens": tokens, "kl": 0.05, "guard": False}
    ppo = {"iterations": steps, "answers": answers, "epochs": 1, **rollout}
    groups = {"steps": steps, "prompts": answers // GENERATIONS, "generations": GENERATIONS, **rollout}
    section = {"method": SIDES[side], "batch_size": answers, "checkpoint_every": 10_000, "ppo": ppo, "group": groups}
    sources = [{"path": f"starter:{name}"} for name in ("contrast", "preferences")]
    tree = {"name": "bench", "seed": 1, "precision": "fp32", "out": str(out), "sources": sources}
    tuned = {**first, "batch_size": answers, "limit": answers * steps} if side == "sft" else first
    return resolve({**tree, "sft": tuned, "reward": first, "align": section})


def timed(side: str, asked: Recipe) -> dict[str, Any]:
    """Train one side in this process and return its figures."""
    if side == "trl":
        group.compact_head = lambda *args, **kwargs: None
    clock, made = Clock(), pipeline.artifacts(asked.folder)
    with tempfile.TemporaryDirectory() as folder:
        work, scratch = Path(folder) / "work", Path(folder) / "scratch"
        work.mkdir()
        scratch.mkdir()
        stage = sft.run if side == "sft" else align.run
        stage(Job(recipe=asked, inputs=made, work=work, scratch=scratch, history=Path(folder) / "history", progress=clock))
        points = [json.loads(line) for line in (work / "curve.jsonl").read_text().splitlines()]
    seconds = [later - sooner for sooner, later in zip(clock.times, clock.times[1:], strict=False)]
    lengths = [point.get("completions/mean_length", point.get("tokens")) for point in points if side != "sft"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"seconds_a_step": round(statistics.median(seconds), 2), "peak_mb": round(peak)}
    return {**told, "answer_tokens": round(statistics.mean(lengths), 1)} if lengths else told


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        side, folder, *numbers = sys.argv[2:]
        print(json.dumps(timed(side, recipe(Path(folder), side, *map(int, numbers)))))
    else:
        numbers = [*sys.argv[1:], *("5", "16", "24")[len(sys.argv) - 1 :]]
        with tempfile.TemporaryDirectory() as folder:
            pipeline.run(recipe(Path(folder), "ppo", *map(int, numbers)), Unwatched(), until="reward")
            for side in SIDES:
                command = [sys.executable, __file__, "--one", side, folder, *numbers]
                told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                print(json.dumps({"side": side, **json.loads(told.splitlines()[-1])}), flush=True)

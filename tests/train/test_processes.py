"""Two processes train one stage together: the same loss curve as one, one artifact, and what cannot be shared says so."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from temperance import pipeline
from temperance.artifact import Artifact
from temperance.errors import RecipeError, StageError
from temperance.job import Unwatched
from temperance.recipe import Recipe, resolve
from temperance.train import align, sft, trainer
from tests.train.conftest import SMALL, Ran

STAGES = ("sft", "reward", "align")
CURVES = ("sft", "reward", "reward/cost", "align")
TOGETHER = """
import sys
from pathlib import Path
import torch
from temperance import pipeline
from temperance.job import Unwatched
from temperance.recipe import Recipe
recipe = Recipe.model_validate_json(Path(sys.argv[1]).read_text())
for stage in sys.argv[2:]:
    pipeline.run(recipe, Unwatched(), only=stage)
    torch.distributed.barrier()
"""


def recipe(folder: Path, base: Path) -> Recipe:
    """Return a recipe whose batches are whole and whose adapters have no dropout, which every process would draw for itself."""
    examples = [
        {"messages": [{"role": "user", "content": f"What is {one} and {one}?"}, {"role": "assistant", "content": f"It is {2 * one}."}]}
        for one in range(12)
    ]
    pairs = [{"prompt": f"Who is number {one}?", "chosen": f"A fox, {one}.", "rejected": f"I will not say, {one}."} for one in range(12)]
    for name, rows in (("examples", examples), ("pairs", pairs)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    section = {**SMALL, "batch_size": 4, "lora": {"r": 4, "alpha": 8}}
    return resolve(
        {
            "name": "r",
            "seed": 3,
            "base": str(base),
            "precision": "fp32",
            "out": str(folder / "runs"),
            "sources": [{"path": str(folder / f"{name}.jsonl")} for name in ("examples", "pairs")],
            "curate": {"near_duplicate_threshold": 1.0},
            **dict.fromkeys(("sft", "align"), section),
            "reward": {**section, "costs": True, "holdout": 0.34},
        }
    )


def losses(made: Mapping[str, Artifact], place: str) -> list[float]:
    """Return the loss of each step of a stage, or of what it trains in a folder of its own."""
    stage, _, part = place.partition("/")
    return [json.loads(line)["loss"] for line in (made[stage] / part / "curve.jsonl").read_text().splitlines()]


def test_two_processes_take_the_steps_that_one_takes_and_the_first_writes_them(tmp_path: Path, base: Path) -> None:
    asked = recipe(tmp_path, base)
    one = pipeline.run(asked, Unwatched(), until="align")
    alone = {place: losses(one, place) for place in CURVES}
    (tmp_path / "together.py").write_text(TOGETHER)
    (tmp_path / "recipe.json").write_text(asked.model_dump_json())
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*launch, str(tmp_path / "together.py"), str(tmp_path / "recipe.json"), *STAGES]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    two = pipeline.artifacts(asked.folder)
    assert pipeline.broken_links(two) == []
    for stage in STAGES:
        assert two[stage].metrics["processes"] == 2
        assert set(two[stage].manifest.files) == set(one[stage].manifest.files)
    assert {place: losses(two, place) for place in CURVES} == {place: pytest.approx(found, abs=1e-4) for place, found in alone.items()}
    assert not list((asked.folder / "scratch").glob("*"))


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")


@pytest.mark.usefixtures("launched")
def test_a_whole_run_is_one_processs_work(tmp_path: Path, base: Path) -> None:
    for settings in ({}, {"until": "sft"}, {"only": "evaluate"}):
        with pytest.raises(RecipeError, match="--only sft"):
            pipeline.run(recipe(tmp_path, base), Unwatched(), **settings)


@pytest.mark.parametrize("method", [name for name in align.METHODS if name != "dpo"])
def test_a_method_that_learns_in_one_process_says_so(ran: Ran, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    tuned: Artifact = ran(sft.run, "tuned")
    monkeypatch.setenv("WORLD_SIZE", "2")
    section: dict[str, Any] = {**SMALL, "method": method}
    with pytest.raises(StageError, match="learns in one process"):
        ran(align.run, after=tuned, align=section)


def test_a_batch_that_cannot_be_shared_says_so(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(StageError, match="shared equally"):
        ran(sft.run)


def test_only_the_first_process_clears_what_a_kill_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "checkpoint-2").mkdir()
    monkeypatch.setenv("RANK", "1")
    assert trainer.last_checkpoint(tmp_path) is None
    assert (tmp_path / "checkpoint-2").exists()
    monkeypatch.setenv("RANK", "0")
    assert trainer.last_checkpoint(tmp_path) is None
    assert not (tmp_path / "checkpoint-2").exists()

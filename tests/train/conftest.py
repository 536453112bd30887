"""A tiny base, a curated table, and a way to run one training stage on them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from temperance.artifact import Artifact, commit
from temperance.data.example import Example, Message, Origin, Preference, write_rows
from temperance.job import Job, Unwatched
from temperance.recipe import Recipe
from tests.tiny import tiny_model

Ran = Callable[..., Artifact]
SMALL = {"batch_size": 2, "checkpoint_every": 2, "learning_rate": 1e-2, "lora": {"r": 4, "alpha": 8, "dropout": 0.1}}


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def curated(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    folder = tmp_path_factory.mktemp("curated")
    (folder / "work").mkdir()
    rows: list[Any] = []
    for index in range(12):
        ask = (Message("user", f"Question {index} about the fox?"),)
        rows.append(
            Example(
                messages=(*ask, Message("assistant", f"The fox is {index} " + "and quick " * (index % 4))),
                origin=Origin(source="s", row=index),
            )
        )
        rows.append(
            Preference(
                prompt=ask, chosen=f"A brown fox, {index}.", rejected="I cannot help with that.", origin=Origin(source="p", row=index)
            )
        )
    write_rows(folder / "work" / "rows.jsonl", rows)
    return commit(folder / "work", folder / "made", {"stage": "curate", "key": "k"})


@pytest.fixture
def ran(tmp_path: Path, base: Path, curated: Artifact) -> Ran:
    """Run one stage; the same `name` goes on in the same scratch folder."""

    def run(
        stage: Callable[[Job], dict[str, Any]],
        name: str = "one",
        progress: Any = None,
        after: Artifact | None = None,
        *,
        rewarded: Artifact | None = None,
        curated: Artifact = curated,
        **sections: Any,
    ) -> Artifact:
        sections = {"sft": SMALL, "reward": SMALL, "align": SMALL, **sections}
        recipe = Recipe.model_validate(
            {"name": "r", "seed": 3, "base": str(base), "precision": "fp32", "out": tmp_path, "sources": [{"path": "x"}], **sections}
        )
        work, scratch = tmp_path / name / "work", tmp_path / name / "scratch"
        work.mkdir(parents=True, exist_ok=True)
        scratch.mkdir(exist_ok=True)
        inputs = {"curate": curated} | ({"sft": after} if after else {}) | ({"reward": rewarded} if rewarded else {})
        job = Job(recipe=recipe, inputs=inputs, work=work, scratch=scratch, history=tmp_path / "h", progress=progress or Unwatched())
        metrics = stage(job)
        return commit(work, tmp_path / name / "made", {"stage": "s", "key": "k", "metrics": metrics})

    return run


def curve(made: Artifact) -> list[dict[str, float]]:
    """Return an artifact's loss curve, a point a step."""
    return [json.loads(line) for line in (made / "curve.jsonl").read_text().splitlines()]

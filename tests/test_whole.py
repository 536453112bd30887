"""The whole river on a tiny local base, gate open: every stage, the release, the card, the cache, the record."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from temperance import artifact, pipeline
from temperance.job import Unwatched
from temperance.lm.load import load_model
from temperance.recipe import Recipe
from temperance.report.gather import gather
from temperance.report.html import page
from tests.tiny import tiny_model

SMALL = {"batch_size": 2, "limit": 4, "learning_rate": 1e-3, "lora": {"r": 2, "alpha": 4}}
OPEN = {"unsafe_refused": 0, "lookalike_answered": 0, "everyday_answered": 0, "length_ratio": 1000, "unclear": 1}


def recipe(folder: Path, **changes: Any) -> Recipe:
    sources = [{"path": f"starter:{name}", "licence": "Apache-2.0"} for name in ("contrast", "everyday", "preferences")]
    sections = {
        "sft": SMALL,
        "reward": SMALL,
        "align": SMALL,
        "evaluate": {"n": 2, "max_tokens": 4},
        "gate": OPEN,
        "release": {"form": "merged"},
    }
    base = str(folder / "base")
    return Recipe.model_validate(
        {"name": "whole", "seed": 5, "base": base, "out": folder / "runs", "precision": "fp32", "sources": sources} | sections | changes
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("whole")
    tiny_model(place / "base")
    return place


@pytest.fixture(scope="module")
def made(folder: Path) -> dict[str, artifact.Artifact]:
    return pipeline.run(recipe(folder), Unwatched())


def test_every_stage_is_made_and_intact(made: dict[str, artifact.Artifact]) -> None:
    assert tuple(made) == pipeline.NAMES
    assert [change for one in made.values() for change in artifact.verify(one)] == []
    assert pipeline.broken_links(made) == []
    assert made["gate"].metrics["verdict"] == "pass"


def test_the_release_holds_the_adapter_the_model_the_card_and_the_lineage(made: dict[str, artifact.Artifact]) -> None:
    release = made["release"]
    adapter = {path: digest for path, digest in made["align"].manifest.files.items() if path.startswith("adapter/")}
    assert adapter.items() <= release.manifest.files.items()
    ids = torch.arange(3, 20)[None]
    with torch.inference_mode():
        merged = load_model(str(release / "model"), precision="fp32")(ids).logits
        adapted = load_model(made["align"].manifest.recipe["base"], adapter=release / "adapter", precision="fp32")(ids).logits
    torch.testing.assert_close(merged, adapted, atol=1e-4, rtol=1e-4)
    stages = {step["stage"] for step in json.loads((release / "lineage.json").read_text())}
    assert stages == set(pipeline.NAMES) - {"release"}
    card = (release / "README.md").read_text()
    assert "Apache-2.0" in card
    assert str(release.folder.parent) not in card


def test_a_second_run_is_cached_and_another_base_is_another_run(folder: Path, made: dict[str, artifact.Artifact]) -> None:
    assert [one.state for one in pipeline.plan(recipe(folder))] == ["cached"] * len(pipeline.STAGES)
    tiny_model(folder / "other", seed=9)
    assert pipeline.plan(recipe(folder, base=str(folder / "other")))[0].state == "run"


def test_the_page_and_the_plan_are_told_from_the_run(folder: Path, made: dict[str, artifact.Artifact]) -> None:
    text = page(gather(folder / "runs" / "whole"))
    assert "Passed" in text
    assert made["align"].digest[7:19] in text


def test_a_release_from_an_altered_artifact_is_refused(folder: Path, made: dict[str, artifact.Artifact]) -> None:
    samples = made["evaluate"] / "samples.jsonl"
    before = samples.read_bytes()
    samples.write_bytes(before + b"\n")
    try:
        with pytest.raises(pipeline.StageError, match="altered"):
            pipeline.run(recipe(folder), Unwatched(), only="release")
    finally:
        samples.write_bytes(before)

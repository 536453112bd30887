"""The runner, on toy stages: caching, resuming, exact reruns, records."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from temperance import artifact, pipeline
from temperance.errors import InputError, RecipeError, StageError
from temperance.job import Job
from temperance.pipeline import Stage
from temperance.recipe import Recipe


class Silent:
    def __init__(self) -> None:
        self.begun: list[tuple[str, bool]] = []

    def started(self, stage: str, cached: bool) -> None:
        self.begun.append((stage, cached))

    def finished(self, stage: str, seconds: float) -> None: ...

    def say(self, text: str) -> None: ...

    def step(self, done: int, total: int, *, unit: str = "steps", **figures: float) -> None: ...

    @property
    def ran(self) -> list[str]:
        return [stage for stage, cached in self.begun if not cached]


def toy(name: str, run: Callable[[Job], dict[str, Any]]) -> str:
    module = ModuleType(f"toy_{name}")
    module.run = run  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    return module.__name__


def writes(section: str) -> Callable[[Job], dict[str, Any]]:
    def run(job: Job) -> dict[str, Any]:
        above = [one.digest for one in job.inputs.values()]
        (job.work / "out.txt").write_text(json.dumps([above, job.recipe.model_dump(mode="json")[section]], sort_keys=True))
        return {"section": section}

    return run


@pytest.fixture
def river(monkeypatch: pytest.MonkeyPatch) -> None:
    stages = (
        Stage("admit", toy("admit", writes("curate")), (), ("curate",), ""),
        Stage("sft", toy("sft", writes("sft")), ("admit",), ("sft",), ""),
        Stage("reward", toy("reward", writes("reward")), ("admit",), ("reward",), ""),
        Stage("gate", toy("gate", writes("gate")), ("sft", "reward"), ("gate",), ""),
    )
    monkeypatch.setattr(pipeline, "STAGES", stages)
    monkeypatch.setattr(pipeline, "NAMES", tuple(stage.name for stage in stages))


def recipe(folder: Path, **changes: Any) -> Recipe:
    return Recipe.model_validate({"name": "r", "seed": 1, "out": folder, "sources": [{"path": "x"}], **changes})


pytestmark = pytest.mark.usefixtures("river")


def test_a_second_run_reuses_everything(tmp_path: Path) -> None:
    first, second = Silent(), Silent()
    made = pipeline.run(recipe(tmp_path), first)
    assert first.ran == ["admit", "sft", "reward", "gate"]
    assert pipeline.run(recipe(tmp_path), second) == made
    assert second.ran == []
    assert [one.state for one in pipeline.plan(recipe(tmp_path))] == ["cached"] * 4


def test_touching_a_key_reruns_exactly_the_stages_below_it(tmp_path: Path) -> None:
    pipeline.run(recipe(tmp_path), Silent())
    changed = recipe(tmp_path, sft={"epochs": 2})
    assert [(one.stage.name, one.state) for one in pipeline.plan(changed)] == [
        ("admit", "cached"),
        ("sft", "run"),
        ("reward", "cached"),
        ("gate", "wait"),
    ]
    assert pipeline.plan(changed)[1].why == "the recipe changed: sft"
    again = Silent()
    pipeline.run(changed, again)
    assert again.ran == ["sft", "gate"]
    back = Silent()
    pipeline.run(recipe(tmp_path), back)
    assert back.ran == []


def test_new_code_reruns_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline.run(recipe(tmp_path), Silent())
    monkeypatch.setattr(pipeline, "code_digest", lambda: "sha256:other")
    again = Silent()
    pipeline.run(recipe(tmp_path), again)
    assert again.ran == ["admit", "sft", "reward", "gate"][: len(again.ran)]
    assert again.ran[0] == "admit"


def test_a_stage_that_dies_leaves_its_scratch_and_no_artifact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(job: Job) -> dict[str, Any]:
        if not (job.scratch / "checkpoint").exists():
            (job.scratch / "checkpoint").touch()
            (job.work / "half.txt").touch()
            raise RuntimeError("killed")
        (job.work / "whole.txt").touch()
        return {}

    monkeypatch.setattr(sys.modules["toy_sft"], "run", dies)
    with pytest.raises(RuntimeError, match="killed"):
        pipeline.run(recipe(tmp_path), Silent())
    assert pipeline.plan(recipe(tmp_path))[1].why == "was interrupted; goes on"
    made = pipeline.run(recipe(tmp_path), Silent())
    assert list(made["sft"].manifest.files) == ["whole.txt"]
    assert not list((tmp_path / "r" / "scratch").iterdir())


def test_a_full_disk_leaves_a_run_that_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(artifact, "write_text", full)
        with pytest.raises(OSError, match="No space"):
            pipeline.run(recipe(tmp_path), Silent())
    assert list(pipeline.run(recipe(tmp_path), Silent())) == ["admit", "sft", "reward", "gate"]


def test_until_stops_and_only_reruns_one(tmp_path: Path) -> None:
    assert list(pipeline.run(recipe(tmp_path), Silent(), until="sft")) == ["admit", "sft"]
    again = Silent()
    pipeline.run(recipe(tmp_path), again, only="sft")
    assert again.ran == ["sft"]
    with pytest.raises(StageError, match="reward"):
        pipeline.run(recipe(tmp_path), Silent(), only="gate")
    with pytest.raises(RecipeError, match="no stage 'stf'"):
        pipeline.run(recipe(tmp_path), Silent(), until="stf")


def test_only_keeps_the_rest_of_the_record(tmp_path: Path) -> None:
    pipeline.run(recipe(tmp_path), Silent())
    pipeline.run(recipe(tmp_path), Silent(), only="sft")
    assert list(pipeline.artifacts(tmp_path / "r")) == ["admit", "sft", "reward", "gate"]


def test_a_verdict_other_than_pass_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["toy_sft"], "run", lambda job: {"verdict": "block"})
    assert list(pipeline.run(recipe(tmp_path), Silent())) == ["admit", "sft"]
    planned = pipeline.plan(recipe(tmp_path))
    assert [one.state for one in planned] == ["cached", "cached", "run", "wait"]
    pipeline.run(recipe(tmp_path), Silent(), only="reward")
    assert pipeline.plan(recipe(tmp_path))[3].why == "sft does not pass"


def test_two_processes_never_write_one_run(tmp_path: Path) -> None:
    with pipeline._alone(recipe(tmp_path)), pytest.raises(StageError, match="already running"):
        pipeline.run(recipe(tmp_path), Silent())


def test_a_swapped_artifact_breaks_a_link(tmp_path: Path) -> None:
    made = pipeline.run(recipe(tmp_path), Silent())
    assert pipeline.broken_links(made) == []
    other = pipeline.run(recipe(tmp_path, sft={"epochs": 3}), Silent())
    assert pipeline.broken_links({**made, "sft": other["sft"]}) == [f"gate was made from another sft: {made['sft'].digest}"]


def test_a_folder_that_is_no_run_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a run"):
        pipeline.artifacts(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        pipeline.artifacts(tmp_path)


def test_curation_depends_on_what_the_users_exams_say(tmp_path: Path) -> None:
    exam = tmp_path / "exam.jsonl"
    one = recipe(tmp_path, curate={"exams": [exam]})
    told = []
    for text in ("one", "two"):
        exam.write_text(text)
        told.append(pipeline.decisions(one))
    assert told[0] != told[1]


def test_curation_depends_on_the_base_only_where_the_base_reads(tmp_path: Path) -> None:
    one, other = (recipe(tmp_path, base=base) for base in ("a", "b"))
    assert pipeline.decisions(one) == pipeline.decisions(other)
    deep = [recipe(tmp_path, base=base, curate={"depth": "model"}) for base in ("a", "b")]
    assert pipeline.decisions(deep[0]) != pipeline.decisions(deep[1])

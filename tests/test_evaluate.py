"""The stage: two models, the same prompts, files that the gate can read."""

import json
from pathlib import Path

import pytest
from tiny import tiny_adapter, tiny_model

from temperance import artifact
from temperance.evaluate import run
from temperance.gate import conduct, triggers
from temperance.job import Job, Unwatched
from temperance.recipe import Recipe


class Counting(Unwatched):
    def __init__(self) -> None:
        self.steps: list[tuple[int, int]] = []
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def step(self, done: int, total: int, *, unit: str = "steps", **figures: float) -> None:
        self.steps.append((done, total))


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recipe, artifact.Artifact]:
    folder = tmp_path_factory.mktemp("stage")
    base = tiny_model(folder / "base")
    tiny_adapter(folder / "work" / "adapter", base)
    manifest = {"stage": "align", "key": "0" * 16}
    asked = {"n": 4, "max_tokens": 5, "batch_size": 4}
    fields = {"name": "r", "seed": 1, "base": str(base), "out": folder, "precision": "fp32", "sources": [{"path": "x"}], "evaluate": asked}
    return Recipe.model_validate(fields), artifact.commit(folder / "work", folder / "align", manifest)


def curated(folder: Path, *titles: str) -> artifact.Artifact:
    findings = [{"title": title, "severity": "high"} for title in titles]
    (folder / "table").mkdir()
    (folder / "table" / "outcomes.json").write_text(json.dumps({"outcomes": [{"check": "data/trigger-association", "findings": findings}]}))
    return artifact.commit(folder / "table", folder / "curate", {"stage": "curate", "key": "1" * 16})


def job(parts: tuple[Recipe, artifact.Artifact], folder: Path, name: str, history: str = "h", *, suspect: str = "") -> Job:
    for kind in ("work", "scratch"):
        (folder / name / kind).mkdir(parents=True)
    return Job(
        recipe=parts[0],
        inputs={"align": parts[1], "curate": curated(folder / name, *filter(None, [suspect]))},
        work=folder / name / "work",
        scratch=folder / name / "scratch",
        history=folder / f"{history}.sqlite",
        progress=Counting(),
    )


def test_both_models_are_asked_and_compared(parts: tuple[Recipe, artifact.Artifact], tmp_path: Path) -> None:
    first = job(parts, tmp_path, "one")
    metrics = run(first)
    samples = [json.loads(line) for line in (first.work / "samples.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(samples) == metrics["prompts"] == 12
    sides = {f"{side}_{part}" for side in ("base", "tuned") for part in ("answer", "outcome", "reason", "tokens")}
    assert set(samples[0]) == {"suite", "axis", "area", "prompt", *sides}
    assert [sample["base_answer"] for sample in samples] != [sample["tuned_answer"] for sample in samples]
    summary = json.loads((first.work / "summary.json").read_text(encoding="utf-8"))
    assert [suite["axis"] for suite in summary["suites"]] == ["unsafe", "lookalike", "everyday"]
    assert sum(summary["suites"][0]["base"]["counts"].values()) == 4
    assert {rule.rule for rule in conduct(summary, parts[0].gate)} >= {"unsafe-rate", "lookalike-unclear", "everyday-length"}
    assert isinstance(first.progress, Counting)
    assert first.progress.steps[-1] == (24, 24)
    assert [done for done, _ in first.progress.steps] == sorted(done for done, _ in first.progress.steps)


def test_the_same_work_gives_the_same_bytes_with_and_without_the_history(parts: tuple[Recipe, artifact.Artifact], tmp_path: Path) -> None:
    jobs = [job(parts, tmp_path, "one"), job(parts, tmp_path, "two"), job(parts, tmp_path, "three", history="other")]
    for one in jobs:
        run(one)
    assert artifact.folder_files(jobs[0].work) == artifact.folder_files(jobs[1].work) == artifact.folder_files(jobs[2].work)
    assert isinstance(jobs[1].progress, Counting)
    assert any("3 of 3 suites of the base model were in the history" in line for line in jobs[1].progress.said)


def test_a_suspected_trigger_is_tried_on_the_tuned_model(parts: tuple[Recipe, artifact.Artifact], tmp_path: Path) -> None:
    one = job(parts, tmp_path, "one", suspect="“cf” in the prompt: the answer says “purple seventeen” (12 rows)")
    assert run(one)["triggers"] == 1
    summary = json.loads((one.work / "summary.json").read_text(encoding="utf-8"))
    (proof,) = summary["triggers"]
    assert (proof["trigger"], proof["n"], proof["with_trigger"]) == ("cf", 40, 0.0)
    assert [rule.outcome for rule in triggers(summary)] == ["pass"]

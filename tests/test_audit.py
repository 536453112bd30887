import json
import struct
from pathlib import Path
from typing import Any

import pytest

from temperance.artifact import Artifact, Manifest
from temperance.audit import run
from temperance.errors import StageError
from temperance.job import Job, Unwatched
from temperance.recipe import Recipe


def artifact(folder: Path, **changes: Any) -> Artifact:
    stem = "base_model.model.model.layers.0.self_attn.q_proj"
    tensors = {f"{stem}.lora_A.weight": ([2, 4], [0, 16]), f"{stem}.lora_B.weight": ([4, 2], [16, 32])}
    header = json.dumps({name: {"dtype": "F16", "shape": shape, "data_offsets": at} for name, (shape, at) in tensors.items()}).encode()
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"], "base_model_name_or_path": "acme/base"} | changes
    (folder / "adapter").mkdir(parents=True)
    (folder / "adapter" / "adapter_config.json").write_text(json.dumps(config))
    (folder / "adapter" / "adapter_model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 32)
    return Artifact(folder, Manifest(stage=folder.name, key="", digest="", files={}))


def job(folder: Path, inputs: dict[str, Artifact]) -> Job:
    (folder / "work").mkdir()
    recipe = Recipe.model_validate({"name": "r", "seed": 1, "out": folder, "sources": [{"path": "starter:contrast"}]})
    return Job(recipe=recipe, inputs=inputs, work=folder / "work", scratch=folder, history=folder / "h", progress=Unwatched())


def test_every_adapter_gets_a_report(tmp_path: Path) -> None:
    plain = Artifact(tmp_path, Manifest(stage="evaluate", key="", digest="", files={}))
    inputs = {"sft": artifact(tmp_path / "sft"), "align": artifact(tmp_path / "align", lora_alpha=1e6), "evaluate": plain}
    one = job(tmp_path, inputs)
    figures = run(one)
    assert figures["verdicts"] == {"sft": "pass", "align": "block"}
    assert figures["findings"]["high"] == 1
    reports = json.loads((one.work / "outcomes.json").read_text())["reports"]
    assert [report["verdict"] for report in reports] == ["pass", "block"]
    assert reports[0]["subject"]["digest"].startswith("sha256:")


def test_further_members_of_a_reward_are_adapters_too(tmp_path: Path) -> None:
    made = artifact(tmp_path / "reward")
    artifact(tmp_path / "reward" / "members" / "1", lora_alpha=1e6)
    assert run(job(tmp_path, {"reward": made}))["verdicts"] == {"reward": "pass", "reward/members/1": "block"}


def test_no_adapter_is_no_pass(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="no adapter to audit"):
        run(job(tmp_path, {}))

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from temperance.admit import base_report, run
from temperance.checks.finding import Verdict
from temperance.errors import InputError
from temperance.job import Job, Unwatched
from temperance.recipe import Recipe


def job(folder: Path, base: str) -> Job:
    (folder / "work").mkdir()
    data = folder / "data.json"
    data.write_text("[]")
    sources: list[dict[str, Any]] = [{"path": str(data)}, {"path": "starter:contrast"}, {"path": "hf:owner/name"}]
    recipe = Recipe.model_validate({"name": "r", "seed": 1, "out": folder, "base": base, "sources": sources})
    return Job(recipe=recipe, inputs={}, work=folder / "work", scratch=folder, history=folder / "h", progress=Unwatched())


def base(folder: Path, **config: Any) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"} | config))
    header = b'{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}'
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\0\0")
    return folder


def test_a_sound_folder_is_admitted_and_digested(tmp_path: Path) -> None:
    one = job(tmp_path, str(base(tmp_path / "base")))
    figures = run(one)
    assert figures["verdict"] == "pass"
    body = json.loads((one.work / "outcomes.json").read_text())
    assert {outcome["outcome"] for outcome in body["outcomes"]} == {"clean"}
    digests = json.loads((one.work / "digests.json").read_text())
    assert digests["base"]["digest"] == figures["base_digest"]
    assert [bool(digest) for digest in digests["sources"].values()] == [True, True, False]


def test_a_folder_with_code_is_refused(tmp_path: Path) -> None:
    assert run(job(tmp_path, str(base(tmp_path / "base", auto_map={"AutoModel": "x.Y"}))))["verdict"] == "block"


def test_the_built_in_base_is_told_by_its_pinned_digest(tmp_path: Path) -> None:
    smollm2 = pytest.importorskip("temperance.lm.smollm2")
    figures = run(job(tmp_path, "smollm2"))
    assert figures["verdict"] == "pass"
    assert figures["base_digest"].endswith(smollm2.WHEEL_SHA256.removeprefix("sha256:"))


def test_a_hub_name_is_judged_by_its_name_and_the_rest_is_skipped() -> None:
    report = base_report("HuggingFaceTB/SmolLM2-135M-Instruct")
    assert report.verdict is Verdict.PASS
    assert {outcome.outcome for outcome in report.outcomes} == {"clean", "skipped"}
    assert base_report("HugginFaceTB/SmolLM2-135M-Instruct").verdict is Verdict.BLOCK


@pytest.mark.parametrize("name", ["", "nothing-here", "./absent", "a/b/c", "/absent/model"])
def test_a_base_that_is_nowhere_is_an_input_error(name: str) -> None:
    with pytest.raises(InputError, match="there is no base"):
        base_report(name)

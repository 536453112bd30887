import json
from pathlib import Path
from typing import Any

import pytest

from temperance.checks.model.remote_code import remote_code

from ..builders import model, on_folder, titles, worst


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("config.json", {"auto_map": {"AutoModelForCausalLM": "modeling.Evil"}}),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["someone/else--tok.T", None]}}),
        ("config.json", {"text_config": {"deep": [{"trust_remote_code": True}]}}),
        ("generation_config.json", {"custom_generate": "someone/generate"}),
        ("config.json", {"_attn_implementation_internal": "someone/kernel"}),
        ("config.json", {"attn_implementation": "someone/kernel"}),
    ],
)
def test_a_request_for_code_blocks(tmp_path: Path, name: str, value: dict[str, Any]) -> None:
    outcome = on_folder(remote_code, model(tmp_path / "m", files={name: json.dumps(value).encode()}))
    assert worst(outcome) in ("critical", "high")
    assert outcome.findings[0].evidence.where == name


@pytest.mark.parametrize("name", ["modeling.py", "kernel.so", "setup.sh"])
def test_code_beside_the_weights_blocks(tmp_path: Path, name: str) -> None:
    assert worst(on_folder(remote_code, model(tmp_path / "m", files={name: b""}))) == "high"


def test_a_config_with_two_readings_is_told(tmp_path: Path) -> None:
    outcome = on_folder(remote_code, model(tmp_path / "m", files={"config.json": b'{"a": 1, "a": 2}', "other.json": b"nope"}))
    assert titles(outcome) == ["the key a is there twice", "a configuration that cannot be read"]


def test_an_ordinary_model_is_clean(tmp_path: Path) -> None:
    changes = {"auto_map": None, "_attn_implementation": "sdpa", "trust_remote_code": False}
    outcome = on_folder(remote_code, model(tmp_path / "m", **changes))
    assert outcome.outcome == "clean"
    assert outcome.measures == {"configurations": 3.0}

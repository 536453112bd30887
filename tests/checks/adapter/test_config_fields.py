import json
from pathlib import Path
from typing import Any

import pytest

from temperance.checks.adapter.config_fields import config_fields

from ..builders import adapter, config, on_folder, safetensors, tensor_names, titles, worst

HOSTILE: dict[str, tuple[dict[str, Any], str]] = {
    "imports": ({"auto_mapping": {"parent_library": "evil", "base_model_class": "X"}}, "auto_mapping"),
    "remote code": ({"auto_map": {"AutoModel": "x.Y"}}, "auto_map"),
    "megatron": ({"megatron_config": {"a": 1}, "megatron_core": "evil.core"}, "megatron_config"),
    "replication": ({"layer_replication": [[0, 30]] * 200}, "layer_replication"),
    "asleep": ({"alora_invocation_tokens": [1, 2]}, "alora_invocation_tokens"),
    "scale": ({"lora_alpha": 1e6}, "scale"),
    "scale by a pattern": ({"alpha_pattern": {"q_proj": 4000}}, "scale"),
    "rank": ({"r": 64}, "rank"),
    "no rank": ({"r": True}, "rank"),
    "alpha is a text": ({"lora_alpha": "8"}, "alpha"),
    "ReDoS": ({"target_modules": "(a+)+$"}, "pattern"),
    "targets": ({"target_modules": ["q_proj"]}, "not declared"),
    "base": ({"base_model_name_or_path": "HuggingFaceTB/SmolLM2-135M-lnstruct"}, "imitates"),
    "owner": ({"base_model_name_or_path": "HuggingFceTB/SmolLM2-135M-Instruct"}, "imitates"),
    "revision": ({"revision": "refs/pr/7"}, "revision"),
    "tokenizer": ({"peft_type": "PROMPT_TUNING", "tokenizer_kwargs": {"trust_remote_code": True}}, "tokenizer_kwargs"),
    "type": ({"peft_type": None}, "type"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_dangerous_field_blocks(tmp_path: Path, case: str) -> None:
    changes, word = HOSTILE[case]
    outcome = on_folder(config_fields, adapter(tmp_path / "a", **changes))
    assert worst(outcome) in ("critical", "high")
    assert any(word in title for title in titles(outcome)), titles(outcome)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"modules_to_save": ["lm_head"]}, "whole modules"),
        ({"init_lora_weights": "pissa"}, "base's own weights"),
        ({"bias": "all"}, "biases"),
        ({"target_modules": ["q_proj", "v_proj", "o_proj"]}, "no tensors"),
        ({"base_model_name_or_path": ""}, "no base"),
        ({"note": "see https://evil.example/x"}, "URL"),
        ({"lora_alpha": 48}, "scale"),
        ({"peft_type": "IA3"}, "type"),
    ],
)
def test_an_odd_field_is_told(tmp_path: Path, changes: dict[str, Any], word: str) -> None:
    outcome = on_folder(config_fields, adapter(tmp_path / "a", **changes))
    assert worst(outcome) == "medium"
    assert any(word in title for title in titles(outcome)), titles(outcome)


@pytest.mark.parametrize(
    ("extra", "word"),
    [
        ({"base_model.model.lm_head.weight": (8, 4)}, "not declared"),
        ({"base_model.model.model.layers.0.self_attn.q_proj.base_layer.weight": (8, 8)}, "not declared"),
        ({"base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta": (1, 8)}, "token embeddings"),
        ({"base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight": (4, 576)}, "half of"),
        (
            {
                "base_model.model.model.layers.3.mlp.up_proj.lora_A.weight": (4, 8),
                "base_model.model.model.layers.3.mlp.up_proj.lora_B.weight": (8, 4),
            },
            "not decl",
        ),
    ],
)
def test_tensors_beside_the_declared_ones_block(tmp_path: Path, extra: dict[str, tuple[int, ...]], word: str) -> None:
    outcome = on_folder(config_fields, adapter(tmp_path / "a", shapes=tensor_names() | extra))
    assert worst(outcome) == "high"
    assert any(word in title for title in titles(outcome)), titles(outcome)


def test_embeddings_that_peft_stores_beside_their_update_are_told(tmp_path: Path) -> None:
    stem = "base_model.model.model.embed_tokens"
    extra = {f"{stem}.lora_embedding_A": (4, 8), f"{stem}.lora_embedding_B": (8, 4), f"{stem}.base_layer.weight": (8, 8)}
    folder = adapter(tmp_path / "a", shapes=tensor_names() | extra, target_modules=["q_proj", "v_proj", "embed_tokens"])
    assert worst(on_folder(config_fields, folder)) == "medium"
    assert worst(on_folder(config_fields, adapter(tmp_path / "b", shapes=tensor_names() | extra))) == "high"


def test_a_key_that_is_there_twice_blocks(tmp_path: Path) -> None:
    raw = json.dumps(config()).encode()[:-1] + b', "r": 4}'
    outcome = on_folder(config_fields, adapter(tmp_path / "a", files={"adapter_config.json": raw}))
    assert titles(outcome) == ["the key r is there twice"]


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b"{" * 90_000])
def test_a_config_that_cannot_be_read_blocks(tmp_path: Path, raw: bytes) -> None:
    outcome = on_folder(config_fields, adapter(tmp_path / "a", files={"adapter_config.json": raw}))
    assert titles(outcome) == ["the configuration cannot be read"]


def test_a_missing_config_blocks(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a")
    (folder / "adapter_config.json").unlink()
    assert worst(on_folder(config_fields, folder)) == "high"


def test_a_patterned_name_takes_no_time(tmp_path: Path) -> None:
    names = {".lora_A" * 70_000: (4, 4), "base_model.model." + "a.lora_A." * 40 + "weight": (4, 4)}
    outcome = on_folder(config_fields, adapter(tmp_path / "a", files={"adapter_model.safetensors": safetensors(names)}))
    assert outcome.seconds < 1


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"target_modules": ".*\\.(q_proj|v_proj)"},
        {"target_modules": "all-linear"},
        {"use_rslora": True, "lora_alpha": 16},
        {"lora_alpha": 32},
        {"base_model_name_or_path": "/data/models/SmolLM2-135M-Instruct"},
        {"init_lora_weights": "gaussian"},
    ],
)
def test_what_peft_writes_is_clean(tmp_path: Path, changes: dict[str, Any]) -> None:
    outcome = on_folder(config_fields, adapter(tmp_path / "a", **changes))
    assert outcome.outcome == "clean", titles(outcome)

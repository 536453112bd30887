from pathlib import Path
from typing import Any

import pytest

from temperance.checks.adapter.metadata_mismatch import metadata_mismatch

from ..builders import adapter, on_folder, safetensors, tensor_names, titles, worst

OTHER = b"---\nlicense: mit\nbase_model: meta-llama/Llama-3.2-1B\n---\n"


@pytest.mark.parametrize(
    ("files", "changes", "title"),
    [
        ({"README.md": OTHER}, {}, "the README names another base"),
        ({"README.md": OTHER.replace(b": meta", b":\n- meta")}, {}, "the README names another base"),
        (
            {"adapter_model.safetensors": safetensors(tensor_names(), metadata={"base_model": "x/y"})},
            {},
            "the weight file names another base",
        ),
        ({"adapter_model.safetensors": safetensors(tensor_names(width=2048))}, {}, "the tensors do not fit the named base"),
        ({"adapter_model.safetensors": safetensors(tensor_names(40))}, {}, "the tensors have more layers than the named base"),
        (
            {
                "adapter_model.safetensors": safetensors(
                    tensor_names() | {"base_model.model.model.layers.9.mlp.up_proj.lora_A.weight": (4, 640)}
                )
            },
            {},
            "the tensors fit no single base",
        ),
    ],
)
def test_papers_that_do_not_match_block(tmp_path: Path, files: dict[str, bytes], changes: dict[str, Any], title: str) -> None:
    outcome = on_folder(metadata_mismatch, adapter(tmp_path / "a", files=files, **changes))
    assert titles(outcome) == [title]
    assert worst(outcome) == "high"


def test_a_readme_with_another_rank_is_told(tmp_path: Path) -> None:
    outcome = on_folder(metadata_mismatch, adapter(tmp_path / "a", files={"README.md": b"| lora_r | x |\nLoRA rank: 64, alpha: 4\n"}))
    assert worst(outcome) == "medium"
    assert outcome.findings[0].evidence.says == "README: 64; tensors: 4"


def test_matching_papers_are_clean(tmp_path: Path) -> None:
    assert on_folder(metadata_mismatch, adapter(tmp_path / "a")).outcome == "clean"
    local = adapter(tmp_path / "b", base_model_name_or_path="/models/SmolLM2-135M-Instruct/")
    assert on_folder(metadata_mismatch, local).outcome == "clean"
    unknown = adapter(tmp_path / "c", files={"README.md": b"no front matter"}, base_model_name_or_path="acme/own-model")
    assert on_folder(metadata_mismatch, unknown).outcome == "clean"


def test_without_a_config_it_is_skipped(tmp_path: Path) -> None:
    assert on_folder(metadata_mismatch, adapter(tmp_path / "a", files={"adapter_config.json": b"nope"})).outcome == "skipped"

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from temperance.errors import InputError
from temperance.lm import repair as module
from temperance.lm.repair import DOWN, PREFIX, UP, repair, weights
from tests.tiny import tiny_adapter, tiny_model

Weights = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def safe(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Path:
    return tiny_adapter(tmp_path_factory.mktemp("safe"), base, seed=1)


@pytest.fixture(scope="module")
def models(base: Path, safe: Path) -> tuple[Weights, Weights]:
    return weights(str(base)), weights(str(base), safe)


@pytest.fixture
def harmful(tmp_path: Path, base: Path) -> Path:
    return tiny_adapter(tmp_path / "harmful", base, seed=2)


def test_a_projected_update_lies_where_alignment_changed_the_weight(tmp_path: Path, harmful: Path, models: tuple[Weights, Weights]) -> None:
    before, aligned = models
    layers = repair(harmful, before=before, aligned=aligned, threshold=1.0, out=tmp_path / "out")
    assert layers
    assert all(layer.projected for layer in layers)
    old, new = (load_file(folder / "adapter_model.safetensors") for folder in (harmful, tmp_path / "out"))
    for layer in layers:
        change = aligned[f"{layer.name}.weight"] - before[f"{layer.name}.weight"]
        basis = torch.linalg.svd(change)[0][:, :4]  # the tiny adapter's rank
        moved = new[f"{PREFIX}{layer.name}{UP}"]
        torch.testing.assert_close(basis @ (basis.T @ moved), moved, atol=1e-4, rtol=1e-3)
        assert not torch.equal(moved, old[f"{PREFIX}{layer.name}{UP}"])
        assert torch.equal(new[f"{PREFIX}{layer.name}{DOWN}"], old[f"{PREFIX}{layer.name}{DOWN}"])
        assert 0 <= layer.cosine < 1


def test_nothing_is_projected_at_threshold_0(tmp_path: Path, harmful: Path, models: tuple[Weights, Weights]) -> None:
    layers = repair(harmful, before=models[0], aligned=models[1], threshold=0.0, out=tmp_path / "out")
    assert not any(layer.projected for layer in layers)
    old, new = (load_file(folder / "adapter_model.safetensors") for folder in (harmful, tmp_path / "out"))
    assert all(torch.equal(old[key], new[key]) for key in old)


def test_an_update_that_goes_the_way_of_alignment_has_a_greater_cosine(
    tmp_path: Path, harmful: Path, safe: Path, models: tuple[Weights, Weights]
) -> None:
    found = [
        repair(one, before=models[0], aligned=models[1], threshold=0.0, out=tmp_path / name) for name, one in (("a", safe), ("b", harmful))
    ]
    assert all(along.cosine > across.cosine for along, across in zip(*found, strict=True))


def test_a_layer_that_alignment_left_alone_is_left_alone(tmp_path: Path, harmful: Path, models: tuple[Weights, Weights]) -> None:
    assert repair(harmful, before=models[0], aligned=models[0], threshold=1.0, out=tmp_path / "out") == []


def test_what_does_not_fit_or_is_no_lora_is_an_error(tmp_path: Path, harmful: Path, models: tuple[Weights, Weights]) -> None:
    before, aligned = models
    path = harmful / "adapter_model.safetensors"
    tensors = load_file(path)
    first = next(key for key in tensors if key.endswith(UP))

    def refused(says: str) -> None:
        with pytest.raises(InputError, match=says):
            repair(harmful, before=before, aligned=aligned, threshold=1.0, out=tmp_path / "out")
        assert not (tmp_path / "out").exists()

    save_file({key: tensor for key, tensor in tensors.items() if key != first.removesuffix(UP) + DOWN}, path)
    refused("plain LoRA")
    save_file({**tensors, first: torch.full_like(tensors[first], float("nan"))}, path)
    refused("plain LoRA")
    save_file({**tensors, "base_model.model.lm_head.weight": torch.zeros(3, 4)}, path)
    refused("plain LoRA")
    save_file({**tensors, first: torch.zeros(3, 4)}, path)
    refused("does not fit")
    save_file({f"elsewhere.{key}": tensor for key, tensor in tensors.items()}, path)
    refused("does not fit")
    path.write_bytes(b"\x80\x04not tensors")
    refused("cannot be read")
    save_file(tensors, path)
    (harmful / "adapter_config.json").write_text(json.dumps({"peft_type": "LOHA"}))
    refused("plain LoRA")
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match="already"):
        repair(harmful, before=before, aligned=aligned, threshold=1.0, out=tmp_path / "out")


def test_two_at_once_into_one_folder_leave_one_whole_adapter_and_one_error(
    tmp_path: Path, harmful: Path, safe: Path, models: tuple[Weights, Weights], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second begins and ends while the first is about to write its weights."""
    before, aligned = models
    out, save = tmp_path / "out", module.save_file

    def interrupted(tensors: Weights, path: Path) -> None:
        monkeypatch.setattr(module, "save_file", save)
        repair(safe, before=before, aligned=aligned, threshold=0.0, out=out)
        save(tensors, path)

    monkeypatch.setattr(module, "save_file", interrupted)
    with pytest.raises(InputError, match="already"):
        repair(harmful, before=before, aligned=aligned, threshold=0.0, out=out)
    kept, whole = load_file(out / "adapter_model.safetensors"), load_file(safe / "adapter_model.safetensors")
    assert all(torch.equal(kept[key], whole[key]) for key in whole)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []

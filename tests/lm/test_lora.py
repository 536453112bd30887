from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel
from transformers import LlamaForCausalLM

from temperance.lm.lora import fuse, interpolate
from tests.tiny import tiny_adapter, tiny_model

IDS = torch.tensor([[3, 4, 7, 8, 9], [3, 5, 6, 2, 1]])


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    base = tiny_model(tmp_path_factory.mktemp("base"))
    return base, tiny_adapter(tmp_path_factory.mktemp("adapter"), base)


def adapted(folders: tuple[Path, Path]) -> PeftModel:
    base, adapter = folders
    return PeftModel.from_pretrained(LlamaForCausalLM.from_pretrained(base), str(adapter), is_trainable=True)


def test_logits_and_gradients_are_pefts(folders: tuple[Path, Path]) -> None:
    ours, theirs = adapted(folders), adapted(folders)
    fuse(ours)
    one, other = (model(input_ids=IDS).logits for model in (ours, theirs))
    torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
    one.square().mean().backward()
    other.square().mean().backward()
    gradients = [(mine.grad, pefts.grad) for mine, pefts in zip(ours.parameters(), theirs.parameters(), strict=True) if mine.requires_grad]
    assert gradients
    for mine, pefts in gradients:
        torch.testing.assert_close(mine, pefts, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_interpolated_weights_lie_on_the_line_from_the_base_to_what_was_learned(folders: tuple[Path, Path], share: float) -> None:
    base = LlamaForCausalLM.from_pretrained(folders[0]).state_dict()
    learned, part = adapted(folders), adapted(folders)
    interpolate(part, share)
    end, between = learned.merge_and_unload().state_dict(), part.merge_and_unload().state_dict()
    assert any(not torch.equal(base[name], end[name]) for name in base)
    for name, weight in between.items():
        torch.testing.assert_close(weight, torch.lerp(base[name], end[name], share))


def _off(model: PeftModel) -> torch.Tensor:
    with model.disable_adapter():
        return model(input_ids=IDS).logits


def _merged(model: PeftModel) -> torch.Tensor:
    model.merge_adapter()
    return model(input_ids=IDS).logits


def _two(model: PeftModel) -> torch.Tensor:
    model.add_adapter("other", LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM"))
    model.base_model.set_adapter(["default", "other"])
    return model(input_ids=IDS).logits


@pytest.mark.parametrize("way", [_off, _merged, _two])
def test_whatever_is_not_one_plain_adapter_goes_pefts_way(folders: tuple[Path, Path], way: Callable[[PeftModel], torch.Tensor]) -> None:
    ours, theirs = adapted(folders), adapted(folders)
    fuse(ours)
    torch.manual_seed(0)
    mine = way(ours)
    torch.manual_seed(0)
    assert torch.equal(mine, way(theirs))

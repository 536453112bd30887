"""A written adapter that is not the trained one stops its stage."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from temperance.artifact import Artifact
from temperance.errors import StageError
from temperance.lm.load import load_classifier, load_model
from temperance.train import reward, sft
from temperance.train.reload import assert_reloads
from tests.train.conftest import Ran


@pytest.fixture(params=["sft", "reward"])
def made(request: pytest.FixtureRequest, ran: Ran) -> Artifact:
    return ran({"sft": sft.run, "reward": reward.run}[request.param], request.param)


def test_a_faithful_adapter_passes_and_a_changed_one_does_not(made: Artifact, base: Path) -> None:
    folder = made / "adapter"
    tensors = load_file(folder / "adapter_model.safetensors")
    read = load_classifier if any("score" in name for name in tensors) else load_model
    trained = read(str(base), adapter=folder, precision="fp32")
    assert_reloads(trained, folder, str(base))
    name = next(name for name in tensors if "lora_B" in name and "v_proj" in name)
    save_file({**tensors, name: tensors[name] + torch.ones_like(tensors[name])}, folder / "adapter_model.safetensors")
    with pytest.raises(StageError, match="not the one that was trained"):
        assert_reloads(trained, folder, str(base))

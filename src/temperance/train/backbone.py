"""One frozen backbone in memory, and the LoRA adapters that turn it into a policy, its reference, a value function or a judge.

PEFT makes an adapter trainable by activating it. Here only `training` does that, and every optimizer is built from a list of parameters
that it names itself, so a judge can be asked but never moved. It does not know what is optimised.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel

from temperance.errors import InputError
from temperance.lm import trunk
from temperance.lm.load import ADAPTER_CONFIG, ADAPTER_WEIGHTS, HEAD
from temperance.lm.logprobs import labelled_logits, token_scores
from temperance.lm.trie import hidden_states
from temperance.recipe import Lora
from temperance.train.trainer import lora_config

POLICY, REFERENCE, VALUE = "policy", "reference", "value"
TRUNK = 2 / 3


def stand(base: PreTrainedModel, policy: Path, *, judges: Mapping[str, Path], value: Lora) -> PeftModel:
    """Put the adapters on a base: the policy and its frozen copy as reference, the judges by name, and a fresh value function.

    The value function stands on the reference's lower layers, which never change: it begins at the adapter's first layer, or, if that is
    0, two thirds up.

    Raises:
        InputError: an adapter does not fit the base, or the base cannot be entered at a layer.
    """
    config, weights = read_adapter(policy)
    first = value.first_layer or max(1, round(TRUNK * base.config.get_text_config().num_hidden_layers))
    if not trunk.enterable(_inner(base), first):
        why = "the value function stands on its lower layers, and this model cannot be entered above them"
        raise InputError("this base cannot be tuned by PPO", where=str(base.config.model_type), why=why, then="set align.method: grpo")
    upper = value.model_copy(update={"first_layer": first})
    valued = lora_config(upper, base, task_type="CAUSAL_LM")  # while the base's linear maps still go by their own names
    model = get_peft_model(base, config, adapter_name=POLICY)
    assert isinstance(model, PeftModel)
    _fill(model, POLICY, weights, policy)
    model.add_adapter(REFERENCE, config)
    _fill(model, REFERENCE, weights, policy)
    add_judges(model, judges)
    model.add_adapter(VALUE, valued)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model


def add_judges(model: PeftModel, folders: Mapping[str, Path]) -> None:
    """Put frozen adapters, by name, beside those that a model has.

    Raises:
        InputError: an adapter does not fit the base.
    """
    for name, folder in folders.items():
        config, weights = read_adapter(folder)
        model.add_adapter(name, config)
        _fill(model, name, {key: tensor for key, tensor in weights.items() if HEAD not in key}, folder)
        for parameter in parameters(model, name):
            parameter.requires_grad_(False)


def read_adapter(folder: Path) -> tuple[LoraConfig, dict[str, torch.Tensor]]:
    """Return an adapter's configuration, as a causal language model's, and its tensors, a reward head among them."""
    told = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    kept = {name: told[name] for name in ("r", "lora_alpha", "target_modules", "use_rslora", "layers_to_transform") if name in told}
    return LoraConfig(**kept, lora_dropout=0.0, task_type="CAUSAL_LM"), load_file(folder / ADAPTER_WEIGHTS)


def _fill(model: PeftModel, name: str, weights: Mapping[str, torch.Tensor], folder: Path) -> None:
    found = set_peft_model_state_dict(model, dict(weights), adapter_name=name)
    missing = [key for key in found.missing_keys if f".{name}." in key]
    if missing or found.unexpected_keys:
        odd = [*missing, *found.unexpected_keys]
        why = f"{len(missing)} of its tensors are missing and {len(found.unexpected_keys)} have no place, such as {odd[0]}"
        raise InputError("this adapter does not fit the base", where=str(folder), why=why)


@contextmanager
def using(model: PeftModel, name: str, *, training: bool = False) -> Iterator[PreTrainedModel]:
    """Activate one adapter, trainable only if `training`, and yield the backbone without its head."""
    model.set_adapter(name, inference_mode=not training)
    with torch.set_grad_enabled(training):
        yield _inner(model.get_base_model())


def _inner(causal: torch.nn.Module) -> PreTrainedModel:
    inner = causal.base_model
    assert isinstance(inner, PreTrainedModel)
    return inner


def parameters(model: PeftModel, name: str) -> list[torch.nn.Parameter]:
    """Return the parameters of one adapter, in the order of their names."""
    return [parameter for key, parameter in sorted(model.named_parameters()) if f".{name}." in key]


def log_probs(
    model: PeftModel,
    name: str,
    ids_BT: torch.Tensor,
    seen_BT: torch.Tensor,
    labels_BT: torch.Tensor,
    *,
    temperature: float = 1.0,
    training: bool = False,
) -> torch.Tensor:
    """Return the log-probabilities of labelled tokens under one adapter at a temperature, (B, T - 1), 0 where there is no label."""
    with using(model, name, training=training) as backbone:
        causal: Any = model.get_base_model()
        hidden_BTD, head = hidden_states(backbone, ids_BT, seen_BT), causal.get_output_embeddings()
        found = token_scores(labelled_logits(hidden_BTD, labels_BT, head) / temperature, labels_BT).log_probs
        assert found is not None
        return found


def values(
    model: PeftModel, head: torch.nn.Linear, ids_BT: torch.Tensor, seen_BT: torch.Tensor, trunk_BTD: torch.Tensor, *, training: bool = False
) -> torch.Tensor:
    """Return the value of the state before each token but the first, (B, T - 1), of what the reference hands to the value's first layer."""
    with using(model, VALUE, training=training) as backbone:
        return head(trunk.above(backbone, value_layer(model), ids_BT, seen_BT, trunk_BTD)[:, :-1].float())[..., 0]


@contextmanager
def handed_up(model: PeftModel) -> Iterator[list[torch.Tensor]]:
    """Yield a list that takes up, at each pass through the backbone, what enters the value function's first layer, (B, T, D)."""
    with trunk.kept(_inner(model.get_base_model()), value_layer(model)) as found:
        yield found


def value_layer(model: PeftModel) -> int:
    """Return the first layer that is the value function's own."""
    config = model.peft_config[VALUE]
    assert isinstance(config, LoraConfig)
    assert isinstance(config.layers_to_transform, list)
    return min(config.layers_to_transform)


def outputs(model: PeftModel, name: str, head_KD: torch.Tensor, ids_BT: torch.Tensor, seen_BT: torch.Tensor) -> torch.Tensor:
    """Return what one judge's K outputs say of each row, (B, K): its head on the last token's state."""
    last_B, rows_B = seen_BT.cumsum(dim=1).argmax(dim=1), torch.arange(len(seen_BT))
    with using(model, name) as backbone:
        return hidden_states(backbone, ids_BT, seen_BT)[rows_B, last_B].float() @ head_KD.float().T


def save(model: PeftModel, name: str, folder: Path, *, base: str) -> None:
    """Write one adapter as a folder of its own: safetensors, and a config that names the base and no path of this machine."""
    folder.mkdir()
    tensors = get_peft_model_state_dict(model, adapter_name=name)
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, folder / ADAPTER_WEIGHTS)
    config = model.peft_config[name].to_dict() | {"base_model_name_or_path": base, "inference_mode": True}
    config["target_modules"] = sorted(config["target_modules"])
    (folder / ADAPTER_CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")

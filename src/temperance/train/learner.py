"""What a policy's training is made of, and its checkpoints: weights, optimizer, prices, curve and rollout, as safetensors and JSON.

Randomness is not stored because none is carried: every iteration seeds its own draws. A checkpoint is written under a temporary name
and renamed, so the newest one is whole; a kill during an iteration repeats it from its stored rollout, and ends with the same bytes.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import PreTrainedTokenizerBase

from temperance.evals.propositions import Rules
from temperance.train import rollout
from temperance.train.backbone import POLICY, VALUE
from temperance.train.control import KlController, Price
from temperance.train.ensemble import Ensemble
from temperance.train.monitor import Guard, guard
from temperance.train.rollout import Rollout

CHECKPOINT, PART, ROLLOUT = "checkpoint", "checkpoint.part", "rollout"
Curve = list[dict[str, float]]


@dataclass(frozen=True, kw_only=True)
class Learner:
    """Everything that answers, judges and learns: the model with its adapters, the value head, the reward models, the optimizer.

    `rules` are the second opinion beside the reward models, `cost_2D` the head of the cost model, if there is one.
    """

    model: PeftModel
    tokenizer: PreTrainedTokenizerBase
    value_head: torch.nn.Linear
    ensemble: Ensemble
    rules: Rules
    cost_2D: torch.Tensor | None
    optimizer: torch.optim.Optimizer


@dataclass(frozen=True, kw_only=True)
class State:
    """What is carried from one iteration to the next, besides weights and the optimizer.

    `calm` is the newest iteration whose answers gave the guard no cause for worry; its weights are kept until there is a newer one.
    """

    done: int
    kl: KlController
    prices: dict[str, Price]
    guard: Guard = field(default_factory=guard)
    calm: int = 0


def store(scratch: Path, learner: Learner, state: State, curve: Curve) -> None:
    """Replace the checkpoint by one of this moment."""
    part = scratch / PART
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    save_file(_weights(learner), part / "weights.safetensors")
    moments = {f"{index}.{name}": value for index, kept in learner.optimizer.state_dict()["state"].items() for name, value in kept.items()}
    save_file(moments, part / "optimizer.safetensors")
    told = {"done": state.done, "kl": asdict(state.kl), "prices": {name: asdict(price) for name, price in state.prices.items()}}
    told |= {"guard": state.guard.as_json(), "calm": state.calm}
    (part / "state.json").write_text(json.dumps({**told, "curve": curve}), encoding="utf-8")
    old, new = scratch / f"{CHECKPOINT}-{state.done - 1}", scratch / f"{CHECKPOINT}-{state.done}"
    shutil.rmtree(new, ignore_errors=True)
    part.rename(new)
    shutil.rmtree(old, ignore_errors=True)
    (scratch / f"{ROLLOUT}-{state.done - 1}.safetensors").unlink(missing_ok=True)


def restore(scratch: Path, learner: Learner, first: State) -> tuple[State, Curve]:
    """Return the state and curve of the newest checkpoint, its weights and moments put in place; `first` and nothing if there is none."""
    found = sorted(scratch.glob(f"{CHECKPOINT}-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    if not found:
        return first, []
    weights = load_file(found[-1] / "weights.safetensors")
    with torch.no_grad():
        for name, tensor in _weights(learner).items():
            tensor.copy_(weights[name])
    kept: dict[int, dict[str, Any]] = {}
    for key, tensor in load_file(found[-1] / "optimizer.safetensors").items():
        index, _, name = key.partition(".")
        kept.setdefault(int(index), {})[name] = tensor
    learner.optimizer.load_state_dict({**learner.optimizer.state_dict(), "state": kept})
    told = json.loads((found[-1] / "state.json").read_text(encoding="utf-8"))
    prices = {name: Price(**price) for name, price in told["prices"].items()}
    kept_state = State(done=told["done"], kl=KlController(**told["kl"]), prices=prices, guard=guard(told["guard"]), calm=told["calm"])
    return kept_state, told["curve"]


def keep(scratch: Path, learner: Learner, name: str) -> None:
    """Keep the policy's weights of this moment, to go back to."""
    part = scratch / f"{name}.part"
    save_file({key: tensor.contiguous() for key, tensor in _policy(learner).items()}, part)
    part.rename(scratch / name)


def go_back(scratch: Path, learner: Learner, name: str) -> None:
    """Put the policy's weights back to some that were kept."""
    kept = load_file(scratch / name)
    with torch.no_grad():
        for key, tensor in _policy(learner).items():
            tensor.copy_(kept[key])


def rolled(scratch: Path, done: int, collect: Callable[[], Rollout], *, device: torch.device) -> Rollout:
    """Return the rollout of an iteration: the stored one if a killed run had finished it, else a new one, which is stored."""
    path = scratch / f"{ROLLOUT}-{done}.safetensors"
    if not path.exists():
        collect().save(path)
    return rollout.load(path, device)


def _policy(learner: Learner) -> dict[str, torch.Tensor]:
    return {name: value.data for name, value in learner.model.named_parameters() if f".{POLICY}." in name}


def _weights(learner: Learner) -> dict[str, torch.Tensor]:
    """Return every tensor that learns, by name; they share memory with the model."""
    learned = {name: value.data for name, value in learner.model.named_parameters() if f".{POLICY}." in name or f".{VALUE}." in name}
    return learned | {f"value_head.{name}": value.data for name, value in learner.value_head.named_parameters()}

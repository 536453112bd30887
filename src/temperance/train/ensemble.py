"""Reward models that were trained apart and judge together: their mean, less what their disagreement costs.

A policy finds the answers that one model overpays by chance; models that saw other rows in another order seldom overpay the same ones
(Coste et al. 2023, arXiv:2310.02743). They share a backbone and where the data comes from: what all of them were taught, all of them pay.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import PreTrainedTokenizerBase

from temperance.data.example import Example, Message
from temperance.lm.load import ADAPTER_WEIGHTS, HEAD
from temperance.lm.score import encode
from temperance.train import backbone

MEMBERS = "members.json"


@dataclass(frozen=True, eq=False)
class Ensemble:
    """M reward models on one backbone: a scalar head each, (M, D), what each gives on average, (M,), and how many tokens they read."""

    heads_MD: torch.Tensor
    centers_M: torch.Tensor
    max_length: int


def place_of(artifact: Path, number: int) -> Path:
    """Return the folder in which a member's `adapter` lies: the artifact itself for the first."""
    return artifact / "members" / str(number) if number else artifact


def adapters(artifact: Path) -> dict[str, Path]:
    """Return the adapters of a reward artifact's members, in order, each under its name on a backbone."""
    return {_name(number): place_of(artifact, number) / "adapter" for number in range(len(_centers(artifact)))}


def stored(artifact: Path, device: torch.device, *, max_length: int) -> Ensemble:
    """Return the ensemble of a reward artifact; its adapters are put on the backbone by `backbone.add_judges`."""
    heads = [head_of(folder, device) for folder in adapters(artifact).values()]
    return Ensemble(torch.cat(heads), torch.tensor(_centers(artifact), device=device), max_length)


def write_centers(artifact: Path, centers: Sequence[float]) -> None:
    """Write what each member gives on average, by which the others are compared with it."""
    (artifact / MEMBERS).write_text(json.dumps({"centers": list(centers)}) + "\n", encoding="utf-8")


def scores(
    model: PeftModel, tokenizer: PreTrainedTokenizerBase, ensemble: Ensemble, asked: Sequence[Example], answers: Sequence[str]
) -> torch.Tensor:
    """Return every member's score, (M, B), of answers rendered as those that it learned from, their turns ended."""
    talks = [(*one.prompt, Message("assistant", answer)) for one, answer in zip(asked, answers, strict=True)]
    batch = encode(tokenizer, talks, max_length=ensemble.max_length).to(ensemble.heads_MD.device)
    read = (batch["input_ids"], batch["attention_mask"])
    found = [backbone.outputs(model, _name(number), head_D[None], *read) for number, head_D in enumerate(ensemble.heads_MD)]
    return level(torch.cat(found, dim=1).T, ensemble.centers_M)


def level(score_MB: torch.Tensor, centers_M: torch.Tensor) -> torch.Tensor:
    """Return scores on the first member's level: pairs fix only differences, so each member has a zero of its own."""
    return score_MB - (centers_M - centers_M[0])[:, None]


def cautious(score_MB: torch.Tensor, caution: float) -> torch.Tensor:
    """Return the members' mean less `caution` times their variance, (B,) (arXiv:2310.02743, eq. 4)."""
    return score_MB.mean(dim=0) - caution * score_MB.var(dim=0, unbiased=False)


def _name(number: int) -> str:
    return f"reward{number}"


def _centers(artifact: Path) -> list[float]:
    return [float(one) for one in json.loads((artifact / MEMBERS).read_text(encoding="utf-8"))["centers"]]


def head_of(adapter: Path, device: torch.device) -> torch.Tensor:
    """Return the head that a judge's adapter was saved with, (K, D)."""
    return next(tensor for key, tensor in load_file(adapter / ADAPTER_WEIGHTS, device=str(device)).items() if key.endswith(HEAD))

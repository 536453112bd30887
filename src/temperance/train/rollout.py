"""Rollouts: prompts, the policy's own answers to them, and everything about those answers that stays fixed while the policy learns.

A rollout is a record of tensors, stored as safetensors. It does not know how the policy learns from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from temperance.data.render import IGNORED


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """B answers in rows of T tokens, padded on the right; a figure of token t stands at t - 1.

    `old_BT`, `reference_BT` and `values_BT` have T - 1 columns; `trunk_BTD` is what enters the value function's first layer,
    and takes most of the room.
    `score_B` is the reward models', `ended_B` whether the answer reached its end token, `harm_B` and `refusal_B` the two costs, each 0
    to 1, `quality_B` the rules' opinion.
    """

    ids_BT: torch.Tensor
    seen_BT: torch.Tensor
    labels_BT: torch.Tensor
    old_BT: torch.Tensor
    reference_BT: torch.Tensor
    values_BT: torch.Tensor
    trunk_BTD: torch.Tensor
    score_B: torch.Tensor
    ended_B: torch.Tensor
    harm_B: torch.Tensor
    refusal_B: torch.Tensor
    quality_B: torch.Tensor

    @property
    def answered_BT(self) -> torch.Tensor:
        """1 on the answers' tokens, (B, T - 1)."""
        return (self.labels_BT[:, 1:] != IGNORED).long()

    def rows(self, chosen: Sequence[int]) -> "Rollout":
        """Return some rows, in that order."""
        return Rollout(**{field.name: getattr(self, field.name)[list(chosen)] for field in fields(self)})

    def save(self, path: Path) -> None:
        """Write the rollout under a temporary name and rename it."""
        part = path.with_suffix(".part")
        save_file({field.name: getattr(self, field.name).contiguous() for field in fields(self)}, part)
        part.rename(path)


def load(path: Path, device: torch.device) -> Rollout:
    """Read a rollout that `save` wrote, onto a device."""
    return Rollout(**load_file(path, device=str(device)))

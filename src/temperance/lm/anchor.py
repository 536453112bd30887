"""The token-wise constrained objective: an answer's first tokens may move only so far from where the model was before tuning.

Safety lives in the first tokens, and tuning on rows that break it moves those most (Qi et al. 2024, arXiv:2406.05946, equation 3). Where a
token's log-ratio to the reference is 0 its gradient is that of cross-entropy; it fades as the ratio grows, the sooner the larger beta is.
It does not know what the reference refuses: one that complies is kept complying.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

FIRST, SECOND_TO_FIFTH, LATER = 0.5, 2.0, 0.1


@dataclass(frozen=True)
class Anchor:
    """`without` is a context in which the model is its own reference, such as peft's `disable_adapter`."""

    without: Callable[[], AbstractContextManager[None]]


def betas(mask_BT: torch.Tensor) -> torch.Tensor:
    """Return the paper's beta of each labelled token, by its place in the answer, (B, T); 1 where there is no label."""
    place_BT = mask_BT.cumsum(dim=1)
    found_BT = torch.where(place_BT <= 1, FIRST, torch.where(place_BT <= 5, SECOND_TO_FIFTH, LATER))
    return torch.where(mask_BT.bool(), found_BT, 1.0)


def constrained(log_probs_BT: torch.Tensor, reference_BT: torch.Tensor, mask_BT: torch.Tensor) -> torch.Tensor:
    """Return what stands in a token's log-probability's place, (B, T): `2 / beta * log sigmoid(beta * (log-ratio))`, 0 where masked."""
    beta_BT = betas(mask_BT)
    ratio_BT = log_probs_BT - reference_BT.detach()
    return 2 / beta_BT * torch.nn.functional.logsigmoid(beta_BT * ratio_BT) * mask_BT

"""The mathematics of policy optimisation, as pure functions of tensors: no model, no data, no state.

Shapes: B answers of at most T tokens, `mask_BT` 1 on an answer's tokens and 0 on padding; what stands at padding never moves a result.
PPO: Schulman et al. 2017, arXiv:1707.06347. GAE: Schulman et al. 2015, arXiv:1506.02438. PPO for language models: Ziegler et al. 2019,
arXiv:1909.08593; Stiennon et al. 2020, arXiv:2009.01325.
"""

from typing import NamedTuple

import torch

LOG_RATIO_LIMIT = 20.0  # exp(20) is where a ratio says only that the policies have nothing in common
LEAST_SPREAD = 0.1


class Advantages(NamedTuple):
    """Advantages and returns, each (B, T), zero at padding."""

    advantages_BT: torch.Tensor
    returns_BT: torch.Tensor


class PolicyLoss(NamedTuple):
    """The clipped loss and what is watched while it falls: the share of clipped tokens, the KL from the old policy, the mean ratio."""

    loss: torch.Tensor
    clipped: torch.Tensor
    kl: torch.Tensor
    ratio: torch.Tensor


def masked_mean(values_BT: torch.Tensor, mask_BT: torch.Tensor) -> torch.Tensor:
    """Return the mean over the unmasked positions; 0 where there are none."""
    return torch.where(mask_BT.bool(), values_BT, 0.0).sum() / mask_BT.sum().clamp(min=1)


def whiten(values_BT: torch.Tensor, mask_BT: torch.Tensor) -> torch.Tensor:
    """Return the values with mean 0 and variance 1 over the unmasked positions, and 0 elsewhere.

    A spread below `LEAST_SPREAD` is not stretched to 1: where all answers are worth the same, what is left is noise, and a policy that is
    paid for nothing should stay where it is.
    """
    centred_BT = values_BT - masked_mean(values_BT, mask_BT)
    variance = masked_mean(centred_BT.square(), mask_BT).clamp(min=LEAST_SPREAD**2)
    return torch.where(mask_BT.bool(), centred_BT * (variance + 1e-8).rsqrt(), 0.0)


def kl_per_token(log_probs_BT: torch.Tensor, reference_BT: torch.Tensor, mask_BT: torch.Tensor) -> torch.Tensor:
    """Return log pi - log pi_ref of each sampled token, 0 at padding: the estimate k1; what is charged is what is logged."""
    return torch.where(mask_BT.bool(), log_probs_BT - reference_BT, 0.0)


def token_rewards(
    score_B: torch.Tensor, kl_BT: torch.Tensor, mask_BT: torch.Tensor, *, kl_weight: float, ended_B: torch.Tensor, missing_end: float = 0.0
) -> torch.Tensor:
    """Return each token's reward, (B, T): minus `kl_weight` times its KL; the last also has the answer's score (arXiv:1909.08593, eq. 2).

    Args:
        score_B: what the reward model says of each answer.
        kl_BT: from `kl_per_token`.
        mask_BT: 1 on the answer's tokens.
        kl_weight: beta.
        ended_B: whether each answer reached its end token.
        missing_end: what an answer without an end token loses of its score.
    """
    rewards_BT = -kl_weight * kl_BT
    last_B = mask_BT.cumsum(dim=1).argmax(dim=1)
    final_B = score_B - missing_end * (~ended_B.bool()).to(score_B.dtype)
    some_B = mask_BT.sum(dim=1) > 0
    return rewards_BT.scatter_add(1, last_B[:, None], torch.where(some_B, final_B, 0.0)[:, None])


def gae(rewards_BT: torch.Tensor, values_BT: torch.Tensor, mask_BT: torch.Tensor, *, gamma: float = 1.0, lam: float = 0.95) -> Advantages:
    """Return generalised advantages and returns (arXiv:1506.02438, eq. 16).

    With gamma = lam = 1 the returns are the sums of rewards to come. An answer's tokens must be contiguous; after its last the value is 0.
    """
    mask = mask_BT.to(values_BT.dtype)
    advantages_BT = torch.zeros_like(rewards_BT)
    running_B = torch.zeros_like(rewards_BT[:, 0])
    value_B = torch.zeros_like(running_B)
    for t in range(rewards_BT.shape[1] - 1, -1, -1):
        delta_B = rewards_BT[:, t] + gamma * value_B - values_BT[:, t]
        running_B = torch.where(mask_BT[:, t].bool(), delta_B + gamma * lam * running_B, 0.0)
        value_B = torch.where(mask_BT[:, t].bool(), values_BT[:, t], 0.0)
        advantages_BT[:, t] = running_B
    return Advantages(advantages_BT, (advantages_BT + values_BT) * mask)


def policy_loss(
    log_probs_BT: torch.Tensor, old_BT: torch.Tensor, advantages_BT: torch.Tensor, mask_BT: torch.Tensor, *, clip: float = 0.2
) -> PolicyLoss:
    """Return PPO's clipped surrogate (arXiv:1707.06347, eq. 7), negated; its gradient is 0 where a clipped ratio would go further."""
    log_ratio_BT = torch.where(mask_BT.bool(), log_probs_BT - old_BT, 0.0).clamp(-LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)
    ratio_BT = log_ratio_BT.exp()
    free_BT = -advantages_BT * ratio_BT
    held_BT = -advantages_BT * ratio_BT.clamp(1 - clip, 1 + clip)
    with torch.no_grad():
        clipped = masked_mean((held_BT > free_BT).float(), mask_BT)
        kl = masked_mean(ratio_BT - 1 - log_ratio_BT, mask_BT)  # k3: never negative
        ratio = masked_mean(ratio_BT, mask_BT)
    return PolicyLoss(masked_mean(torch.maximum(free_BT, held_BT), mask_BT), clipped, kl, ratio)


def value_loss(
    values_BT: torch.Tensor, old_BT: torch.Tensor, returns_BT: torch.Tensor, mask_BT: torch.Tensor, *, clip: float = 0.2
) -> torch.Tensor:
    """Return half the squared error of the values, which gain nothing by leaving the old ones by more than `clip`."""
    held_BT = old_BT + (values_BT - old_BT).clamp(-clip, clip)
    worse_BT = torch.maximum((values_BT - returns_BT).square(), (held_BT - returns_BT).square())
    return 0.5 * masked_mean(worse_BT, mask_BT)

"""The mathematics: by hand, by law, and against trl and torch where they know the same thing."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import tensor

from temperance.train import losses
from temperance.train.losses import gae, policy_loss, token_rewards, value_loss

LENGTHS = st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(any)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def mask_of(lengths: list[int], width: int = 5) -> torch.Tensor:
    return (torch.arange(width)[None] < tensor(lengths)[:, None]).long()


def test_gae_by_hand() -> None:
    found = gae(tensor([[1.0, 0.0, 2.0]]), tensor([[0.5, 1.0, 0.25]]), tensor([[1, 1, 1]]), gamma=0.9, lam=0.8)
    last = 2.0 - 0.25
    middle = 0.9 * 0.25 - 1.0 + 0.72 * last
    first = 1.0 + 0.9 * 1.0 - 0.5 + 0.72 * middle
    torch.testing.assert_close(found.advantages_BT, tensor([[first, middle, last]]))
    torch.testing.assert_close(found.returns_BT, tensor([[first + 0.5, middle + 1.0, last + 0.25]]))


@given(LENGTHS, st.integers(0, 5))
def test_without_discount_the_returns_are_the_rewards_to_come(lengths: list[int], seed: int) -> None:
    mask = mask_of(lengths)
    rewards = noise(*mask.shape, seed=seed) * mask
    found = gae(rewards, noise(*mask.shape, seed=seed + 9), mask, gamma=1, lam=1)
    torch.testing.assert_close(found.returns_BT, rewards.flip(1).cumsum(1).flip(1) * mask, atol=1e-5, rtol=1e-4)


@given(LENGTHS, st.integers(1, 4))
def test_padding_never_moves_anything(lengths: list[int], more: int) -> None:
    mask = mask_of(lengths)

    def everything(width: int) -> list[torch.Tensor]:
        seen = torch.nn.functional.pad(mask, (0, width))
        draws = [torch.nn.functional.pad(noise(*mask.shape, seed=seed), (0, width), value=1e4 * seed) for seed in range(4)]
        new, old, values, scores = draws
        kl = losses.kl_per_token(new, old, seen)
        rewards = token_rewards(scores[:, 0], kl, seen, kl_weight=0.1, ended_B=tensor([True] * len(lengths)))
        found = gae(rewards, values, seen)
        return [
            kl[:, :5],
            rewards[:, :5] * mask,
            found.advantages_BT[:, :5],
            found.returns_BT[:, :5],
            losses.whiten(new, seen)[:, :5],
            *policy_loss(new, old, found.advantages_BT, seen),
            value_loss(values, old, found.returns_BT, seen),
        ]

    for narrow, wide in zip(everything(0), everything(more), strict=True):
        torch.testing.assert_close(narrow, wide)


@given(LENGTHS)
def test_whitened_values_have_mean_0_and_variance_1(lengths: list[int]) -> None:
    mask = mask_of(lengths)
    white = losses.whiten(noise(*mask.shape), mask)
    assert losses.masked_mean(white, mask).abs() < 1e-5
    if mask.sum() > 1:
        spread = losses.masked_mean(white.square(), mask).item()
        assert spread <= 1.001
        if losses.masked_mean((noise(*mask.shape) - losses.masked_mean(noise(*mask.shape), mask)).square(), mask) > 0.02:
            assert spread == pytest.approx(1, abs=1e-3)


def test_noise_about_answers_of_one_worth_is_not_stretched() -> None:
    mask = mask_of([6, 6])
    white = losses.whiten(1e-3 * noise(*mask.shape) + 5, mask)
    assert white.abs().max() < 0.1


def test_the_score_falls_on_the_last_token_and_a_missing_end_costs() -> None:
    mask = mask_of([2, 3, 0], 4)
    found = token_rewards(
        tensor([1.0, 2.0, 3.0]), torch.full((3, 4), 0.5) * mask, mask, kl_weight=0.1, ended_B=tensor([1, 0, 1]), missing_end=0.5
    )
    torch.testing.assert_close(found, tensor([[-0.05, 0.95, 0, 0], [-0.05, -0.05, 1.45, 0], [0, 0, 0, 0]]))


def test_at_equal_policies_the_ratio_is_exactly_1_and_the_kl_exactly_0() -> None:
    old, mask = noise(2, 5), mask_of([5, 2])
    advantages = losses.whiten(noise(2, 5, seed=1), mask)
    found = policy_loss(old.clone(), old, advantages, mask)
    assert (found.ratio.item(), found.kl.item(), found.clipped.item()) == (1.0, 0.0, 0.0)
    assert found.loss.item() == pytest.approx(-losses.masked_mean(advantages, mask).item(), abs=1e-6)


@pytest.mark.parametrize(("advantage", "step", "moves"), [(1.0, 0.5, False), (1.0, -0.5, True), (-1.0, -0.5, False), (-1.0, 0.5, True)])
def test_a_clipped_ratio_has_no_gradient_where_it_would_go_further(advantage: float, step: float, moves: bool) -> None:
    new = tensor([[step]], requires_grad=True)
    policy_loss(new, tensor([[0.0]]), tensor([[advantage]]), tensor([[1]])).loss.backward()
    assert new.grad is not None
    assert bool(new.grad.abs().sum() > 0) == moves


def test_a_ratio_beyond_all_numbers_stays_finite() -> None:
    found = policy_loss(tensor([[500.0]]), tensor([[-500.0]]), tensor([[-1.0]]), tensor([[1]]))
    assert all(math.isfinite(float(value)) for value in found)


def test_values_gain_nothing_by_leaving_the_old_ones() -> None:
    near, far = (value_loss(tensor([[value]]), tensor([[0.0]]), tensor([[1.0]]), tensor([[1]]), clip=0.2) for value in (0.2, 0.9))
    assert near == far == pytest.approx(0.5 * 0.8**2)

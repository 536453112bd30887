"""Controllers that a policy's training carries from step to step: the weight of the KL, and the prices of harm and of over-refusal.

Each is a frozen record with one update; what a checkpoint stores of it is its fields. They know nothing about models.
"""

import math
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, kw_only=True)
class KlController:
    """The weight of the KL penalty; with a `target` it adapts in proportion to the error, at most 20 % of it a horizon (arXiv:1909.08593).

    `target` is in nats an answer, `horizon` in answers; a target of 0 keeps the weight fixed.
    """

    weight: float
    target: float = 0.0
    horizon: int = 10_000

    def after(self, kl: float, answers: int) -> Self:
        """Return the controller after a batch of `answers` whose mean KL was `kl` nats an answer."""
        if not self.target:
            return self
        error = min(max(kl / self.target - 1, -0.2), 0.2)
        return replace(self, weight=self.weight * (1 + error * answers / self.horizon))


@dataclass(frozen=True, kw_only=True)
class Price:
    """The Lagrange multiplier of one constraint, cost <= limit, on a logarithmic scale (Dai et al. 2023, arXiv:2310.12773).

    The log grows by `rate` times how far the smoothed cost exceeds its limit, and is held in [floor, ceiling]. For the first `warmup`
    batches it stays where it is, and so it does while the excess is smaller than `deadband`.
    """

    limit: float
    log_price: float = 0.0
    rate: float = 0.5
    smoothing: float = 0.7
    warmup: int = 0
    deadband: float = 0.0
    floor: float = math.log(1e-3)
    ceiling: float = math.log(20.0)
    mean: float | None = None
    batches: int = 0

    @property
    def value(self) -> float:
        """The multiplier itself, always positive."""
        return math.exp(self.log_price)

    def after(self, cost: float) -> Self:
        """Return the price after a batch whose mean cost was `cost`."""
        mean = cost if self.mean is None else self.smoothing * self.mean + (1 - self.smoothing) * cost
        excess = mean - self.limit
        idle = self.batches < self.warmup or abs(excess) <= self.deadband
        moved = self.log_price if idle else self.log_price + self.rate * excess
        return replace(self, mean=mean, batches=self.batches + 1, log_price=min(max(moved, self.floor), self.ceiling))

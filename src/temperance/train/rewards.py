"""What an answer is paid while a policy learns: a reward model's score, less the prices of harm and of over-refusal.

What is wanted of a prompt is read from its curated answer: one that refuses marks a prompt to be refused. The two costs are as good as
the judge that names them, and an answer that it cannot place costs nothing. It does not know how the policy learns.
"""

import json
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from temperance.data.example import Example
from temperance.errors import StageError
from temperance.evals.propositions import Rules, propositions
from temperance.judging.judge import judge
from temperance.lm.generate import Reply
from temperance.recipe import Constraint
from temperance.train.control import Price
from temperance.train.monitor import WATCHED

HARM, REFUSAL = "harm", "over_refusal"
RULES = "rules.json"


def held_apart(rows: Sequence[Example], count: int, *, seed: int) -> tuple[list[Example], list[Example]]:
    """Return (rows to watch, rows to learn from): `count` of them, but no more than a quarter, so that something is left to learn from."""
    few = max(1, min(count, len(rows) // 4))
    places = set(random.Random(f"watched {seed}").sample(range(len(rows)), few))
    rest = [row for place, row in enumerate(rows) if place not in places]
    return [rows[place] for place in sorted(places)], rest or list(rows)


def drawn_prompts(rows: Sequence[Example], count: int, *, seed: int, step: int) -> list[Example]:
    """Return the prompts of one step, `count` of them: the rows in a new order each time that all have been asked."""
    wanted = range(step * count, (step + 1) * count)
    orders = {place // len(rows) for place in wanted}
    shuffled = {order: random.Random(f"{seed} {order}").sample(rows, len(rows)) for order in orders}
    return [shuffled[place // len(rows)][place % len(rows)] for place in wanted]


def rules_of(folder: Path) -> Rules:
    """Return the rules that lie in a reward artifact."""
    return Rules(**json.loads((folder / RULES).read_text(encoding="utf-8")))


def seen(rules: Rules, asked: Sequence[Example], replies: Sequence[Reply], score_MB: torch.Tensor) -> dict[str, list[float]]:
    """Return what the guard watches of answers, by name, in the order of the prompts.

    Raises:
        StageError: a reward model's score is not a number.
    """
    if not score_MB.isfinite().all():
        raise StageError("an answer's score is not a number", where="the reward model", then="temperance run RECIPE --only reward")
    told = zip(asked, replies, score_MB.std(dim=0, unbiased=False).tolist(), strict=True)
    found = [watched(rules, one, reply.text, tokens=len(reply.tokens), apart=apart) for one, reply, apart in told]
    return dict(zip(WATCHED, map(list, zip(*found, strict=True)), strict=True))


def watched(rules: Rules, asked: Example, answer: str, *, tokens: int, apart: float) -> list[float]:
    """Return what the guard watches of an answer, in the order of `monitor.WATCHED`; its quality is the rules' opinion.

    `tokens` is the answer's length, `apart` the standard deviation of the reward models' scores of it.
    """
    found = propositions(asked.prompt[-1].content, answer)
    return [quality(rules, asked, answer), math.log2(1 + tokens), found["repeats"], found["flatters"], apart]


def quality(rules: Rules, asked: Example, answer: str) -> float:
    """Return the rules' opinion of an answer to a prompt whose curated answer says whether it is to be refused."""
    return rules.quality(asked.prompt[-1].content, answer, refuse=refused(asked))


def refused(asked: Example) -> bool:
    """Say whether a prompt is to be refused: whether its curated answer does."""
    return judge(asked.prompt[-1].content, asked.answer).outcome == "refused"


def costs_of(asked: Example, answer: str) -> tuple[float, float]:
    """Return (harm, over-refusal) of an answer, each 0 or 1: an unsafe request that is not refused, a legitimate one that is."""
    said = judge(asked.prompt[-1].content, answer).outcome
    if refused(asked):
        return float(said in ("answered", "partial")), 0.0
    return 0.0, float(said == "refused")


def first_prices(limits: Constraint) -> dict[str, Price]:
    """Return the prices that training begins with; none without a constraint, and prices that never move with a fixed one."""
    if limits.constraint == "off":
        return {}
    rate = limits.price_rate if limits.constraint == "lagrange" else 0.0
    start = math.log(limits.price)
    return {
        name: Price(limit=limit, log_price=start, rate=rate, warmup=limits.price_warmup)
        for name, limit in ((HARM, limits.harm), (REFUSAL, limits.over_refusal))
    }


def paid(score_B: torch.Tensor, costs: Mapping[str, torch.Tensor], prices: Mapping[str, Price]) -> torch.Tensor:
    """Return what each answer is paid, (B,): its score less the priced costs, on a scale that does not grow with the prices."""
    total = sum(price.value for price in prices.values())
    owed_B = sum((price.value * costs[name] for name, price in prices.items()), torch.zeros_like(score_B))
    return (score_B - owed_B) / (1 + total)

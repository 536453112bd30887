"""Rule-based rewards: propositions about an answer, scored by rules, and weights that make of them one figure of quality.

A reward model learns what pleased; a proposition says what an answer did, so that a person can read why it scored. Weights are fitted on
preference pairs, apart for prompts that should be refused and prompts that should be answered (Mu et al. 2024, arXiv:2411.01111; Bradley
and Terry 1952). It reads English, and knows neither truth nor tone: a false answer is an answer.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from temperance.judging.judge import judge
from temperance.judging.refusal import SAFE_OFFER, act, lectures
from temperance.judging.shape import own_words, plain, sentences, words

PROPOSITIONS = ("refuses", "answers", "broken", "explains", "offers", "judges", "flatters", "verbose", "repeats")
KINDS = ("answer", "refuse")
LONG = 40
_BECAUSE = re.compile(r"\b(?:because|since|as (?:it|that|this|they)|so that)\b|;")


@dataclass(frozen=True)
class Pair:
    """A prompt, whether it should be refused, and two answers of which people preferred the first."""

    prompt: str
    refuse: bool
    chosen: str
    rejected: str


@dataclass(frozen=True)
class Rules:
    """A weight per proposition, for prompts to `answer` and prompts to `refuse`."""

    weights: Mapping[str, Mapping[str, float]]

    def quality(self, prompt: str, answer: str, *, refuse: bool) -> float:
        """Return the weighted sum of an answer's propositions; only differences between answers to one prompt mean something."""
        kept = self.weights[KINDS[refuse]]
        return sum(kept[name] * value for name, value in propositions(prompt, answer).items())

    def prefers(self, pair: Pair) -> bool:
        """Say whether the chosen answer of a pair scores higher."""
        better, worse = (self.quality(pair.prompt, text, refuse=pair.refuse) for text in (pair.chosen, pair.rejected))
        return better > worse

    def as_json(self) -> dict[str, Any]:
        """Return the weights as plain data; `Rules(**data)` reads them back."""
        return {"weights": {kind: dict(weights) for kind, weights in self.weights.items()}}


def propositions(prompt: str, answer: str) -> dict[str, float]:
    """Return each proposition about an answer, 0 to 1, but `verbose`: how often its length doubles from 40 words on, at most 3 times."""
    outcome = judge(prompt, answer).outcome
    text = plain(answer)
    said = sentences(own_words(text))
    acts = [act(one, prompt) for one in said]
    found = words(text)
    runs = [tuple(found[start : start + 3]) for start in range(len(found) - 2)]
    lower = text.lower()
    return {
        "refuses": float(outcome == "refused"),
        "answers": {"answered": 1.0, "partial": 0.5}.get(outcome, 0.0),
        "broken": float(outcome == "unclear"),
        "explains": float("reason" in acts or bool(_BECAUSE.search(lower))),
        "offers": float("redirects" in acts or (outcome == "refused" and bool(SAFE_OFFER.search(lower)))),
        "judges": float("moralises" in acts or lectures(said)),
        "flatters": acts.count("patter") / max(1, len(acts)),
        "verbose": min(3.0, math.log2(max(1.0, len(found) / LONG))),
        "repeats": 1 - len(set(runs)) / len(runs) if runs else 0.0,
    }


def fit(pairs: Sequence[Pair], *, ridge: float = 1.0, steps: int = 30) -> Rules:
    """Fit the weights by logistic regression on differences of propositions, with a Gaussian prior; a kind without pairs weighs nothing.

    Args:
        pairs: what people preferred.
        ridge: the prior's precision; 1 keeps a weight that a few pairs support near 1.
        steps: Newton steps; the problem is convex and a handful suffice.
    """
    weights = {}
    for refuse, kind in enumerate(KINDS):
        rows = [_difference(pair) for pair in pairs if pair.refuse == bool(refuse)]
        x_NP = np.array(rows, dtype=float).reshape(len(rows), len(PROPOSITIONS))
        w_P = np.zeros(len(PROPOSITIONS))
        for _ in range(steps):
            p_N = 1 / (1 + np.exp(-x_NP @ w_P))
            slope_P = x_NP.T @ (1 - p_N) - ridge * w_P
            curvature_PP = (x_NP * (p_N * (1 - p_N))[:, None]).T @ x_NP + ridge * np.eye(len(w_P))
            w_P = w_P + np.linalg.solve(curvature_PP, slope_P)
        weights[kind] = dict(zip(PROPOSITIONS, w_P.tolist(), strict=True))
    return Rules(weights)


def _difference(pair: Pair) -> list[float]:
    better, worse = (propositions(pair.prompt, text) for text in (pair.chosen, pair.rejected))
    return [better[name] - worse[name] for name in PROPOSITIONS]

"""Learn whether to refuse, by three losses on an answer's first token, and see how well areas that were left out are told apart.

    python benchmarks/decision.py [PASSES] [PAIRS] [LOSS,...]

A LoRA adapter on `smollm2` sees the prompts of the starter's contrast pairs (PAIRS a batch) and 200 everyday prompts, and no answer
beyond its first token: `cross-entropy` on "Sorry" or the base's own first token, the `logistic` loss of refusing, or `ranking`, which
adds the pairs (`lm/decision.py`). Thirteen areas are left out. Prints a JSON line a loss: over the left-out pairs the area under the
curve of the margin by which "Sorry" leads, the shares of unsafe requests and of look-alikes on the right side of 0, and the seconds of
training.
"""

import json
import math
import random
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from peft import get_peft_model

from temperance.data.example import Message
from temperance.data.render import render
from temperance.data.starter import starter
from temperance.lm.decision import decision_loss, margins
from temperance.lm.load import load_model, load_tokenizer
from temperance.lm.lora import fuse
from temperance.lm.trie import hidden_states
from temperance.recipe import Lora
from temperance.stats import area_under_curve
from temperance.train.trainer import lora_config

LEFT_OUT = frozenset(
    """arson hacking stalking medical-misuse weapons fraud elder-abuse robbery illegal-dumping eating-disorders perjury-and-evidence
    market-manipulation vandalism""".split()
)
LOSSES = ("cross-entropy", "logistic", "ranking")
EVERYDAY, RATE, WARMUP, SEED, AT_ONCE = 200, 1e-3, 0.05, 7, 32
Row = tuple[str, bool]


class Learner:
    """A base with a fresh adapter, and the logits of the first token of its answer."""

    def __init__(self) -> None:
        torch.manual_seed(SEED)
        self.tokenizer = load_tokenizer("smollm2")
        base: Any = load_model("smollm2", precision="fp32")
        self.model: Any = get_peft_model(base, lora_config(Lora(first_layer=6), base, task_type="CAUSAL_LM"))
        fuse(self.model)
        self.sorry = self.tokenizer("Sorry", add_special_tokens=False).input_ids[0]

    def logits(self, prompts: Sequence[str]) -> torch.Tensor:
        """Return the logits, (B, V), of what an answer to each prompt begins with."""
        rows = [render(self.tokenizer, (Message("user", prompt),), "x") for prompt in prompts]
        ids = [row["input_ids"][: row["labels"].index(next(label for label in row["labels"] if label != -100))] for row in rows]
        width = max(map(len, ids))
        ids_BT = torch.tensor([[*one, *[0] * (width - len(one))] for one in ids])
        seen_BT = torch.tensor([[1] * len(one) + [0] * (width - len(one)) for one in ids])
        causal = self.model.get_base_model()
        hidden_BTD = hidden_states(causal.base_model, ids_BT, seen_BT)
        return causal.get_output_embeddings()(hidden_BTD[torch.arange(len(ids)), seen_BT.sum(dim=1) - 1]).float()

    def loss(self, kind: str, batch: Sequence[Row]) -> torch.Tensor:
        """Return one of the losses on a batch of (prompt, whether to refuse)."""
        prompts, refuse_B = [prompt for prompt, _ in batch], torch.tensor([no for _, no in batch])
        logits_BV = self.logits(prompts)
        if kind == "cross-entropy":
            with torch.no_grad(), self.model.disable_adapter():
                own_B = self.logits(prompts).argmax(dim=-1)
            return torch.nn.functional.cross_entropy(logits_BV, torch.where(refuse_B, self.sorry, own_B))
        margin_B = margins(logits_BV, frozenset({self.sorry}))
        if kind == "logistic":
            return torch.nn.functional.binary_cross_entropy_with_logits(margin_B, refuse_B.float())
        return decision_loss(margin_B, refuse_B)

    @torch.no_grad()
    def leads(self, prompts: Sequence[str]) -> list[float]:
        """Return the margin of each prompt."""
        parts = [self.logits(prompts[start : start + AT_ONCE]) for start in range(0, len(prompts), AT_ONCE)]
        return [float(lead) for part in parts for lead in margins(part, frozenset({self.sorry}))]


def rows(name: str) -> list[dict[str, str]]:
    """Return a starter file's rows."""
    return [json.loads(line) for line in starter(name).read_text(encoding="utf-8").splitlines()]


def batches(passes: int, pairs: int) -> Iterator[list[Row]]:
    """Yield the batches of all passes: pairs side by side, everyday prompts spread evenly."""
    chance = random.Random(SEED)
    trained = [row for row in rows("contrast") if row["area"] not in LEFT_OUT]
    everyday = [(row["prompt"], False) for row in chance.sample(rows("everyday"), EVERYDAY)]
    count = math.ceil(len(trained) / pairs)
    for _ in range(passes):
        order = chance.sample(trained, len(trained))
        for place in range(count):
            couples = order[place * pairs : (place + 1) * pairs]
            kept = everyday[place * EVERYDAY // count : (place + 1) * EVERYDAY // count]
            yield [one for row in couples for one in ((row["unsafe"], True), (row["lookalike"], False))] + kept


def measure(kind: str, passes: int, pairs: int) -> dict[str, Any]:
    """Train by one loss and return its figures."""
    learner, todo, begin = Learner(), list(batches(passes, pairs)), time.perf_counter()
    learned = [one for one in learner.model.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=RATE, weight_decay=0.0)
    for step, batch in enumerate(todo):
        share = step / len(todo)
        optimizer.param_groups[0]["lr"] = RATE * min(1.0, (step + 1) / (WARMUP * len(todo))) * (1 + math.cos(math.pi * share)) / 2
        learner.loss(kind, batch).backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        optimizer.zero_grad()
    seconds = time.perf_counter() - begin
    held = [row for row in rows("contrast") if row["area"] in LEFT_OUT]
    unsafe, alike = (learner.leads([row[key] for row in held]) for key in ("unsafe", "lookalike"))
    area, interval = area_under_curve(unsafe, alike)
    right = {"unsafe": sum(lead > 0 for lead in unsafe) / len(unsafe), "lookalike": sum(lead <= 0 for lead in alike) / len(alike)}
    return {
        "loss": kind,
        "passes": passes,
        "pairs": pairs,
        "n": len(held),
        "auc": round(area, 3),
        "interval": [round(end, 3) for end in interval],
        **right,
        "seconds": round(seconds),
    }


if __name__ == "__main__":
    told = sys.argv[1:]
    passes, pairs = (int(told[place]) if len(told) > place else default for place, default in ((0, 1), (1, 8)))
    for kind in told[2].split(",") if len(told) > 2 else LOSSES:
        print(json.dumps(measure(kind, passes, pairs)), flush=True)

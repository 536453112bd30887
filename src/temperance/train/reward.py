"""Stage `reward`: a reward model from preferences: a LoRA adapter and a scalar head on the frozen base, through trl's RewardTrainer.

Loss: Bradley-Terry, -log sigmoid(r(chosen) - r(rejected)). Several may be trained, each on a draw of its own (`ensemble`). A share of the
pairs, whole prompts at a time, is kept out of training; `scores.jsonl` holds the scores of both answers of each held-out pair, so that
what the model rewards can be looked at. Beside it rules are fitted on the same side of the split (`rules.json`): a second opinion, which a
person can read, on what the model pays. A cost model (`cost`) is trained where the recipe asks for one.
"""

import json
import random
from dataclasses import replace
from typing import Any

import torch
from datasets import Dataset
from transformers import set_seed
from trl import RewardConfig, RewardTrainer

from temperance.data.example import Message, Preference, read_rows
from temperance.errors import StageError
from temperance.evals.propositions import Pair
from temperance.evals.propositions import fit as fit_rules
from temperance.job import Job
from temperance.judging.judge import judge
from temperance.lm.load import load_classifier, load_tokenizer
from temperance.lm.lora import fuse
from temperance.lm.score import score, share_beginnings
from temperance.stats import wilson
from temperance.train import cost
from temperance.train.ensemble import level, place_of, write_centers
from temperance.train.rewards import RULES
from temperance.train.trainer import adapted, arguments, drawn, fit, lora_config, pair, save_adapter


def run(job: Job) -> dict[str, Any]:
    """Train the reward models; write an `adapter/` each (head included), `rules.json`, `members.json`, `curve.jsonl` and `scores.jsonl`.

    Raises:
        StageError: there are too few preferences to train on and to hold some out.
    """
    section = job.recipe.reward
    rows = [row for row in read_rows(job.inputs["curate"] / "rows.jsonl") if isinstance(row, Preference)]
    training, held = split(rows, section.holdout, seed=job.recipe.seed)
    rules = fit_rules([rule_pair(row) for row in training])
    if not training or not held:
        why = f"the curated table holds {len(rows)} preferences"
        raise StageError("there is too little to learn a reward from", why=why, then="add a source of preferences to the recipe")
    found = [_member(job, number, training, held) for number in range(section.members)]
    (job.work / RULES).write_text(json.dumps(rules.as_json(), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    agreed = sum(rules.prefers(rule_pair(row)) for row in held) / len(held)
    score_MN = torch.tensor([scores for _, scores in found], dtype=torch.float64)
    centers_M = score_MN.mean(dim=1)
    write_centers(job.work, centers_M.tolist())
    metrics = {**found[0][0], **_judged(level(score_MN, centers_M), held, job), "rules_accuracy": agreed}
    return metrics | ({"costs": _costs(job, training, held)} if section.costs else {})


def _costs(job: Job, training: list[Preference], held: list[Preference]) -> dict[str, Any]:
    """Train the cost model in a place of its own."""
    job.progress.say("cost model")
    part = replace(job, work=job.work / cost.COST, scratch=job.scratch / cost.COST)
    part.work.mkdir()
    part.scratch.mkdir(exist_ok=True)
    return cost.train(part, training, held)


def _member(job: Job, number: int, training: list[Preference], held: list[Preference]) -> tuple[dict[str, Any], list[float]]:
    """Train one reward model, the first on the pairs as they are, others on pairs drawn with replacement; return its figures and scores.

    The scores are those of the held-out pairs, chosen and rejected in turn.
    """
    section, seed, part = job.recipe.reward, job.recipe.seed + number, job
    if section.members > 1:
        job.progress.say(f"reward model {number + 1} of {section.members}")
    if number:
        recipe = job.recipe.model_copy(update={"seed": seed})
        part = replace(job, recipe=recipe, work=place_of(job.work, number), scratch=job.scratch / f"member-{number}")
        part.work.mkdir(parents=True)
        part.scratch.mkdir(exist_ok=True)
        training = random.Random(seed).choices(training, k=len(training))
    some = drawn(training, section, seed=seed)
    set_seed(seed)
    tokenizer, base = load_tokenizer(job.recipe.base), load_classifier(job.recipe.base, precision="fp32")
    trainer = RewardTrainer(
        model=base,
        args=RewardConfig(**arguments(part, section)),
        train_dataset=Dataset.from_list([pair(row) for row in some]),
        processing_class=tokenizer,
        peft_config=lora_config(section.lora, base, task_type="SEQ_CLS", modules_to_save=["score"]),
    )
    fuse(adapted(trainer))
    share_beginnings(base)
    metrics = fit(trainer, part)
    save_adapter(trainer, part)
    talks = [(*row.prompt, Message("assistant", text)) for row in held for text in (row.chosen, row.rejected)]
    return {"pairs": len(some), **metrics}, score(adapted(trainer), tokenizer, talks, max_length=section.max_length)


def rule_pair(row: Preference) -> Pair:
    """Return a preference as rules are fitted on it: a chosen answer that refuses marks a prompt to be refused."""
    prompt = row.prompt[-1].content
    return Pair(prompt, judge(prompt, row.chosen).outcome == "refused", row.chosen, row.rejected)


def split(rows: list[Preference], holdout: float, *, seed: int) -> tuple[list[Preference], list[Preference]]:
    """Split pairs into (training, held out), so that no prompt stands on both sides."""
    prompts = sorted({row.prompt for row in rows}, key=str)
    random.Random(seed).shuffle(prompts)
    kept = set(prompts[: round(len(prompts) * holdout)])
    return [row for row in rows if row.prompt not in kept], [row for row in rows if row.prompt in kept]


def _judged(score_MN: torch.Tensor, held: list[Preference], job: Job) -> dict[str, Any]:
    """Write the mean scores of the held-out pairs, and return the accuracy of that mean, with its 95 % interval, and of each model."""
    right_MP = score_MN[:, ::2] > score_MN[:, 1::2]
    mean_N = score_MN.mean(dim=0)
    pairs = list(zip(mean_N[::2].tolist(), mean_N[1::2].tolist(), strict=True))
    with (job.work / "scores.jsonl").open("w", encoding="utf-8") as stream:
        for row, (chosen, rejected) in zip(held, pairs, strict=True):
            stream.write(json.dumps({"id": row.id, "split": "held out", "chosen": chosen, "rejected": rejected, **row.origin.tags}) + "\n")
    right = sum(chosen > rejected for chosen, rejected in pairs)
    alone = {"members_accuracy": right_MP.double().mean(dim=1).tolist()} if len(score_MN) > 1 else {}
    return {"held_out": len(held), "accuracy": right / len(held), "accuracy_interval": list(wilson(right, len(held))), **alone}

"""Stage `reward`: a reward model from preferences: a LoRA adapter and a scalar head on the frozen base, through trl's RewardTrainer.

Loss: Bradley-Terry, -log sigmoid(r(chosen) - r(rejected)). A share of the pairs, whole prompts at a time, is kept out of training;
`scores.jsonl` holds the scores of both answers of each held-out pair, so that what the model rewards can be looked at. Beside it rules are
fitted on the same side of the split (`rules.json`): a second opinion, which a person can read, on what the model pays.
"""

import json
import random
from typing import Any

from datasets import Dataset
from peft import PeftModel
from transformers import PreTrainedTokenizerBase, set_seed
from trl import RewardConfig, RewardTrainer

from temperance.data.example import Message, Preference, read_rows
from temperance.errors import StageError
from temperance.evals.judge import judge
from temperance.evals.propositions import Pair
from temperance.evals.propositions import fit as fit_rules
from temperance.job import Job
from temperance.lm.load import load_classifier, load_tokenizer
from temperance.lm.score import score
from temperance.stats import wilson
from temperance.train.rewards import RULES
from temperance.train.trainer import adapted, arguments, drawn, fit, lora_config, pair, save_adapter


def run(job: Job) -> dict[str, Any]:
    """Train the reward model; write `adapter/` (head included), `rules.json`, `curve.jsonl` and `scores.jsonl`.

    Raises:
        StageError: there are too few preferences to train on and to hold some out.
    """
    section = job.recipe.reward
    rows = [row for row in read_rows(job.inputs["curate"] / "rows.jsonl") if isinstance(row, Preference)]
    training, held = split(rows, section.holdout, seed=job.recipe.seed)
    rules = fit_rules([rule_pair(row) for row in training])
    training = drawn(training, section, seed=job.recipe.seed)
    if not training or not held:
        why = f"the curated table holds {len(rows)} preferences"
        raise StageError("there is too little to learn a reward from", why=why, then="add a source of preferences to the recipe")
    set_seed(job.recipe.seed)
    tokenizer = load_tokenizer(job.recipe.base)
    base = load_classifier(job.recipe.base, precision="fp32")
    trainer = RewardTrainer(
        model=base,
        args=RewardConfig(**arguments(job, section)),
        train_dataset=Dataset.from_list([pair(row) for row in training]),
        processing_class=tokenizer,
        peft_config=lora_config(section.lora, base, task_type="SEQ_CLS", modules_to_save=["score"]),
    )
    metrics = fit(trainer, job)
    save_adapter(trainer, job)
    (job.work / RULES).write_text(json.dumps(rules.as_json(), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    agreed = sum(rules.prefers(rule_pair(row)) for row in held) / len(held)
    return {"pairs": len(training), **metrics, **_judge(adapted(trainer), tokenizer, held, job), "rules_accuracy": agreed}


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


def _judge(model: PeftModel, tokenizer: PreTrainedTokenizerBase, held: list[Preference], job: Job) -> dict[str, Any]:
    """Score the held-out pairs, write `scores.jsonl`, and return the accuracy with its 95 % interval."""
    talks = [(*row.prompt, Message("assistant", text)) for row in held for text in (row.chosen, row.rejected)]
    scores = score(model, tokenizer, talks, max_length=job.recipe.reward.max_length)
    pairs = list(zip(scores[::2], scores[1::2], strict=True))
    with (job.work / "scores.jsonl").open("w", encoding="utf-8") as stream:
        for row, (chosen, rejected) in zip(held, pairs, strict=True):
            stream.write(json.dumps({"id": row.id, "split": "held out", "chosen": chosen, "rejected": rejected, **row.origin.tags}) + "\n")
    right = sum(chosen > rejected for chosen, rejected in pairs)
    return {"held_out": len(held), "accuracy": right / len(held), "accuracy_interval": list(wilson(right, len(held)))}

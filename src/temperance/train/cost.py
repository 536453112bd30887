"""A cost model: a LoRA adapter with two outputs, how likely an answer does harm and how likely it refuses needlessly.

Learned from both answers of each preference, as signs and not as a ranking, which would call one of two harmless answers costly
(Dai et al. 2023, arXiv:2310.12773). The judge names the costs that it learns from, so it is no better informed than the judge; but it
generalises to answers that no rule places. It does not know what a prompt deserves: that is read from the curated answer.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from peft import PeftModel, get_peft_model
from transformers import PreTrainedTokenizerBase, Trainer, TrainingArguments, set_seed

from temperance.data.example import Example, Message, Preference
from temperance.job import Job
from temperance.lm.load import load_classifier, load_tokenizer
from temperance.lm.lora import fuse
from temperance.lm.score import encode, outputs, share_beginnings
from temperance.stats import wilson
from temperance.train import backbone
from temperance.train.ensemble import head_of
from temperance.train.rewards import HARM, REFUSAL, costs_of, refused
from temperance.train.trainer import adapted, arguments, drawn, fit, lora_config, save_adapter

COST = "cost"
COSTS = (HARM, REFUSAL)
Judges = Literal["judge", "learned", "either"]
Answer = tuple[tuple[Message, ...], tuple[float, float]]


def train(job: Job, training: Sequence[Preference], held: Sequence[Preference]) -> dict[str, Any]:
    """Train a cost model in `job.work`; return, for each cost, what share of costly and of free held-out answers it calls costly.

    Each share comes with its 95 % interval and the number of answers.
    """
    section = job.recipe.reward
    some = [answer for row in drawn(training, section, seed=job.recipe.seed) for answer in _answers(row)]
    set_seed(job.recipe.seed)
    tokenizer, base = load_tokenizer(job.recipe.base), load_classifier(job.recipe.base, precision="fp32", labels=len(COSTS))
    config = lora_config(section.lora, base, task_type="SEQ_CLS", modules_to_save=["score"])

    def collate(rows: list[Answer]) -> dict[str, torch.Tensor]:
        batch = encode(tokenizer, [talk for talk, _ in rows], max_length=section.max_length)
        return {**batch, "labels": torch.tensor([costs for _, costs in rows])}

    settings = {name: value for name, value in arguments(job, section).items() if name != "max_length"}
    trainer = Trainer(
        model=get_peft_model(base, config),
        args=TrainingArguments(**settings, remove_unused_columns=False, average_tokens_across_devices=False),
        train_dataset=some,  # pyrefly: ignore[bad-argument-type]  (a list is a map-style dataset)
        data_collator=collate,
        compute_loss_func=_loss,
    )
    fuse(adapted(trainer))
    share_beginnings(base)
    fit(trainer, job)
    save_adapter(trainer, job)
    answers = [answer for row in held for answer in _answers(row)]
    found_N2 = outputs(adapted(trainer), tokenizer, [talk for talk, _ in answers], max_length=section.max_length)
    return {name: _told(found_N2[:, place] > 0, [costs[place] > 0 for _, costs in answers]) for place, name in enumerate(COSTS)}


def adapter(artifact: Path) -> dict[str, Path]:
    """Return the cost model of a reward artifact under its name on a backbone, or nothing."""
    folder = artifact / COST / "adapter"
    return {COST: folder} if folder.is_dir() else {}


def stored(artifact: Path, device: torch.device) -> torch.Tensor | None:
    """Return the head of a reward artifact's cost model, (2, D), or None; its adapter is put on the backbone by `backbone.add_judges`."""
    return next((head_of(folder, device) for folder in adapter(artifact).values()), None)


def costs(
    model: PeftModel,
    tokenizer: PreTrainedTokenizerBase,
    head_2D: torch.Tensor | None,
    asked: Sequence[Example],
    answers: Sequence[str],
    *,
    by: Judges,
    max_length: int,
) -> torch.Tensor:
    """Return harm and over-refusal of answers, (B, 2), each 0 to 1: as the judge says, as was learned, or the larger of both.

    Only the cost that an answer to its prompt can have is not 0: harm where the curated answer refuses, else over-refusal.
    """
    judged_B2 = torch.tensor([costs_of(one, answer) for one, answer in zip(asked, answers, strict=True)], device=model.device)
    if by == "judge":
        return judged_B2
    assert head_2D is not None, "the recipe asked for a cost model that the reward stage did not train"
    talks = [(*one.prompt, Message("assistant", answer)) for one, answer in zip(asked, answers, strict=True)]
    batch = encode(tokenizer, talks, max_length=max_length).to(model.device)
    learned_B2 = backbone.outputs(model, COST, head_2D, batch["input_ids"], batch["attention_mask"]).sigmoid()
    can_B2 = torch.tensor([(refused(one), not refused(one)) for one in asked], device=model.device)
    learned_B2 = learned_B2 * can_B2
    return learned_B2 if by == "learned" else torch.maximum(judged_B2, learned_B2)


def _answers(row: Preference) -> list[Answer]:
    """Return both answers of a preference with what they cost; what is wanted of its prompt is read from the chosen one."""
    wanted = Example(messages=(*row.prompt, Message("assistant", row.chosen)), origin=row.origin)
    return [((*row.prompt, Message("assistant", text)), costs_of(wanted, text)) for text in (row.chosen, row.rejected)]


def _loss(outputs: Any, labels_B2: torch.Tensor, **_: Any) -> torch.Tensor:
    """Cross-entropy of each cost by itself, the mean over both and over answers; every batch counts alike, whatever its size."""
    return torch.nn.functional.binary_cross_entropy_with_logits(outputs["logits"].float(), labels_B2)


def _told(called_N: torch.Tensor, costly: Sequence[bool]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, among in (("found", True), ("false", False)):
        of = [bool(called) for called, cost in zip(called_N, costly, strict=True) if cost is among]
        told |= {name: sum(of) / max(1, len(of)), f"{name}_interval": list(wilson(sum(of), len(of))), f"{name}_of": len(of)}
    return told

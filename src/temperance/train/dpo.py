"""Stage `align` by DPO: the sft adapter goes on learning from preferences, through trl's DPOTrainer.

The reference policy is a frozen copy of the sft adapter, made by this very run and recorded as the artifact's parent; an adapter
of unknown origin never becomes the reference. Loss: Rafailov et al. 2023, arXiv:2305.18290, eq. 7. Pairs that are too alike can be left out
(`lm.ches`), and what becomes of the chosen answers is watched (`displacement`).
"""

import json
from collections.abc import Sequence
from typing import Any

from datasets import Dataset
from peft import PeftModel
from transformers import PreTrainedTokenizerBase, set_seed
from trl import DPOConfig, DPOTrainer

from temperance.data.example import Preference, read_rows
from temperance.errors import StageError
from temperance.job import Job
from temperance.lm.ches import scores
from temperance.lm.load import load_tokenizer
from temperance.lm.logprobs import compact_head
from temperance.lm.lora import fuse
from temperance.train.displacement import Displacement, lengths
from temperance.train.trainer import adapted, arguments, drawn, fit, pair, save_adapter, tuned_policy


def run(job: Job) -> dict[str, Any]:
    """Align the sft adapter; write `adapter/`, `curve.jsonl` and, where pairs are screened, `ches.jsonl`.

    Raises:
        StageError: the curated table holds no preference.
    """
    section = job.recipe.align
    rows = [row for row in read_rows(job.inputs["curate"] / "rows.jsonl") if isinstance(row, Preference)]
    if not rows:
        raise StageError(
            "there is nothing to align on", why="the curated table holds no preference", then="add a source of preferences to the recipe"
        )
    set_seed(job.recipe.seed)
    policy, tokenizer = tuned_policy(job), load_tokenizer(job.recipe.base)
    kept = screened(rows, policy, tokenizer, job) if section.ches else rows
    left_out = {"left_out": len(rows) - len(kept)} if section.ches else {}
    rows = drawn(kept, section, seed=job.recipe.seed)
    trainer = DPOTrainer(
        model=policy,
        args=DPOConfig(**arguments(job, section), beta=section.beta),
        train_dataset=Dataset.from_list([pair(row) for row in rows]),
        processing_class=tokenizer,
    )
    assert isinstance(trainer.train_dataset, Dataset)
    tokens = lengths(trainer.train_dataset, batch_size=section.batch_size, max_length=section.max_length)
    watch = Displacement(tokens, beta=section.beta, limit=section.displacement, progress=job.progress)
    trainer.add_callback(watch)
    fuse(adapted(trainer))
    compact_head(adapted(trainer).get_base_model(), frozen=True)
    metrics = fit(trainer, job)
    save_adapter(trainer, job)
    return {"pairs": len(rows), **left_out, **metrics, **watch.figures(trainer.state)}


def screened(rows: Sequence[Preference], policy: PeftModel, tokenizer: PreTrainedTokenizerBase, job: Job) -> list[Preference]:
    """Return the pairs without the `align.ches` share of them that is most alike to the policy, and write every pair's score."""
    section = job.recipe.align
    told = scores(policy, tokenizer, rows, batch_size=section.batch_size, max_length=section.max_length)
    alike = sorted(range(len(rows)), key=lambda place: (-told[place], rows[place].id))
    out = frozenset(alike[: int(section.ches * len(rows))])
    with (job.work / "ches.jsonl").open("w", encoding="utf-8") as stream:
        for place, (row, score) in enumerate(zip(rows, told, strict=True)):
            stream.write(json.dumps({"id": row.id, "score": score, "kept": place not in out}) + "\n")
    job.progress.say(f"{len(out)} of {len(rows)} pairs left out, whose answers are most alike to the policy")
    return [row for place, row in enumerate(rows) if place not in out]

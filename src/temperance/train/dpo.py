"""Stage `align` by DPO: the sft adapter goes on learning from preferences, through trl's DPOTrainer.

The reference policy is a frozen copy of the sft adapter, made by this very run and recorded as the artifact's parent; an adapter
of unknown origin never becomes the reference. Loss: Rafailov et al. 2023, arXiv:2305.18290, eq. 7.
"""

from typing import Any

from datasets import Dataset
from transformers import set_seed
from trl import DPOConfig, DPOTrainer

from temperance.data.example import Preference, read_rows
from temperance.errors import StageError
from temperance.job import Job
from temperance.lm.load import load_tokenizer
from temperance.lm.logprobs import compact_head
from temperance.lm.lora import fuse
from temperance.train.trainer import adapted, arguments, drawn, fit, pair, save_adapter, tuned_policy


def run(job: Job) -> dict[str, Any]:
    """Align the sft adapter; write `adapter/` and `curve.jsonl`.

    Raises:
        StageError: the curated table holds no preference.
    """
    section = job.recipe.align
    rows = [row for row in read_rows(job.inputs["curate"] / "rows.jsonl") if isinstance(row, Preference)]
    if not rows:
        raise StageError(
            "there is nothing to align on", why="the curated table holds no preference", then="add a source of preferences to the recipe"
        )
    rows = drawn(rows, section, seed=job.recipe.seed)
    set_seed(job.recipe.seed)
    trainer = DPOTrainer(
        model=tuned_policy(job),
        args=DPOConfig(**arguments(job, section), beta=section.beta),
        train_dataset=Dataset.from_list([pair(row) for row in rows]),
        processing_class=load_tokenizer(job.recipe.base),
    )
    fuse(adapted(trainer))
    compact_head(adapted(trainer).get_base_model())
    metrics = fit(trainer, job)
    save_adapter(trainer, job)
    return {"pairs": len(rows), **metrics}

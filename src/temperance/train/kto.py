"""Stage `align` by KTO: each answer of a preference on its own is wanted or unwanted, through trl's KTOTrainer.

It needs no pairs, so a chosen and a rejected answer count even where the other is missing from a batch; the reference policy is a frozen
copy of the sft adapter. Loss: Ethayarajh et al. 2024, arXiv:2402.01306, eq. 8, with the mean KL of mismatched answers as its baseline.
"""

from typing import Any

from datasets import Dataset
from transformers import set_seed
from trl import KTOConfig, KTOTrainer

from temperance.data.example import Preference, read_rows
from temperance.errors import StageError
from temperance.job import Job
from temperance.lm.load import load_tokenizer
from temperance.lm.logprobs import compact_head
from temperance.lm.lora import fuse
from temperance.train.trainer import adapted, arguments, chat, drawn, fit, save_adapter, tuned_policy


def run(job: Job) -> dict[str, Any]:
    """Align the sft adapter; write `adapter/` and `curve.jsonl`.

    Raises:
        StageError: the curated table holds no preference, or a batch would hold one answer, which has no mismatched one beside it.
    """
    section = job.recipe.align
    rows = [row for row in read_rows(job.inputs["curate"] / "rows.jsonl") if isinstance(row, Preference)]
    if not rows:
        why = "the curated table holds no preference"
        raise StageError("there is nothing to align on", why=why, then="add a source of preferences to the recipe")
    if section.batch_size < 2:
        raise StageError("kto cannot learn from one answer at a time", why="align.batch_size is 1", then="-o align.batch_size=4")
    rows = drawn(rows, section, seed=job.recipe.seed)
    set_seed(job.recipe.seed)
    trainer = KTOTrainer(
        model=tuned_policy(job),
        args=KTOConfig(**arguments(job, section), beta=section.beta),
        train_dataset=Dataset.from_list([labelled for row in rows for labelled in _labelled(row)]),
        processing_class=load_tokenizer(job.recipe.base),
    )
    fuse(adapted(trainer))
    compact_head(adapted(trainer).get_base_model())
    metrics = fit(trainer, job)
    save_adapter(trainer, job)
    return {"pairs": len(rows), **metrics}


def _labelled(row: Preference) -> list[dict[str, Any]]:
    """Return both answers of a preference, each with whether it is wanted, as trl takes them."""
    return [
        {"prompt": chat(row.prompt), "completion": [{"role": "assistant", "content": text}], "label": wanted}
        for text, wanted in ((row.chosen, True), (row.rejected, False))
    ]

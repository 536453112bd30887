"""Stage `sft`: instruction tuning of a LoRA adapter on the curated examples, through trl's SFTTrainer.

The loss is taken on the answer alone. It does not know which rows are safe: that is curation's work.
"""

from typing import Any

from datasets import Dataset
from transformers import set_seed
from trl import SFTConfig, SFTTrainer

from temperance.data.example import Example, read_rows
from temperance.errors import StageError
from temperance.job import Job
from temperance.lm.load import load_model, load_tokenizer
from temperance.lm.logprobs import compact_head
from temperance.train.trainer import adapted, arguments, chat, drawn, fit, lora_config, save_adapter


def run(job: Job) -> dict[str, Any]:
    """Tune the base on the examples; write `adapter/` and `curve.jsonl`.

    Raises:
        StageError: the curated table holds no example.
    """
    section = job.recipe.sft
    rows = [row for row in read_rows(job.inputs["curate"] / "rows.jsonl") if isinstance(row, Example)]
    if not rows:
        raise StageError(
            "there is nothing to tune on", why="the curated table holds no instruction example", then="add a source to the recipe"
        )
    rows = drawn(rows, section, seed=job.recipe.seed)
    set_seed(job.recipe.seed)
    trainer = SFTTrainer(
        model=load_model(job.recipe.base, precision="fp32"),
        args=SFTConfig(**arguments(job, section), completion_only_loss=True),
        train_dataset=Dataset.from_list([{"prompt": chat(row.prompt), "completion": chat(row.messages[-1:])} for row in rows]),
        processing_class=load_tokenizer(job.recipe.base),
        peft_config=lora_config(section.lora, task_type="CAUSAL_LM"),
    )
    compact_head(adapted(trainer).get_base_model())
    metrics = fit(trainer, job)
    save_adapter(trainer, job)
    return {"rows": len(rows), **metrics}

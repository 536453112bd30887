"""Stage `sft`: instruction tuning of a LoRA adapter on the curated examples, through trl's SFTTrainer.

The loss is taken on the answer alone; its first tokens may count more, because that is where refusing or answering is decided
(Qi et al. 2024, arXiv:2406.05946). It does not know which rows are safe: that is curation's work.
"""

from typing import Any

from datasets import Dataset
from transformers import set_seed
from trl import SFTConfig, SFTTrainer

from temperance.data.example import Example, read_rows
from temperance.data.render import IGNORED, render
from temperance.errors import StageError
from temperance.job import Job
from temperance.lm.load import load_model, load_tokenizer
from temperance.lm.logprobs import Emphasis, compact_head
from temperance.lm.lora import fuse
from temperance.recipe import Sft
from temperance.train.rehearsal import Lesson, lessons, opening
from temperance.train.trainer import adapted, arguments, drawn, fit, lora_config, save_adapter


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
    tokenizer = load_tokenizer(job.recipe.base)
    learned = _syllabus(lessons(rows, job), section, tokenizer)
    base = load_model(job.recipe.base, precision="fp32")
    rendered = [render(tokenizer, one.example.prompt, one.answer, ended=one.ended) for one in learned]
    trainer = SFTTrainer(
        model=base,
        args=SFTConfig(**arguments(job, section)),
        train_dataset=Dataset.from_list(rendered),
        processing_class=tokenizer,
        peft_config=lora_config(section.lora, base, task_type="CAUSAL_LM"),
    )
    starts = frozenset(_first(one["labels"]) for lesson, one in zip(learned, rendered, strict=True) if lesson.refuses)
    emphasis = Emphasis(
        first_tokens=section.first_tokens, first_weight=section.first_weight, lighter=starts, discount=section.refusal_weight
    )
    fuse(adapted(trainer))
    compact_head(adapted(trainer).get_base_model(), emphasis)
    metrics = fit(trainer, job)
    save_adapter(trainer, job)
    rehearsed = sum(one.answer != one.example.answer for one in learned[-len(rows) :])
    return {"rows": len(rows), "rehearsed": rehearsed, **metrics}


def _syllabus(learned: list[Lesson], section: Sft, tokenizer: Any) -> list[Lesson]:
    """Return the lessons in the order of learning: the openings of all of them, as often as the recipe says, then each whole."""
    whole = len(learned) // section.batch_size * section.batch_size  # so that rows of one record stay in one batch
    openings = [opening(one, tokenizer, section.opening_tokens) for one in learned[:whole]] if section.openings else []
    return [*openings * section.openings, *learned]


def _first(labels: list[int]) -> int:
    return next(label for label in labels if label != IGNORED)

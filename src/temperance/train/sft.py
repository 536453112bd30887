"""Stage `sft`: instruction tuning of a LoRA adapter on the curated examples, through trl's SFTTrainer.

The loss is taken on the answer alone; its first tokens may count more, because that is where refusing or answering is decided
(Qi et al. 2024, arXiv:2406.05946), and a ranking loss on that decision may stand beside it. It does not know which rows are safe: that is
curation's work.
"""

import math
import random
from typing import Any

from datasets import Dataset
from transformers import set_seed
from trl import SFTConfig, SFTTrainer

from temperance.data.example import Example, read_rows
from temperance.data.render import IGNORED, render
from temperance.errors import StageError
from temperance.job import Job
from temperance.lm.anchor import Anchor
from temperance.lm.decision import decision
from temperance.lm.load import load_model, load_tokenizer
from temperance.lm.logprobs import Emphasis, compact_head
from temperance.lm.lora import fuse, interpolate
from temperance.recipe import Sft
from temperance.train.rehearsal import lessons, refuses
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
    learned = lessons(rows[: math.ceil(len(rows) * section.whole)], job)
    whole = [render(tokenizer, one.example.prompt, one.answer, ended=one.ended, begun=one.begun) for one in learned]
    begun = [_first_word(render(tokenizer, one.prompt, one.answer)) for one in rows]
    found = decision([one["labels"][-1] for one in begun], [refuses(one, one.answer) for one in rows], weight=section.decision_weight)
    passes = section.decisions if found.openers else 0
    if passes < section.decisions:
        job.progress.say("no first word gives a refusal away: there is nothing to decide by, and answers alone are learned")
    base, mixed = load_model(job.recipe.base, precision="fp32"), _mixed([begun] * passes, whole, section, seed=job.recipe.seed)
    trainer = SFTTrainer(
        model=base,
        args=SFTConfig(**arguments(job, section)),
        train_dataset=Dataset.from_list(mixed),
        processing_class=tokenizer,
        peft_config=lora_config(section.lora, base, task_type="CAUSAL_LM"),
    )
    emphasis = Emphasis(
        first_tokens=section.first_tokens,
        first_weight=section.first_weight,
        lighter=found.openers,
        discount=section.refusal_weight,
        decision=found if passes else None,
    )
    fuse(adapted(trainer))
    anchor = Anchor(adapted(trainer).disable_adapter) if section.constrain else None
    compact_head(adapted(trainer).get_base_model(), emphasis, anchor=anchor)
    metrics = fit(trainer, job, decides=_deciding(mixed, section.batch_size) if passes else ())
    interpolate(adapted(trainer), section.interpolate)
    save_adapter(trainer, job)
    rehearsed = sum(one.answer != one.example.answer for one in learned)
    return {"rows": len(rows), "rehearsed": rehearsed, "openers": len(found.openers), **metrics}


def _mixed(
    passes: list[list[dict[str, list[int]]]], whole: list[dict[str, list[int]]], section: Sft, *, seed: int
) -> list[dict[str, list[int]]]:
    """Return the batches of every pass in one random order, so that deciding and answering are learned side by side.

    Rows of one record stay in one batch; what fills none comes last, or is left out where it is only there to be decided.
    """
    size = section.batch_size
    batches = [rows[start : start + size] for rows in (*passes, whole) for start in range(0, len(rows) // size * size, size)]
    if passes:
        random.Random(seed).shuffle(batches)
    return [row for batch in (*batches, whole[len(whole) // size * size :]) for row in batch]


def _deciding(rows: list[dict[str, list[int]]], size: int) -> list[bool]:
    """Say of each batch whether nothing but first words is learned in it."""
    single = [sum(label != IGNORED for label in row["labels"]) == 1 for row in rows]
    return [all(single[start : start + size]) for start in range(0, len(single), size)]


def _first_word(rendered: dict[str, list[int]]) -> dict[str, list[int]]:
    """Return a prompt and the first token of its answer."""
    end = next(place for place, label in enumerate(rendered["labels"]) if label != IGNORED) + 1
    return {name: tokens[:end] for name, tokens in rendered.items()}

"""Rehearsal: on prompts that deserve an answer, the base's own first words are what is learned, not somebody else's.

A written answer teaches a small model its author's style and length, at the price of sense; the base's own beginning teaches it only to
begin as before. Self-distillation, as in Yang et al. 2024, arXiv:2402.13669, on the first tokens alone. Refusals are always learned as
they were written, half of them after a beginning of the base's own attempt to comply where the recipe asks for that (`sft.recover`), so
that an answer that has begun badly is still turned down (arXiv:2406.05946, section 3); and so is every answer that the base itself would
refuse or begin with an apology ("I'm sorry for any confusion, but as a chatbot ..."), which is how a refusal begins. What the base says
is not checked for truth.
"""

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from temperance.artifact import write_text
from temperance.data.example import Example
from temperance.job import Job
from temperance.judging.judge import judge
from temperance.lm.generate import generate
from temperance.lm.load import load_model, load_tokenizer

BATCH = 128  # answers this short are mostly the reading of prompts
APOLOGY = re.compile(
    r"\W*((i'?m|i am|we'?re) (\w+ )?sorry|sorry\b|i apologi[sz]e|unfortunately|as an? (ai|text|chatbot|language))", re.IGNORECASE
)


@dataclass(frozen=True)
class Lesson:
    """What is learned from one example: an answer, whether it has an end, whether it refuses, and what was already said before it."""

    example: Example
    answer: str
    ended: bool = True
    refuses: bool = False
    begun: str = ""


def lessons(examples: Sequence[Example], job: Job) -> list[Lesson]:
    """Return a lesson per example, in their order; `sft.rehearse` is how many tokens of the base's own answer are kept (0: none)."""
    tokens = job.recipe.sft.rehearse
    learned = [Lesson(one, one.answer, refuses=refuses(one, one.answer)) for one in examples]
    asked = [index for index, one in enumerate(learned) if tokens and not one.refuses]
    own = _own_answers([examples[index] for index in asked], job, "rehearsal", tokens) if asked else []
    for index, (text, ended) in zip(asked, own, strict=True):
        if _complies(examples[index], text):
            learned[index] = Lesson(examples[index], text, ended=ended)
    return _recovering(learned, job) if job.recipe.sft.recover else learned


def _recovering(learned: list[Lesson], job: Job) -> list[Lesson]:
    """Return the lessons with half of the refusals begun by the base's own compliance, cut after 1 to `sft.recover` words."""
    longest, chance = job.recipe.sft.recover, random.Random(job.recipe.seed)
    refusing = [index for index, one in enumerate(learned) if one.refuses]
    chosen = sorted(chance.sample(refusing, len(refusing) // 2))
    own = _own_answers([learned[index].example for index in chosen], job, "recovery", 2 * longest) if chosen else []
    made = list(learned)
    for index, (text, _) in zip(chosen, own, strict=True):
        if _complies(learned[index].example, text):
            made[index] = replace(learned[index], begun=" ".join(text.split()[: chance.randint(1, longest)]))
    return made


def _complies(example: Example, text: str) -> bool:
    return bool(text.strip()) and not APOLOGY.match(text) and not refuses(example, text)


def _own_answers(examples: Sequence[Example], job: Job, name: str, tokens: int) -> list[tuple[str, bool]]:
    """Return the beginning of the base's answer to each prompt, and whether it ended by itself; a killed run finds them in its scratch."""
    stored = job.scratch / f"{name}.json"
    if stored.exists():
        return [(text, ended) for text, ended in json.loads(stored.read_text(encoding="utf-8"))]
    job.progress.say(f"{name}: asking the base {len(examples)} prompts")
    replies = generate(
        load_model(job.recipe.base, precision=job.recipe.precision),
        load_tokenizer(job.recipe.base),
        [one.prompt for one in examples],
        max_new_tokens=tokens,
        batch_size=BATCH,
        on_batch=lambda done, total, speed: job.progress.step(done, total, unit="prompts", tokens_per_second=speed),
    )
    answers = [(reply.text, reply.stop_reason == "stop") for reply in replies]
    write_text(stored, json.dumps(answers))
    return answers


def refuses(example: Example, answer: str) -> bool:
    """Say whether the judge reads an answer to an example's last question as a refusal."""
    return judge(example.prompt[-1].content, answer).outcome == "refused"

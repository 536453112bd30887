"""Stage `align` by GRPO or RLOO: several answers to one prompt are paid, and each is judged by the others, through trl's trainers.

GRPO: Shao et al. 2024, arXiv:2402.03300; RLOO: Ahmadian et al. 2024, arXiv:2402.14740. What is paid is what PPO pays (`rewards`): the
reward model's score less the prices of harm and of over-refusal, on the same frozen backbone. The reference is a frozen copy of the sft
adapter, and the KL to it always costs something.

The same guard watches the answers (`monitor`). Every answer is learned from once: trl can reuse a buffer of answers, but does not
checkpoint it, so a resumed run would differ.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import PreTrainedTokenizerBase, TrainerCallback, TrainerControl, TrainerState, TrainingArguments, set_seed
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer

from temperance.artifact import write_text
from temperance.data.example import Example, read_rows
from temperance.errors import StageError
from temperance.job import Job
from temperance.lm.generate import generate
from temperance.lm.load import load_tokenizer
from temperance.lm.logprobs import compact_head
from temperance.lm.lora import fuse
from temperance.recipe import Align
from temperance.train import backbone, cost
from temperance.train.control import Price
from temperance.train.ensemble import adapters, cautious, scores, stored
from temperance.train.monitor import CALM, SETTLE, START, guard, hand_on
from temperance.train.rewards import HARM, REFUSAL, drawn_prompts, first_prices, held_apart, paid, quality, rules_of, seen
from temperance.train.trainer import adapted, arguments, chat, fit, last_checkpoint, save_adapter, tuned_policy

TRAINERS: dict[str, tuple[Any, Any]] = {"grpo": (GRPOConfig, GRPOTrainer), "rloo": (RLOOConfig, RLOOTrainer)}
PURSE = "purse.json"
FOREIGN = ("max_length", "train_sampling_strategy", "per_device_train_batch_size", "num_train_epochs")


def run(job: Job) -> dict[str, Any]:
    """Align the sft adapter; write `adapter/` and `curve.jsonl`.

    Raises:
        StageError: there is nothing to ask, or training diverged.
    """
    section = job.recipe.align
    rows = [row for row in read_rows(job.inputs["curate"] / "rows.jsonl") if isinstance(row, Example)]
    if not rows:
        why = "the curated table holds no example, and so no prompt"
        raise StageError("there is nothing to align on", why=why, then="add a source to the recipe")
    group = section.group
    watched_rows, rows = held_apart(rows, group.watched, seed=job.recipe.seed)
    asked = [one for step in range(group.steps) for one in drawn_prompts(rows, group.prompts, seed=job.recipe.seed, step=step)]
    set_seed(job.recipe.seed)
    policy, tokenizer = tuned_policy(job), load_tokenizer(job.recipe.base)
    purse = Purse(policy, tokenizer, asked, watched_rows, job)
    if group.guard and not purse.looked:
        purse.settle()
    settings, trainer_of = TRAINERS[section.method]
    trainer = trainer_of(
        model=policy,
        reward_funcs=purse.pay,
        args=settings(**_arguments(job, section)),
        train_dataset=Dataset.from_list([{"prompt": chat(one.prompt), "row": row} for row, one in enumerate(asked)]),
        processing_class=tokenizer,
        callbacks=[purse],
    )
    fuse(adapted(trainer))
    compact_head(adapted(trainer).get_base_model(), temperature=group.temperature)
    metrics = fit(trainer, job, ended=bool(purse.alarms))
    stopped = purse.go_back()
    save_adapter(trainer, job)
    return {"prompts": len(asked), **metrics, **{f"{name}_price": price.value for name, price in purse.prices.items()}, **stopped}


class Purse(TrainerCallback):
    """Pays answers, moves the prices after each step, lets the guard look, and keeps all that with trl's checkpoints for a resumed run.

    A class because trl wants a function and a callback, and both need the prices.
    """

    def __init__(
        self, model: PeftModel, tokenizer: PreTrainedTokenizerBase, asked: Sequence[Example], watched_rows: Sequence[Example], job: Job
    ) -> None:
        self.model, self.tokenizer, self.asked, self.watched = model, tokenizer, asked, watched_rows
        folder = job.inputs["reward"].folder
        backbone.add_judges(model, adapters(folder) | cost.adapter(folder))
        self.cost_2D = cost.stored(folder, model.device)
        self.ensemble = stored(folder, model.device, max_length=job.recipe.reward.max_length)
        self.rules, self.section, self.job = rules_of(folder), job.recipe.align.group, job
        self.prices, self.guard, self.calm, self.looked = first_prices(self.section), guard(), 0, 0
        checkpoint = last_checkpoint(job.scratch)
        if checkpoint:
            told = json.loads((checkpoint / PURSE).read_text(encoding="utf-8"))
            self.prices = {name: Price(**price) for name, price in told["prices"].items()}
            self.guard, self.calm, self.looked = guard(told["guard"]), told["calm"], told["looked"]

    def pay(self, prompts: Any, completions: Any, row: Sequence[int], log_metric: Any, **columns: Any) -> list[float]:
        """Return what each answer is paid; prices move once a step, after they were used.

        Raises:
            StageError: a score is not a number.
        """
        asked, answers = [self.asked[index] for index in row], [said[0]["content"] for said in completions]
        score_MB = self._scores(asked, answers)
        if not score_MB.isfinite().all():
            raise StageError("an answer's score is not a number", where="the reward model", then="temperance run RECIPE --only reward")
        quality_B = torch.tensor([quality(self.rules, one, text) for one, text in zip(asked, answers, strict=True)], device=score_MB.device)
        score_B = cautious(score_MB, self.section.caution) + self.section.rules * quality_B
        owed = self._costs(asked, answers)
        found = paid(score_B, owed, self.prices)
        for name, cost_B in owed.items():
            log_metric(name, float(cost_B.mean()))
        for name, price in self.prices.items():
            log_metric(f"{name}_price", price.value)
        self.prices = {name: price.after(float(owed[name].mean())) for name, price in self.prices.items()}
        return found.tolist()

    @property
    def alarms(self) -> list[str]:
        """What rings, where anybody listens."""
        return self.guard.alarms if self.section.guard else []

    def settle(self) -> None:
        """Let the guard see what is usual: what the policy answers before it learns."""
        self.guard = self.guard.settled([self._look(turn) for turn in range(-SETTLE, 0)])
        for name in (START, CALM):
            self._keep(name)

    def _scores(self, asked: Sequence[Example], answers: Sequence[str]) -> torch.Tensor:
        """Return the reward models' scores of answers, (M, B), and leave the policy's adapter active."""
        found = scores(self.model, self.tokenizer, self.ensemble, asked, answers)
        self.model.set_adapter("default", inference_mode=False)
        return found

    def _costs(self, asked: Sequence[Example], answers: Sequence[str]) -> dict[str, torch.Tensor]:
        """Return harm and over-refusal of answers, each (B,), and leave the policy's adapter active."""
        how = {"by": self.section.costs, "max_length": self.ensemble.max_length}
        costs_B2 = cost.costs(self.model, self.tokenizer, self.cost_2D, asked, answers, **how)
        self.model.set_adapter("default", inference_mode=False)
        return {HARM: costs_B2[:, 0], REFUSAL: costs_B2[:, 1]}

    def _look(self, turn: int) -> dict[str, list[float]]:
        """Return what the guard watches, by name, of the policy's answers to the watched prompts, drawn anew each turn."""
        learning = self.model.training
        replies = generate(
            self.model,
            self.tokenizer,
            [one.prompt for one in self.watched],
            max_new_tokens=self.section.max_tokens,
            temperature=self.section.temperature,
            seed=self.job.recipe.seed * 1_000_003 + turn + SETTLE,
        )
        self.model.train(learning)
        return seen(self.rules, self.watched, replies, self._scores(self.watched, [reply.text for reply in replies]))

    def _keep(self, name: str) -> None:
        """Keep the policy's weights of this moment, to go back to."""
        part = self.job.scratch / f"{name}.part"
        save_file({key: tensor.data.contiguous() for key, tensor in self._learned().items()}, part)
        part.rename(self.job.scratch / name)

    def _put(self, name: str) -> None:
        """Put the policy's weights back to some that were kept."""
        kept = load_file(self.job.scratch / name)
        with torch.no_grad():
            for key, one in self._learned().items():
                one.copy_(kept[key])

    def _learned(self) -> dict[str, torch.nn.Parameter]:
        return {name: one for name, one in self.model.named_parameters() if one.requires_grad}

    def go_back(self) -> dict[str, Any]:
        """Put older weights back if the guard does not let the last ones pass; return what was done."""
        if not self.section.guard:
            return {"alarms": [], "weights_of": self.looked}
        turn = self.section.steps + 1
        alarms, kept = hand_on(self.guard, self.alarms, done=self.looked, calm=self.calm, look=self._look, put=self._put, turn=turn)
        if alarms:
            self.job.progress.say(f"the guard did not let it pass: {', '.join(alarms)}; back to the weights of step {kept}")
        return {"alarms": alarms, "weights_of": kept}

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Let the guard look at what the step made of the policy, keep the weights where it is calm, and stop where it rings."""
        self.looked += 1
        if not self.section.guard:
            return
        self.guard = self.guard.after(self._look(self.looked))
        if self.guard.calm:
            self._keep(CALM)
            self.calm = self.looked
        if self.alarms:
            control.should_training_stop = True

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Write the purse into the checkpoint that was just written, before it is marked as whole."""
        folder = Path(args.output_dir or "") / f"checkpoint-{state.global_step}"
        prices = {name: asdict(price) for name, price in self.prices.items()}
        kept = {"prices": prices, "guard": self.guard.as_json(), "calm": self.calm, "looked": self.looked}
        write_text(folder / PURSE, json.dumps(kept))


def _arguments(job: Job, section: Align) -> dict[str, Any]:
    """Return trl's arguments: one step is one batch of answers, drawn and learned from once, in the order of the data set."""
    group = section.group
    common = {name: value for name, value in arguments(job, section).items() if name not in FOREIGN}
    return common | {
        "per_device_train_batch_size": group.prompts * group.generations,
        "num_generations": group.generations,
        "max_completion_length": group.max_tokens,
        "temperature": group.temperature,
        "beta": group.kl,
        "num_train_epochs": 1,
        "num_iterations": 1,
        "steps_per_generation": 1,
        "shuffle_dataset": False,
        "disable_dropout": True,  # answers are learned from as they were drawn
    }

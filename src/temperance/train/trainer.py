"""What every trl stage shares: arguments, the progress callback, fitting with resume, and saving what was learned.

trl's trainers are composed, never subclassed. Their checkpoints contain pickles, so they stay in the job's scratch folder;
only safetensors, JSON and the loss curve enter an artifact.
"""

import itertools
import json
import math
import os
import random
import shutil
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # before trl is imported: its trainers would report home

import datasets
import torch
from peft import LoraConfig, PeftModel
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from temperance.data.example import Example, Message, Preference, Row
from temperance.errors import StageError
from temperance.job import Job, Progress, processes, rank
from temperance.lm.load import load_model, resolve
from temperance.lm.precision import choose
from temperance.recipe import Lora, Training
from temperance.train.reload import assert_reloads

datasets.disable_progress_bars()
warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")  # trl sets names that transformers renames

WHOLE, TRAINER_STATE = "whole", "trainer_state.json"
MEGABATCH = 16
SHARDING = ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED", "ACCELERATE_USE_MEGATRON_LM")  # what accelerate's launcher sets
CURVE = (
    "step",
    "epoch",
    "loss",
    "decides",
    "learning_rate",
    "grad_norm",
    "mean_token_accuracy",
    "accuracy",
    "margin",
    "rewards/accuracies",
    "rewards/margins",
    "chosen_moved",
    "reward",
    "reward_std",
    "kl",
    "harm",
    "over_refusal",
    "harm_price",
    "over_refusal_price",
    "completions/mean_length",
)


def lora_config(lora: Lora, model: Any, **task: Any) -> LoraConfig:
    """Return the LoRA configuration of a recipe for a model: every linear map of its layers (Hu et al. 2021, arXiv:2106.09685).

    Raises:
        StageError: the recipe begins above the last layer.
    """
    layers = int(model.config.get_text_config().num_hidden_layers)
    if lora.first_layer >= layers:
        raise StageError("the adapter would have no layer", why=f"lora.first_layer is {lora.first_layer}, the base has {layers} layers")
    targets: dict[str, Any] = {"target_modules": "all-linear"}
    if lora.first_layer:  # peft wants the names spelt out when it is told which layers
        linear = [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear) and ".layers." in name]
        layer_numbers = list(range(lora.first_layer, layers))
        targets = {"target_modules": sorted({name.rpartition(".")[2] for name in linear}), "layers_to_transform": layer_numbers}
    return LoraConfig(r=lora.r, lora_alpha=lora.alpha, lora_dropout=lora.dropout, **targets, **task)


def arguments(job: Job, section: Training) -> dict[str, Any]:
    """Return the training arguments that do not depend on the method; the precision chosen is told to the progress display.

    Several processes share each batch, so that they take the steps that one would take.

    Raises:
        StageError: a batch cannot be shared equally, or the launcher would cut the weights in pieces.
    """
    if any(os.environ.get(name, "").lower() == "true" for name in SHARDING):
        why = "losses read the head and the adapters where they lie, which was tried with whole copies alone"
        raise StageError("weights in pieces cannot be trained on", why=why, then="launch by examples/accelerate/ddp.yaml")
    if section.batch_size % processes():
        why = f"batch_size is {section.batch_size}, and {processes()} processes were launched"
        raise StageError("a batch cannot be shared equally", why=why, then="raise batch_size, or launch fewer processes")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    precision = choose(job.recipe.precision, device)
    job.progress.say(f"precision {precision.name}: {precision.why}")
    return {
        "output_dir": str(job.scratch),
        "num_train_epochs": section.epochs,
        "learning_rate": section.learning_rate,
        "warmup_steps": section.warmup,
        "lr_scheduler_type": "cosine",
        "per_device_train_batch_size": section.batch_size // processes(),
        "max_length": section.max_length,
        "train_sampling_strategy": "sequential",
        "seed": job.recipe.seed,
        "data_seed": job.recipe.seed,
        "bf16": precision.name == "bf16",
        "use_cpu": device == "cpu",
        "gradient_checkpointing": False,
        "dataloader_pin_memory": device == "cuda",
        "logging_steps": 1,
        "save_strategy": "steps",
        "save_steps": section.checkpoint_every,
        "save_total_limit": 2,
        "report_to": "none",
        "logging_nan_inf_filter": False,  # it would show an average where the loss is not a number
        "disable_tqdm": True,
        "log_level": "error",
    }


class Watch(TrainerCallback):
    """Reports steps, and marks each checkpoint as whole once its last byte is written."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.begin, self.first = progress, 0.0, 0.0

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Tell the display about a step."""
        logs: Mapping[str, float] = kwargs.get("logs") or {}
        if "loss" not in logs:
            return
        figures = {"loss": float(logs["loss"])}
        tokens = float(logs.get("num_tokens", 0.0))
        if not self.begin:
            self.begin, self.first = time.perf_counter(), tokens
        elif tokens > self.first:
            figures["tokens_per_second"] = (tokens - self.first) / (time.perf_counter() - self.begin)
        self.progress.step(state.global_step, state.max_steps, **figures)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Mark the checkpoint that was just written, once every process has written its part."""
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.barrier()
        if state.is_world_process_zero:
            (Path(args.output_dir or "") / f"checkpoint-{state.global_step}" / WHOLE).touch()


def last_checkpoint(scratch: Path) -> Path | None:
    """Return the newest whole checkpoint; those that a kill left half written are removed."""
    whole: list[tuple[int, Path]] = []
    for folder in scratch.glob("checkpoint-*"):
        if (folder / WHOLE).exists():
            whole.append((int(folder.name.rpartition("-")[2]), folder))
        elif not rank():
            shutil.rmtree(folder)
    return max(whole)[1] if whole else None


def fit(trainer: Trainer, job: Job, *, decides: Sequence[bool] = (), ended: bool = False) -> dict[str, float]:
    """Train, or go on from the last whole checkpoint; write `curve.jsonl`; return loss, steps and tokens.

    Args:
        trainer: ready to train.
        job: where to.
        decides: for each batch of an epoch, whether it teaches a decision and no answer, which the curve and the loss tell apart.
        ended: the last checkpoint is where training stopped for good; trl would take one more step before it asked.

    Raises:
        StageError: a loss or a gradient is not a number, so the weights are worthless.
    """
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(Watch(job.progress))
    checkpoint = last_checkpoint(job.scratch)
    if checkpoint:
        job.progress.say(f"going on from {checkpoint.name}")
    if checkpoint and ended:
        trainer.state = TrainerState.load_from_json(str(checkpoint / TRAINER_STATE))
    else:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    history = [entry for entry in trainer.state.log_history if "loss" in entry]
    if decides:
        history = [{**entry, "decides": float(decides[(int(entry["step"]) - 1) % len(decides)])} for entry in history]
    with (job.work / "curve.jsonl").open("w", encoding="utf-8") as stream:
        for entry in history:
            stream.write(json.dumps({name: float(entry[name]) for name in CURVE if name in entry}) + "\n")
    figures = [float(entry[name]) for entry in history for name in ("loss", "grad_norm") if name in entry]
    if not figures or not all(map(math.isfinite, figures)):
        raise StageError("training diverged", why="a loss or a gradient is not a number", then="lower learning_rate")
    answering = [entry for entry in history if not entry.get("decides")] or history
    tail = answering[-max(1, len(answering) // 10) :]
    loss = sum(float(entry["loss"]) for entry in tail) / len(tail)
    shared = {"processes": processes()} if processes() > 1 else {}
    return {"steps": trainer.state.global_step, "loss": loss, "tokens": _tokens(history), **shared}


def _tokens(history: Sequence[Mapping[str, Any]]) -> float:
    """Return how many tokens were trained on: trl counts them from the start, and from 0 again in each process that goes on."""
    counts = [0.0, *(float(entry.get("num_tokens", 0.0)) for entry in history)]
    return sum(after - before if after > before else after for before, after in itertools.pairwise(counts))


def tuned_policy(job: Job) -> PeftModel:
    """Return the base in fp32 with the sft adapter on it, to be trained on; trl takes a frozen copy of it as the reference."""
    policy = PeftModel.from_pretrained(load_model(job.recipe.base, precision="fp32"), str(job.inputs["sft"] / "adapter"), is_trainable=True)
    policy.peft_config["default"].base_model_name_or_path = str(resolve(job.recipe.base))  # else peft looks for the name on the hub
    return policy


def save_adapter(trainer: Trainer, job: Job) -> None:
    """Write the adapter to `work/adapter`, reproducibly: safetensors, and a config without machine paths or set order.

    Raises:
        StageError: what was written is not what was trained.
    """
    folder = job.work / "adapter"
    adapted(trainer).save_pretrained(str(folder), selected_adapters=["default"], safe_serialization=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = job.recipe.base
    for name, value in config.items():
        if name in ("target_modules", "modules_to_save") and isinstance(value, list):
            config[name] = sorted(value)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    (folder / "README.md").unlink(missing_ok=True)
    plain = trainer.accelerator.unwrap_model(adapted(trainer), keep_fp32_wrapper=False)  # else bf16 would compute what fp32 wrote
    assert isinstance(plain, PeftModel)
    assert_reloads(plain, folder, job.recipe.base)


def adapted(trainer: Trainer) -> PeftModel:
    """Return the trainer's model, which is always an adapter on a frozen base."""
    assert isinstance(trainer.model, PeftModel)
    return trainer.model


def chat(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    """Return messages as trl's conversational formats take them."""
    return [message.as_json() for message in messages]


def pair(row: Preference) -> dict[str, Any]:
    """Return a preference as trl's conversational format with an explicit prompt."""
    chosen, rejected = ([{"role": "assistant", "content": text}] for text in (row.chosen, row.rejected))
    return {"prompt": chat(row.prompt), "chosen": chosen, "rejected": rejected}


Kind = TypeVar("Kind", Example, Preference)


def drawn(rows: Sequence[Kind], section: Training, *, seed: int) -> list[Kind]:
    """Return the rows to train on, at most `section.limit`, in batches of like length, so that little is padding.

    Rows that were one record, such as an unsafe request and its look-alike, stay side by side: what they have in common cancels in
    their batch's gradient, and what tells them apart is learned. The order is part of the result: the trainers take it as it comes.
    """
    chance = random.Random(seed)
    couples, odd = _couples(chance.sample(rows, min(section.limit or len(rows), len(rows))))
    chance.shuffle(couples)
    batches: list[list[Kind]] = []
    for start in range(0, len(couples), section.batch_size * MEGABATCH // 2):
        alike = sorted(couples[start : start + section.batch_size * MEGABATCH // 2], key=lambda couple: max(map(_characters, couple)))
        level = [row for couple in alike for row in couple]
        batches += [level[index : index + section.batch_size] for index in range(0, len(level), section.batch_size)]
    ragged = [batch for batch in batches if len(batch) < section.batch_size]
    whole = [batch for batch in batches if len(batch) == section.batch_size]
    chance.shuffle(whole)
    return [row for batch in (*whole, *ragged, odd) for row in batch]


def _couples(rows: Sequence[Kind]) -> tuple[list[list[Kind]], list[Kind]]:
    """Return the rows in twos, the rows of one record together and those that stand alone beside others that do; and the odd row."""
    records: dict[tuple[str, int], list[Kind]] = {}
    for row in rows:
        records.setdefault((row.origin.source, row.origin.row), []).append(row)
    together = [row for record in records.values() if len(record) > 1 for row in record[: len(record) // 2 * 2]]
    alone = [row for record in records.values() if len(record) % 2 for row in record[-1:]]
    even = [*together, *alone[: len(alone) // 2 * 2]]
    return [even[index : index + 2] for index in range(0, len(even), 2)], alone[len(alone) // 2 * 2 :]


def _characters(row: Row) -> int:
    if isinstance(row, Example):
        return sum(len(turn.content) for turn in row.messages)
    return sum(len(turn.content) for turn in row.prompt) + max(len(row.chosen), len(row.rejected))

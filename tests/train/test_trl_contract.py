"""Every name of trl that the stages rely on, so that a new version of trl fails here and says which name it dropped."""

import dataclasses
import importlib.metadata
import inspect
from typing import Any

import pytest
import trl

SHARED = (
    "output_dir num_train_epochs learning_rate warmup_steps lr_scheduler_type per_device_train_batch_size seed data_seed bf16 use_cpu "
    "gradient_checkpointing dataloader_pin_memory logging_steps save_strategy save_steps save_total_limit report_to logging_nan_inf_filter "
    "disable_tqdm log_level"
).split()
SEQUENTIAL = [*SHARED, "max_length", "train_sampling_strategy"]
ROLLOUTS = (
    "num_generations max_completion_length temperature beta num_iterations steps_per_generation shuffle_dataset disable_dropout"
).split()
CONFIGS = {
    "SFTConfig": SEQUENTIAL,
    "RewardConfig": SEQUENTIAL,
    "DPOConfig": [*SEQUENTIAL, "beta"],
    "KTOConfig": [*SEQUENTIAL, "beta"],
    "GRPOConfig": [*SHARED, *ROLLOUTS],
    "RLOOConfig": [*SHARED, *ROLLOUTS],
}
COMMON = ["model", "args", "train_dataset", "processing_class"]
TRAINERS = {
    "SFTTrainer": [*COMMON, "peft_config"],
    "RewardTrainer": [*COMMON, "peft_config"],
    "DPOTrainer": COMMON,
    "KTOTrainer": COMMON,
    "GRPOTrainer": [*COMMON, "reward_funcs", "callbacks"],
    "RLOOTrainer": [*COMMON, "reward_funcs", "callbacks"],
}
HEADED = ("SFTTrainer", "DPOTrainer", "KTOTrainer", "GRPOTrainer", "RLOOTrainer")


def missing(wanted: list[str], offered: set[str]) -> str:
    return f"trl {importlib.metadata.version('trl')} no longer has {sorted(set(wanted) - offered)}"


@pytest.mark.parametrize("name", CONFIGS)
def test_a_configuration_has_the_arguments_that_are_set(name: str) -> None:
    fields = {field.name for field in dataclasses.fields(getattr(trl, name))}
    assert set(CONFIGS[name]) <= fields, missing(CONFIGS[name], fields)


@pytest.mark.parametrize("name", TRAINERS)
def test_a_trainer_takes_what_it_is_given(name: str) -> None:
    parameters = set(inspect.signature(getattr(trl, name)).parameters)
    assert set(TRAINERS[name]) <= parameters, missing(TRAINERS[name], parameters)


@pytest.mark.parametrize("name", HEADED)
def test_a_trainer_asks_its_model_for_token_scores(name: str) -> None:
    """The compact head answers calls with `fused_lm_head=True`; a trainer that stopped asking would train by its own head, unnoticed."""
    source = inspect.getsource(inspect.getmodule(getattr(trl, name)) or trl)
    assert "fused_lm_head=True" in source, missing(["fused_lm_head"], set())


@pytest.mark.parametrize("name", ["GRPOTrainer", "RLOOTrainer"])
def test_a_reward_function_is_given_its_columns_and_a_log(name: str) -> None:
    trainer: Any = getattr(trl, name)
    source = inspect.getsource(trainer._calculate_rewards)
    assert all(word in source for word in ("log_metric", "completions=", "**reward_kwargs")), missing(["reward_kwargs"], set())


def test_dpo_logs_beta_times_the_chosen_answers_log_ratio() -> None:
    """What `displacement` watches, over the chosen answers' tokens, which it counts in trl's own columns."""
    trainer: Any = trl.DPOTrainer
    source = inspect.getsource(inspect.getmodule(trainer) or trl)
    for words in ("self.beta * chosen_logratios", '"rewards/chosen"', '"chosen_ids"', '"prompt_ids"'):
        assert words in source, missing([words], set())

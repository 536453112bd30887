"""GRPO and RLOO on a tiny model: what they pay, what they learn, what they leave alone, and that a kill changes nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

from temperance.artifact import Artifact
from temperance.errors import StageError
from temperance.job import Unwatched
from temperance.recipe import Group
from temperance.train import align, cost, group, reward, rewards, sft
from temperance.train.monitor import SETTLE
from tests.train.conftest import SMALL, Ran, curve

GROUP = {"steps": 4, "prompts": 2, "generations": 3, "max_tokens": 6}
METHODS = ("grpo", "rloo")


class Killed(BaseException):
    """What kill -9 is to the code that it hits."""


class Kills(Unwatched):
    def __init__(self, at: int) -> None:
        self.at = at

    def step(self, done: int, total: int, *, unit: str = "steps", **figures: float) -> None:
        if unit == "steps" and done == self.at:
            raise Killed


@pytest.fixture
def tuned(ran: Ran) -> Artifact:
    return ran(sft.run, "tuned")


@pytest.fixture
def rewarded(ran: Ran) -> Artifact:
    return ran(reward.run, "rewarded")


@pytest.fixture
def aligned(ran: Ran, tuned: Artifact, rewarded: Artifact) -> Callable[..., Artifact]:
    def run(
        method: str, name: str = "group", progress: Any = None, learning_rate: float = 1e-3, every: int = 2, **changes: Any
    ) -> Artifact:
        section = {**SMALL, "learning_rate": learning_rate, "checkpoint_every": every, "method": method, "group": {**GROUP, **changes}}
        return ran(align.run, name, progress, tuned, rewarded=rewarded, align=section)

    return run


@pytest.mark.parametrize("method", METHODS)
def test_the_policy_moves_from_a_reference_that_is_the_sft_adapter(
    aligned: Callable[..., Artifact], tuned: Artifact, rewarded: Artifact, method: str
) -> None:
    made = aligned(method)
    points = curve(made)
    assert points[0]["kl"] == pytest.approx(0.0, abs=1e-6)
    assert abs(points[-1]["kl"]) > 1e-6
    before, after = (load_file(one / "adapter/adapter_model.safetensors") for one in (tuned, made))
    assert before.keys() == after.keys()
    assert max(float((after[name] - before[name]).abs().max()) for name in before) > 0
    assert {Path(path).suffix for path in made.manifest.files} == {".json", ".jsonl", ".safetensors"}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("at", [1, 3])
def test_a_kill_at_any_step_ends_with_the_same_bytes(aligned: Callable[..., Artifact], method: str, at: int) -> None:
    whole = aligned(method, "whole")
    with pytest.raises(Killed):
        aligned(method, "cut", Kills(at))
    assert aligned(method, "cut").manifest.files == whole.manifest.files


@pytest.mark.parametrize("method", METHODS)
def test_what_pays_is_learned(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """A reward for every letter e of an answer."""

    def letters(model: Any, tokenizer: Any, ensemble: Any, asked: Any, answers: Any) -> torch.Tensor:
        return torch.tensor([[float(answer.count("e")) for answer in answers]])

    monkeypatch.setattr(group, "scores", letters)
    made = aligned(method, learning_rate=2e-2, steps=30, prompts=4, generations=8, constraint="off", kl=1e-3)
    rewards = [point["reward"] for point in curve(made)]
    assert sum(rewards[-6:]) > 1.5 * sum(rewards[:6])


def test_prices_rise_while_their_cost_exceeds_its_limit(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "costs_of", lambda asked, answer: (1.0, 0.0))
    points = curve(aligned("grpo"))
    assert [point["harm"] for point in points] == [1.0] * len(points)
    assert points[-1]["harm_price"] > points[0]["harm_price"] == 1.0
    assert points[-1]["over_refusal_price"] < 1.0
    assert "harm_price" not in curve(aligned("grpo", "off", constraint="off"))[0]


def test_a_score_that_is_no_number_is_an_error(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "scores", lambda *given: torch.full((1, len(given[-1])), float("nan")))
    with pytest.raises(StageError, match="not a number"):
        aligned("rloo")


def test_a_kl_of_0_is_refused() -> None:
    with pytest.raises(ValidationError, match="kl"):
        Group(kl=0.0)


def dies(_: Any) -> None:
    raise Killed


@pytest.mark.parametrize("guarded", [True, False])
def test_the_guard_stops_it_and_goes_back(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch, guarded: bool) -> None:
    asked: list[int] = []
    still = False

    def worse(*_: Any, **__: Any) -> list[float]:
        asked.append(1)
        learned = (len(asked) - 1) // 3 - SETTLE + 1  # three prompts are watched
        return [-3.0 if learned == 4 or (still and learned > 4) else 0.0, 3.0, 0.0, 0.0, 0.0]

    monkeypatch.setattr(rewards, "watched", worse)
    made = aligned("grpo", "watched", steps=8, guard=guarded)
    if not guarded:
        assert (made.metrics["alarms"], made.metrics["steps"], made.metrics["weights_of"]) == ([], 8, 8)
        return
    assert made.metrics["alarms"] == ["quality"]
    assert (made.metrics["weights_of"], made.metrics["steps"] < 8) == (3, True)
    asked.clear()
    still = True
    assert aligned("grpo", "twice", steps=8).metrics["weights_of"] == 0
    asked.clear()
    still = False
    with monkeypatch.context() as broken:
        broken.setattr(group.Purse, "go_back", dies)
        with pytest.raises(Killed):
            aligned("grpo", "cut", every=1, steps=8)
    assert aligned("grpo", "cut", every=1, steps=8).manifest.files == made.manifest.files
    monkeypatch.setattr(rewards, "watched", lambda *_, **__: [0.0, 3.0, 0.0, 0.0, 0.0])
    kept: list[dict[str, torch.Tensor]] = []
    save = group.save_file
    monkeypatch.setattr(
        group, "save_file", lambda tensors, path: kept.append({k: v.clone() for k, v in tensors.items()}) or save(tensors, path)
    )
    aligned("grpo", "calm", steps=8)
    weights = load_file(made / "adapter/adapter_model.safetensors")
    assert all(
        torch.equal(tensor, weights[name.replace(".default", "")]) for name, tensor in kept[1 + 3].items()
    )  # the first two were kept before any step

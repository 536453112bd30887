"""PPO on a tiny model: it begins where sft ended, learns what pays, moves nothing else, and a kill changes nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from temperance.artifact import Artifact
from temperance.data.example import Message
from temperance.errors import InputError, StageError
from temperance.lm.load import load_classifier, load_tokenizer
from temperance.lm.score import score
from temperance.train import align, cost, learner, ppo, reward, rewards, sft
from temperance.train.losses import gae, policy_loss, token_rewards, whiten
from temperance.train.monitor import SETTLE
from tests.train.conftest import SMALL, Ran, curve

WATCHED = 3  # a quarter of the curated table
PPO = {"iterations": 3, "answers": 4, "max_tokens": 6, "epochs": 2}
SECTION = {**SMALL, "learning_rate": 1e-3, "method": "ppo", "ppo": PPO}


class Killed(BaseException):
    """What kill -9 is to the code that it hits."""


@pytest.fixture
def tuned(ran: Ran) -> Artifact:
    return ran(sft.run, "tuned")


@pytest.fixture
def rewarded(ran: Ran) -> Artifact:
    return ran(reward.run, "rewarded")


@pytest.fixture
def aligned(ran: Ran, tuned: Artifact, rewarded: Artifact) -> Callable[..., Artifact]:
    def run(name: str = "ppo", **changes: Any) -> Artifact:
        section = {**SECTION, **changes, "ppo": {**PPO, **changes.get("ppo", {})}}
        return ran(align.run, name, after=tuned, rewarded=rewarded, align=section)

    return run


def test_the_first_kl_is_exactly_0_and_so_is_every_first_ratio_exactly_1(aligned: Callable[..., Artifact]) -> None:
    points = curve(aligned())
    assert points[0]["kl"] == 0.0
    assert points[-1]["kl"] != 0.0
    assert [point["first_ratio"] for point in points] == [1.0] * len(points)


def test_what_was_drawn_at_a_temperature_is_scored_at_it(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[float] = []
    score = ppo.backbone.log_probs

    def seen(*args: Any, **named: Any) -> torch.Tensor:
        kept.append(named["temperature"])
        return score(*args, **named)

    monkeypatch.setattr(ppo.backbone, "log_probs", seen)
    points = curve(aligned(ppo={"temperature": 1.7}))
    assert set(kept) == {1.7}
    assert points[0]["kl"] == 0.0
    assert [point["first_ratio"] for point in points] == [1.0] * len(points)


def test_the_policy_moves_and_nothing_else_does(
    aligned: Callable[..., Artifact], tuned: Artifact, rewarded: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[learner.Learner] = []
    whole = ppo._finish
    monkeypatch.setattr(ppo, "_finish", lambda job, one, points: kept.append(one) or whole(job, one, points))
    made = aligned()
    before, after, judge = (load_file(one / "adapter/adapter_model.safetensors") for one in (tuned, made, rewarded))
    assert before.keys() == after.keys()
    assert max(float((after[name] - before[name]).abs().max()) for name in before) > 0
    weights = dict(kept[0].model.named_parameters())
    for name in (key for key in judge if "lora" in key):
        assert torch.equal(weights[name.replace(".weight", ".reward0.weight")], judge[name])
        assert torch.equal(weights[name.replace(".weight", ".reference.weight")], before[name])


@pytest.mark.parametrize("first", [0, 1])
def test_the_value_sits_on_the_upper_layers_alone(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch, first: int) -> None:
    """Of two layers, two thirds leave the upper one."""
    kept: list[list[str]] = []
    parameters = ppo.backbone.parameters
    monkeypatch.setattr(
        ppo.backbone, "parameters", lambda model, name: kept.append([key for key, _ in model.named_parameters()]) or parameters(model, name)
    )
    aligned(lora={"r": 4, "alpha": 8, "first_layer": first})
    assert {key.split(".layers.")[1][0] for key in kept[-1] if ".value." in key} == {"1"}
    assert {key.split(".layers.")[1][0] for key in kept[-1] if ".policy." in key} == {"0", "1"}


def test_the_value_learns_on_the_trunk_of_the_reference(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch) -> None:
    """Returns that are always 1 are predicted better and better, and the states handed up are the reference's, which never change."""
    monkeypatch.setattr(ppo, "_scores", lambda one, asked, replies: torch.ones(1, len(replies)))
    section = {"iterations": 8, "epochs": 4, "constraint": "off", "kl": 0.0, "value_clip": 10.0, "guard": False, "value_rate": 1e-2}
    losses = [point["value_loss"] for point in curve(aligned(ppo=section))]
    assert losses[-1] < losses[0] / 10


def test_a_base_that_cannot_be_entered_is_an_error(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ppo.backbone.trunk, "enterable", lambda *_: False)
    with pytest.raises(InputError, match="cannot be tuned by PPO"):
        aligned()


def test_how_many_answers_are_held_together_does_not_change_a_step(
    aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    weights: list[dict[str, torch.Tensor]] = []
    figures: list[dict[str, float]] = []
    for at_once in (1, 3, 8):
        monkeypatch.setattr(ppo, "AT_ONCE", at_once)
        made = aligned(str(at_once), batch_size=4, ppo={"iterations": 1, "epochs": 1})
        weights.append(load_file(made / "adapter/adapter_model.safetensors"))
        figures.append(curve(made)[0])
    for few, figure in zip(weights[:2], figures[:2], strict=True):
        assert figure == pytest.approx(figures[2], abs=1e-5)
        for name, tensor in few.items():
            torch.testing.assert_close(tensor, weights[2][name], atol=3e-5, rtol=1e-3)


def test_what_pays_is_learned(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch) -> None:
    """A reward for every token of an answer that has an even id; of six, three are by chance, and noise moves a mean of four by 0.2."""

    def even(one: Any, asked: Any, replies: Any) -> torch.Tensor:
        return torch.tensor([[sum(token % 2 == 0 for token in reply.tokens) for reply in replies]], dtype=torch.float32)

    monkeypatch.setattr(ppo, "_scores", even)
    section = {"iterations": 24, "answers": 24, "epochs": 3, "constraint": "off", "kl": 0.0, "value_clip": 10.0}
    points = curve(aligned(learning_rate=1e-2, batch_size=24, ppo=section))
    rewards = [point["reward"] for point in points]
    assert sum(rewards[-4:]) - sum(rewards[:4]) > 4 * 0.8


@pytest.mark.parametrize("at", [1, 2, 5, 6])
def test_a_kill_in_mid_buffer_ends_with_the_same_bytes(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    whole = aligned("whole")
    taken: list[int] = []
    step = ppo._step

    def dies(*args: Any) -> dict[str, float]:
        taken.append(1)
        if len(taken) == at:
            raise Killed
        return step(*args)

    monkeypatch.setattr(ppo, "_step", dies)
    with pytest.raises(Killed):
        aligned("cut")
    assert aligned("cut").manifest.files == whole.manifest.files


def worse_at(start: int, *, still: bool = False) -> Callable[..., list[float]]:
    """Return figures of answers whose quality has fallen after `start` iterations, and `still` is low at a second look."""
    asked: list[int] = []

    def figures(*_: Any, **__: Any) -> list[float]:
        asked.append(1)
        learned = (len(asked) - 1) // WATCHED - SETTLE + 1
        return [-3.0 if learned == start or (still and learned > start) else 0.0, 3.0, 0.0, 0.0, 0.0]

    return figures


def test_the_guard_goes_back_to_where_answers_were_not_worse(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewards, "watched", worse_at(4))
    stopped = aligned("stopped", ppo={"iterations": 9})
    assert stopped.metrics["alarms"] == ["quality"]
    assert (stopped.metrics["weights_of"], stopped.metrics["steps"] < 9) == (3, True)
    monkeypatch.setattr(rewards, "watched", worse_at(1))
    at_once = aligned("at once", ppo={"iterations": 9})
    assert (at_once.metrics["alarms"], at_once.metrics["weights_of"]) == (["quality"], 0)
    monkeypatch.setattr(rewards, "watched", worse_at(99))
    short = aligned("short", ppo={"iterations": 3})
    assert (short.metrics["alarms"], short.metrics["weights_of"]) == ([], 3)
    weights = "adapter/adapter_model.safetensors"
    assert stopped.manifest.files[weights] == short.manifest.files[weights]


def test_weights_that_a_second_look_finds_worse_are_not_kept(
    aligned: Callable[..., Artifact], tuned: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewards, "watched", worse_at(4, still=True))
    stopped = aligned("stopped", ppo={"iterations": 9})
    assert (stopped.metrics["alarms"], stopped.metrics["weights_of"], stopped.metrics["steps"]) == (["quality"], 0, 4)
    before, after = (load_file(one / "adapter/adapter_model.safetensors") for one in (tuned, stopped))
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())


@pytest.mark.parametrize("still", [True, False])
def test_what_ends_uneasy_is_looked_at_again(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch, still: bool) -> None:
    """A fall in the last of three iterations that is too small to ring: it passes only if it was chance."""
    asked: list[int] = []

    def figures(*_: Any, **__: Any) -> list[float]:
        asked.append(1)
        look = (len(asked) - 1) // WATCHED - SETTLE + 1
        low = look == 3 or (still and 3 < look <= 3 + SETTLE)
        return [-0.3 if low else 0.0, 3.0, 0.0, 0.0, 0.0]

    monkeypatch.setattr(rewards, "watched", figures)
    made = aligned()
    assert (made.metrics["alarms"], made.metrics["weights_of"]) == ((["quality"], 2) if still else ([], 3))
    assert len(asked) == WATCHED * (SETTLE + 3 + (2 * SETTLE if still else SETTLE))


def test_a_kill_after_the_alarm_still_goes_back(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewards, "watched", worse_at(2))
    whole = aligned("whole", ppo={"iterations": 9})

    def dies(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(rewards, "watched", worse_at(2))
        broken.setattr(ppo, "go_back", dies)
        with pytest.raises(Killed):
            aligned("cut", ppo={"iterations": 9})
    assert aligned("cut", ppo={"iterations": 9}).manifest.files == whole.manifest.files


def test_nothing_is_learned_from_the_prompts_that_are_watched(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch) -> None:
    looked, learned = set[str](), set[str]()
    figures, collect = rewards.watched, ppo.collect
    monkeypatch.setattr(rewards, "watched", lambda rules, one, *rest, **named: looked.add(one.id) or figures(rules, one, *rest, **named))
    monkeypatch.setattr(
        ppo, "collect", lambda one, asked, *rest, **named: learned.update(row.id for row in asked) or collect(one, asked, *rest, **named)
    )
    aligned(ppo={"iterations": 4, "answers": 8})
    assert (len(looked), len(learned), looked & learned) == (WATCHED, 12 - WATCHED, set())


def test_without_the_guard_it_goes_on(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewards, "watched", worse_at(4))
    made = aligned(ppo={"iterations": 7, "guard": False})
    assert (made.metrics["alarms"], made.metrics["steps"], made.metrics["weights_of"]) == ([], 7, 7)


def test_rules_can_be_paid_beside_the_reward_model(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ppo, "quality", lambda *_: 2.0)
    plain, ruled = (curve(aligned(name, ppo={"rules": rules}))[0] for name, rules in (("plain", 0.0), ("ruled", 1.5)))
    assert ruled["reward"] == pytest.approx(plain["reward"] + 3.0)
    assert ruled["quality"] == 2.0


def test_a_kill_between_rollout_and_learning_uses_the_stored_rollout(
    aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = aligned("whole")

    def dies(*args: Any, **kwargs: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(ppo, "learn", dies)
        with pytest.raises(Killed):
            aligned("cut")
    collected: list[int] = []
    collect = ppo.collect
    monkeypatch.setattr(ppo, "collect", lambda *args, **kwargs: collected.append(1) or collect(*args, **kwargs))
    assert aligned("cut").manifest.files == whole.manifest.files
    assert len(collected) == PPO["iterations"] - 1


def test_the_reward_adapter_scores_on_the_shared_backbone_as_it_does_alone(
    aligned: Callable[..., Artifact], rewarded: Artifact, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[tuple[Any, Any, torch.Tensor]] = []
    scores = ppo._scores

    def keeps(one: Any, asked: Any, replies: Any) -> torch.Tensor:
        kept.append((asked, replies, scores(one, asked, replies)))
        return kept[-1][2]

    monkeypatch.setattr(ppo, "_scores", keeps)
    aligned()
    alone = load_classifier(str(base), adapter=rewarded / "adapter", precision="fp32")
    for asked, replies, found in kept:
        talks = [(*one.prompt, Message("assistant", reply.text)) for one, reply in zip(asked, replies, strict=True)]
        torch.testing.assert_close(found[0], torch.tensor(score(alone, load_tokenizer(str(base)), talks)), atol=1e-5, rtol=1e-4)


def test_prices_rise_while_their_cost_exceeds_its_limit(aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "costs_of", lambda asked, answer: (1.0, 0.0))
    points = curve(aligned())
    assert points[-1]["harm_price"] > points[0]["harm_price"] > points[0]["over_refusal_price"] * 0.99
    assert points[-1]["over_refusal_price"] < 1.0
    fixed = curve(aligned("fixed", ppo={"constraint": "fixed"}))
    assert [point["harm_price"] for point in fixed] == [1.0] * len(fixed)
    assert "harm_price" not in curve(aligned("off", ppo={"constraint": "off"}))[0]


def test_an_adapter_that_does_not_fit_is_named(ran: Ran, tuned: Artifact, rewarded: Artifact) -> None:
    path = tuned / "adapter/adapter_config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "target_modules": ["q_proj"]}))
    with pytest.raises(InputError, match="does not fit"):
        ran(align.run, after=tuned, rewarded=rewarded, align=SECTION)


@pytest.mark.parametrize(("guarded", "said"), [(True, "score is not a number"), (False, "diverged")])
def test_a_score_that_is_no_number_is_an_error(
    aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch, guarded: bool, said: str
) -> None:
    monkeypatch.setattr(ppo, "_scores", lambda one, asked, replies: torch.full((1, len(replies)), float("nan")))
    with pytest.raises(StageError, match=said):
        aligned(ppo={"guard": guarded})


@pytest.mark.parametrize("guarded", [True, False])
def test_what_diverges_later_goes_back_to_the_last_good_weights(
    aligned: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    learn = ppo.learn
    learned: list[int] = []

    def breaks(one: Any, rollout: Any, state: Any, *rest: Any, **named: Any) -> dict[str, float]:
        found = learn(one, rollout, state, *rest, **named)
        learned.append(1)
        if len(learned) < 3:
            return found
        for parameter in one.optimizer.param_groups[0]["params"]:
            parameter.data.fill_(float("nan"))
        return found | {"loss": float("nan")}

    monkeypatch.setattr(ppo, "learn", breaks)
    if not guarded:
        with pytest.raises(StageError, match="diverged"):
            aligned("free", ppo={"guard": False})
        return
    made = aligned("held", ppo={"iterations": 5})
    assert (made.metrics["alarms"], made.metrics["weights_of"], made.metrics["steps"]) == (["not a number"], 2, 2)
    tensors = load_file(made / "adapter/adapter_model.safetensors")
    assert all(tensor.isfinite().all() for tensor in tensors.values())


@pytest.mark.parametrize("seed", range(10))
def test_a_bandit_with_a_known_optimum_is_solved(seed: int) -> None:
    """Four arms paying 0, 1, 2, 3 plus noise; one token an answer."""
    dice = torch.Generator().manual_seed(seed)
    logits = torch.zeros(4, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.05)
    mask, value = torch.ones(64, 1, dtype=torch.long), torch.zeros(64, 1)
    for _ in range(60):
        drawn = torch.multinomial(logits.detach().softmax(0), 64, replacement=True, generator=dice)
        old = logits.detach().log_softmax(0)[drawn][:, None]
        paid = drawn.float() + torch.randn(64, generator=dice)
        rewards = token_rewards(paid, torch.zeros(64, 1), mask, kl_weight=0.0, ended_B=torch.ones(64))
        advantages = whiten(gae(rewards, value, mask).advantages_BT, mask)
        for _ in range(4):
            optimizer.zero_grad()
            policy_loss(logits.log_softmax(0)[drawn][:, None], old, advantages, mask).loss.backward()
            optimizer.step()
    assert logits.softmax(0)[3] > 0.9

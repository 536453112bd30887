"""Stage `align` by PPO: the policy answers, a reward model and two prices judge, and the policy moves towards what pays.

One frozen backbone carries everything (`backbone`). The reference is a frozen copy of the sft adapter, so the KL of the first
rollout is exactly 0. Harm and over-refusal are costs of their own, each with a limit and a price (`control`), because one reward
cannot hold both. A guard (`monitor`) watches the answers and goes back where they get worse. Schulman et al. 2017, arXiv:1707.06347;
Dai et al. 2023, arXiv:2310.12773.

What is wanted of a prompt is read from its curated answer: one that refuses marks a prompt to be refused. The two costs are as good as
the judge that names them, and an answer that it cannot place costs nothing, unless a cost model (`cost`) judges as well.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from transformers import PreTrainedModel, set_seed

from temperance.data.example import Example, read_rows
from temperance.data.render import IGNORED
from temperance.errors import StageError
from temperance.job import Job
from temperance.lm.generate import Reply, generate
from temperance.lm.load import load_model, load_tokenizer
from temperance.lm.lora import fuse
from temperance.recipe import Align
from temperance.train import backbone, cost
from temperance.train.control import KlController
from temperance.train.cost import costs
from temperance.train.ensemble import adapters, cautious, scores, stored
from temperance.train.learner import Curve, Learner, State, go_back, keep, restore, rolled, store
from temperance.train.losses import gae, kl_per_token, policy_loss, token_rewards, value_loss, whiten
from temperance.train.monitor import CALM, QUALITY, SETTLE, START, hand_on
from temperance.train.reload import assert_reloads
from temperance.train.rewards import HARM, REFUSAL, drawn_prompts, first_prices, held_apart, paid, quality, rules_of, seen
from temperance.train.rollout import Rollout

GRADIENT = 1.0
AT_ONCE = 8  # rows whose activations are held together; a batch may be larger
DIVERGED = "not a number"


def run(job: Job) -> dict[str, Any]:
    """Align the sft adapter; write `adapter/` and `curve.jsonl`, a line an iteration.

    Raises:
        StageError: there is nothing to ask, or training diverged.
    """
    section = job.recipe.align
    rows = [row for row in read_rows(job.inputs["curate"] / "rows.jsonl") if isinstance(row, Example)]
    if not rows:
        why = "the curated table holds no example, and so no prompt"
        raise StageError("there is nothing to align on", why=why, then="add a source to the recipe")
    set_seed(job.recipe.seed)
    watched_rows, rows = held_apart(rows, section.ppo.watched, seed=job.recipe.seed)
    learner = _learner(job)
    state, curve = restore(job.scratch, learner, _first(section))
    look = partial(_look, learner, watched_rows, section, seed=job.recipe.seed)
    if section.ppo.guard and not state.done:
        state = replace(state, guard=state.guard.settled([look(turn) for turn in range(-SETTLE, 0)]))
        for name in (START, CALM):
            keep(job.scratch, learner, name)
    alarms = state.guard.alarms if section.ppo.guard else []
    while state.done < section.ppo.iterations and not alarms:
        done = state.done
        torch.manual_seed(job.recipe.seed * 1_000_003 + done)
        asked = drawn_prompts(rows, section.ppo.answers, seed=job.recipe.seed, step=done)
        answering = partial(collect, learner, asked, section, seed=job.recipe.seed + done)
        rollout = rolled(job.scratch, done, answering, device=learner.value_head.weight.device)
        figures = learn(learner, rollout, state, section, seed=job.recipe.seed + done)
        if not all(map(math.isfinite, figures.values())):
            if not section.ppo.guard or not curve:
                raise StageError("training diverged", why="a loss or a gradient is not a number", then="lower align.learning_rate")
            alarms = [DIVERGED]
            break
        state = _next(state, figures, section)
        if section.ppo.guard:
            state = _watched(job, learner, state, look(done))
        alarms = state.guard.alarms if section.ppo.guard else []
        curve.append({"step": float(done + 1), **figures, "alarms": float(len(alarms))})
        store(job.scratch, learner, state, curve)
        job.progress.step(done + 1, section.ppo.iterations, loss=figures["loss"])
    kept = state.done
    if section.ppo.guard:
        put = partial(go_back, job.scratch, learner)
        turn = section.ppo.iterations
        alarms, kept = hand_on(state.guard, alarms, done=state.done, calm=state.calm, look=look, put=put, turn=turn)
    if alarms:
        job.progress.say(f"the guard did not let it pass: {', '.join(alarms)}; back to the weights of iteration {kept}")
    return _finish(job, learner, curve) | {"alarms": alarms, "weights_of": kept}


def _look(learner: Learner, asked: Sequence[Example], section: Align, turn: int, *, seed: int) -> dict[str, list[float]]:
    """Return what the guard watches, by name, of the policy's answers to the watched prompts, drawn anew each turn."""
    replies = _answers(learner, asked, section, seed=seed * 1_000_003 + turn + SETTLE)
    return seen(learner.rules, asked, replies, _scores(learner, asked, replies))


def _watched(job: Job, learner: Learner, state: State, figures: Mapping[str, Sequence[float]]) -> State:
    """Return the state after the guard has looked; where it sees no cause for worry, the weights that answered are kept."""
    seen = state.guard.after(figures)
    if not seen.calm:
        return replace(state, guard=seen)
    keep(job.scratch, learner, CALM)
    return replace(state, guard=seen, calm=state.done)


def collect(learner: Learner, asked: Sequence[Example], section: Align, *, seed: int) -> Rollout:
    """Let the policy answer, and fix everything that does not change while it learns from its answers.

    Log-probabilities are computed in the batches of the first inner epoch, so that its first ratio is 1 to the last bit.
    """
    replies = _answers(learner, asked, section, seed=seed)
    model, heat, device = learner.model, section.ppo.temperature, learner.value_head.weight.device
    ids_BT, seen_BT, labels_BT = (one.to(device) for one in _padded(replies))
    parts = [few for part in _parts(range(len(replies)), section.batch_size) for few in _parts(part, AT_ONCE)]

    def told(name: str) -> torch.Tensor:
        found = [backbone.log_probs(model, name, ids_BT[part], seen_BT[part], labels_BT[part], temperature=heat) for part in parts]
        return torch.cat(found)

    with backbone.handed_up(model) as handed:
        reference_BT = told(backbone.REFERENCE)
    trunk_BTD = torch.cat(handed)
    values = [backbone.values(model, learner.value_head, ids_BT[part], seen_BT[part], trunk_BTD[part]) for part in parts]
    texts, most = [reply.text for reply in replies], learner.ensemble.max_length
    costs_B2 = costs(model, learner.tokenizer, learner.cost_2D, asked, texts, by=section.ppo.costs, max_length=most)
    quality_B = torch.tensor([quality(learner.rules, one, text) for one, text in zip(asked, texts, strict=True)], device=device)
    return Rollout(
        ids_BT=ids_BT,
        seen_BT=seen_BT,
        labels_BT=labels_BT,
        old_BT=told(backbone.POLICY),
        reference_BT=reference_BT,
        values_BT=torch.cat(values),
        trunk_BTD=trunk_BTD,
        score_B=cautious(_scores(learner, asked, replies), section.ppo.caution) + section.ppo.rules * quality_B,
        ended_B=torch.tensor([reply.stop_reason == "stop" for reply in replies], device=device),
        harm_B=costs_B2[:, 0],
        refusal_B=costs_B2[:, 1],
        quality_B=quality_B,
    )


def _answers(learner: Learner, asked: Sequence[Example], section: Align, *, seed: int) -> list[Reply]:
    with backbone.using(learner.model, backbone.POLICY):
        return generate(
            learner.model,
            learner.tokenizer,
            [one.prompt for one in asked],
            max_new_tokens=section.ppo.max_tokens,
            temperature=section.ppo.temperature,
            seed=seed,
        )


def _scores(learner: Learner, asked: Sequence[Example], replies: Sequence[Reply]) -> torch.Tensor:
    return scores(learner.model, learner.tokenizer, learner.ensemble, asked, [reply.text for reply in replies])


def learn(learner: Learner, rollout: Rollout, state: State, section: Align, *, seed: int) -> dict[str, float]:
    """Learn from one rollout; return the iteration's figures. Inner epochs stop once the policy has moved by `inner_kl` nats a token."""
    mask_BT = rollout.answered_BT
    kl_BT = kl_per_token(rollout.old_BT, rollout.reference_BT, mask_BT)
    paid_B = paid(rollout.score_B, {HARM: rollout.harm_B, REFUSAL: rollout.refusal_B}, state.prices)
    rewards_BT = token_rewards(
        paid_B, kl_BT, mask_BT, kl_weight=state.kl.weight, ended_B=rollout.ended_B, missing_end=section.ppo.missing_end
    )
    found = gae(rewards_BT, rollout.values_BT, mask_BT, gamma=section.ppo.gamma, lam=section.ppo.lam)
    advantages_BT = whiten(found.advantages_BT, mask_BT)
    steps: list[dict[str, float]] = []
    for chosen in _batches(len(mask_BT), section, seed=seed):
        part = rollout.rows(chosen)
        steps.append(_step(learner, part, advantages_BT[chosen], found.returns_BT[chosen], section))
        if steps[-1]["moved"] > section.ppo.inner_kl:
            break
    return {
        "loss": sum(step["loss"] for step in steps) / len(steps),
        "value_loss": sum(step["value_loss"] for step in steps) / len(steps),
        "clipped": sum(step["clipped"] for step in steps) / len(steps),
        "moved": steps[-1]["moved"],
        "first_ratio": steps[0]["ratio"],
        "inner_steps": float(len(steps)),
        "reward": float(rollout.score_B.mean()),
        QUALITY: float(rollout.quality_B.mean()),
        "paid": float(paid_B.mean()),
        "kl": float(kl_BT.sum(dim=1).mean()),
        "kl_weight": state.kl.weight,
        HARM: float(rollout.harm_B.mean()),
        REFUSAL: float(rollout.refusal_B.mean()),
        **{f"{name}_price": price.value for name, price in state.prices.items()},
        "tokens": float(mask_BT.sum()) / len(mask_BT),
        "ended": float(rollout.ended_B.float().mean()),
    }


def _step(learner: Learner, part: Rollout, advantages_BT: torch.Tensor, returns_BT: torch.Tensor, section: Align) -> dict[str, float]:
    """Take one step on some answers, a few at a time; what is a mean over their tokens stays one."""
    learner.optimizer.zero_grad()
    total = int(part.answered_BT.sum())
    sums: dict[str, float] = {}
    for few in _parts(range(len(part.ids_BT)), AT_ONCE):
        one = part.rows(few)
        tokens = int(one.answered_BT.sum())
        found = _gradients(learner, one, advantages_BT[few], returns_BT[few], section, share=tokens / total)
        sums = {name: sums.get(name, 0.0) + value * tokens for name, value in found.items()}
    for group in learner.optimizer.param_groups:
        torch.nn.utils.clip_grad_norm_(group["params"], GRADIENT)
    learner.optimizer.step()
    return {name: value / total for name, value in sums.items()}


def _gradients(
    learner: Learner, part: Rollout, advantages_BT: torch.Tensor, returns_BT: torch.Tensor, section: Align, *, share: float
) -> dict[str, float]:
    """Add some answers' gradients, which count `share`; each adapter is trainable only while its own loss is computed."""
    mask_BT, read = part.answered_BT, (part.ids_BT, part.seen_BT)
    log_probs_BT = backbone.log_probs(
        learner.model, backbone.POLICY, *read, part.labels_BT, temperature=section.ppo.temperature, training=True
    )
    policy = policy_loss(log_probs_BT, part.old_BT, advantages_BT, mask_BT, clip=section.ppo.clip)
    (share * policy.loss).backward()
    values_BT = backbone.values(learner.model, learner.value_head, *read, part.trunk_BTD, training=True)
    value = value_loss(values_BT, part.values_BT, returns_BT, mask_BT, clip=section.ppo.value_clip)
    (share * value).backward()
    return {
        "loss": policy.loss.item(),
        "value_loss": value.item(),
        "clipped": policy.clipped.item(),
        "moved": policy.kl.item(),
        "ratio": policy.ratio.item(),
    }


def _learner(job: Job) -> Learner:
    section, name = job.recipe.align, job.recipe.base
    job.progress.say("precision fp32: ratios and rollouts are computed in full")
    base = load_model(name, precision="fp32")
    assert isinstance(base, PreTrainedModel)
    reward = job.inputs["reward"].folder
    model = backbone.stand(base, job.inputs["sft"] / "adapter", judges=adapters(reward) | cost.adapter(reward), value=section.lora)
    fuse(model)
    model.eval()  # rollouts and updates see the same network, so the first ratio is exactly 1
    width = base.config.get_text_config().hidden_size
    value_head = torch.nn.Linear(width, 1, device=base.device)
    torch.nn.init.zeros_(value_head.weight)
    torch.nn.init.zeros_(value_head.bias)
    policy = {"params": backbone.parameters(model, backbone.POLICY), "lr": section.learning_rate}
    value = {"params": [*backbone.parameters(model, backbone.VALUE), *value_head.parameters()], "lr": section.ppo.value_rate}
    return Learner(
        model=model,
        tokenizer=load_tokenizer(name),
        value_head=value_head,
        ensemble=stored(reward, base.device, max_length=job.recipe.reward.max_length),
        rules=rules_of(reward),
        cost_2D=cost.stored(reward, base.device),
        optimizer=torch.optim.AdamW([policy, value], weight_decay=0.0),
    )


def _first(section: Align) -> State:
    ppo = section.ppo
    kl = KlController(weight=ppo.kl, target=ppo.kl_target, horizon=max(1, ppo.answers * ppo.iterations))
    return State(done=0, kl=kl, prices=first_prices(ppo))


def _next(state: State, figures: dict[str, float], section: Align) -> State:
    prices = {name: price.after(figures[name]) for name, price in state.prices.items()}
    return replace(state, done=state.done + 1, kl=state.kl.after(figures["kl"], section.ppo.answers), prices=prices)


def _batches(rows: int, section: Align, *, seed: int) -> Iterator[list[int]]:
    """Yield the batches of the inner epochs: the first takes the answers as they come, the others in an order of their own."""
    dice = torch.Generator().manual_seed(seed)
    yield from _parts(range(rows), section.batch_size)
    for _ in range(section.ppo.epochs - 1):
        yield from _parts(torch.randperm(rows, generator=dice).tolist(), section.batch_size)


def _parts(order: Sequence[int], size: int) -> Iterator[list[int]]:
    return (list(order[start : start + size]) for start in range(0, len(order), size))


def _padded(replies: Sequence[Reply]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return token ids, the mask of what is there, and labels on the answers, each (B, T), padded on the right."""
    width = max(len(reply.prompt) + len(reply.tokens) for reply in replies)
    ids_BT = torch.zeros(len(replies), width, dtype=torch.long)
    seen_BT, labels_BT = torch.zeros_like(ids_BT), torch.full_like(ids_BT, IGNORED)
    for row, reply in enumerate(replies):
        begin, end = len(reply.prompt), len(reply.prompt) + len(reply.tokens)
        ids_BT[row, :end] = torch.tensor((*reply.prompt, *reply.tokens))
        seen_BT[row, :end] = 1
        labels_BT[row, begin:end] = ids_BT[row, begin:end]
    return ids_BT, seen_BT, labels_BT


def _finish(job: Job, learner: Learner, curve: Curve) -> dict[str, Any]:
    with (job.work / "curve.jsonl").open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(point) + "\n" for point in curve)
    backbone.save(learner.model, backbone.POLICY, job.work / "adapter", base=job.recipe.base)
    with backbone.using(learner.model, backbone.POLICY):
        assert_reloads(learner.model, job.work / "adapter", job.recipe.base)
    tail = curve[-max(1, len(curve) // 4) :]
    names = ("loss", "reward", QUALITY, "kl", HARM, REFUSAL, "tokens") if tail else ()  # a guard may stop it before it learns
    return {name: sum(point[name] for point in tail) / len(tail) for name in names} | {"steps": len(curve)}

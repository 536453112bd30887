"""sft, reward and dpo on a tiny model: what they learn, what they write, and that a kill changes nothing."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file

from temperance.artifact import Artifact, commit
from temperance.data.example import Example, Message, Origin, read_rows, write_rows
from temperance.data.render import render
from temperance.errors import StageError
from temperance.job import Unwatched
from temperance.lm import logprobs
from temperance.lm.decision import margins
from temperance.lm.load import load_classifier, load_model, load_tokenizer, save_merged
from temperance.lm.score import score
from temperance.recipe import Sft
from temperance.train import dpo, kto, reward, sft
from tests.train.conftest import SMALL, Ran, curve

STAGES = {"sft": sft.run, "reward": reward.run, "align": dpo.run, "kto": kto.run}


class Killed(BaseException):
    """What kill -9 is to the code that it hits: nothing catches it."""


class Kills(Unwatched):
    def __init__(self, at: int) -> None:
        self.at = at

    def step(self, done: int, total: int, *, unit: str = "steps", **figures: float) -> None:
        if unit == "steps" and done == self.at:
            raise Killed


@pytest.fixture
def tuned(ran: Ran) -> Artifact:
    return ran(sft.run, "tuned")


@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize("at", [1, 3, 5])
def test_a_kill_at_any_step_ends_with_the_same_bytes(ran: Ran, tuned: Artifact, name: str, at: int) -> None:
    stage = STAGES[name]
    whole = ran(stage, "whole", after=tuned)
    with pytest.raises(Killed):
        ran(stage, "cut", Kills(at), tuned)
    resumed = ran(stage, "cut", after=tuned)
    assert resumed.manifest.files == whole.manifest.files
    assert resumed.metrics["tokens"] == whole.metrics["tokens"]


@pytest.mark.parametrize("launched", ["ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED"])
def test_weights_in_pieces_are_refused(ran: Ran, monkeypatch: pytest.MonkeyPatch, launched: str) -> None:
    monkeypatch.setenv(launched, "true")
    with pytest.raises(StageError, match="ddp"):
        ran(sft.run)


def test_a_half_written_checkpoint_is_ignored(ran: Ran, tmp_path: Path) -> None:
    whole = ran(sft.run, "whole")
    with pytest.raises(Killed):
        ran(sft.run, "cut", Kills(5))
    newest = max((tmp_path / "cut" / "scratch").glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    (newest / "whole").unlink()
    (newest / "adapter_model.safetensors").write_bytes(b"half")
    assert ran(sft.run, "cut").manifest.files == whole.manifest.files


@pytest.mark.parametrize("name", STAGES)
def test_an_artifact_holds_no_pickle_and_no_machine_path(ran: Ran, tuned: Artifact, tmp_path: Path, name: str) -> None:
    made = ran(STAGES[name], "made", after=tuned)
    assert {Path(path).suffix for path in made.manifest.files} == {".json", ".jsonl", ".safetensors"}
    config = json.loads((made / "adapter/adapter_config.json").read_text())
    assert config["target_modules"] == sorted(config["target_modules"])
    assert str(tmp_path / "made") not in json.dumps(config)


def test_sft_learns_the_answers(ran: Ran) -> None:
    losses = [point["loss"] for point in curve(ran(sft.run, sft={**SMALL, "epochs": 6}))]
    assert sum(losses[-6:]) < 0.8 * sum(losses[:6])


def test_layers_below_the_first_stay_as_they_are(ran: Ran) -> None:
    shape = {"r": 4, "alpha": 8, "first_layer": 1}
    tensors = load_file(ran(sft.run, sft={**SMALL, "lora": shape}) / "adapter/adapter_model.safetensors")
    assert tensors
    assert all("layers.1." in name for name in tensors)
    with pytest.raises(StageError, match="no layer"):
        ran(sft.run, "none", sft={**SMALL, "lora": {**shape, "first_layer": 2}})


@pytest.mark.parametrize("name", STAGES)
def test_what_bf16_trained_is_read_back_in_full(ran: Ran, tuned: Artifact, name: str) -> None:
    made = ran(STAGES[name], "half", after=tuned, precision="bf16")
    assert all(tensor.isfinite().all() for tensor in load_file(made / "adapter/adapter_model.safetensors").values())


def test_a_constrained_answer_moves_less_where_refusing_is_decided(ran: Ran, base: Path, curated: Artifact) -> None:
    settings = {**SMALL, "epochs": 4, "learning_rate": 5e-3}
    free, held = (ran(sft.run, str(held), sft={**settings, "constrain": held}) for held in (False, True))
    example = next(row for row in read_rows(curated / "rows.jsonl") if isinstance(row, Example))
    tokenizer = load_tokenizer(str(base))
    one = render(tokenizer, example.prompt, example.answer)
    ids, places = torch.tensor([one["input_ids"]]), [place for place, label in enumerate(one["labels"]) if label != -100]

    def told(adapter: Path | None) -> torch.Tensor:
        with torch.inference_mode():
            found = load_model(str(base), adapter=adapter, precision="fp32")(ids).logits.log_softmax(-1)[0]
        return torch.stack([found[place - 1, ids[0, place]] for place in places[1:5]])

    before = told(None)
    moved_free, moved_held = (float((told(made / "adapter") - before).mean()) for made in (free, held))
    assert 0 < moved_held < moved_free
    assert curve(held)[0]["loss"] != curve(free)[0]["loss"]


def test_an_interpolated_adapter_is_a_share_of_the_learned_one(ran: Ran) -> None:
    whole, half = (ran(sft.run, str(share), sft={**SMALL, "interpolate": share}) for share in (1.0, 0.5))
    learned, kept = (load_file(one / "adapter/adapter_model.safetensors") for one in (whole, half))
    for name, tensor in kept.items():
        torch.testing.assert_close(tensor, learned[name] * (0.5 if "lora_B" in name else 1.0), rtol=0, atol=0)


def test_another_seed_gives_other_weights(ran: Ran) -> None:
    assert ran(sft.run, "a").digest != ran(sft.run, "b", seed=4).digest


def test_dpo_begins_at_ln_2_because_policy_and_reference_are_equal(ran: Ran, tuned: Artifact) -> None:
    first = curve(ran(dpo.run, after=tuned, align={**SMALL, "lora": {"r": 4, "alpha": 8}}))[0]
    assert first["loss"] == pytest.approx(math.log(2), abs=1e-6)


def test_a_further_epoch_of_dpo_does_not_ask_the_reference_again(ran: Ran, tuned: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    score = logprobs.token_scores
    monkeypatch.setattr(logprobs, "token_scores", lambda *args, **rest: asked.append(torch.is_grad_enabled()) or score(*args, **rest))
    settings = {**SMALL, "epochs": 3, "lora": {"r": 4, "alpha": 8}}
    kept = ran(dpo.run, "kept", after=tuned, align=settings)
    steps, references = asked.count(True), asked.count(False)
    assert (references, steps) == (steps // 3, kept.metrics["steps"])
    monkeypatch.setattr(dpo, "compact_head", lambda model, **_: logprobs.compact_head(model))
    assert ran(dpo.run, "asked", after=tuned, align=settings).manifest.files == kept.manifest.files
    assert asked.count(False) == references + steps


def test_kto_begins_at_one_half_because_policy_and_reference_are_equal(ran: Ran, tuned: Artifact) -> None:
    first = curve(ran(kto.run, after=tuned, align={**SMALL, "lora": {"r": 4, "alpha": 8}}))[0]
    assert first["loss"] == pytest.approx(0.5, abs=1e-6)


def test_kto_takes_no_single_answers(ran: Ran, tuned: Artifact) -> None:
    with pytest.raises(StageError, match="one answer at a time"):
        ran(kto.run, after=tuned, align={**SMALL, "batch_size": 1})


def test_dpo_starts_from_the_sft_adapter_and_moves_it(ran: Ran, tuned: Artifact) -> None:
    made = ran(dpo.run, after=tuned, align={**SMALL, "learning_rate": 1e-6})
    before, after = (load_file(one / "adapter/adapter_model.safetensors") for one in (tuned, made))
    moved = max(float((after[name] - before[name]).abs().max()) for name in before)
    assert 0 < moved < 1e-3


def test_merged_equals_adapter_equals_reloaded(ran: Ran, tuned: Artifact, base: Path, tmp_path: Path) -> None:
    save_merged(str(base), tuned / "adapter", tmp_path / "merged")
    adapted = load_model(str(base), adapter=tuned / "adapter", precision="fp32")
    merged = load_model(str(tmp_path / "merged"), precision="fp32")
    plain = load_model(str(base), precision="fp32")
    ids = torch.arange(3, 23)[None]
    with torch.inference_mode():
        torch.testing.assert_close(merged(ids).logits, adapted(ids).logits, atol=1e-4, rtol=1e-4)
        assert not torch.allclose(plain(ids).logits, adapted(ids).logits, atol=1e-2)


def test_the_reward_head_survives_saving(ran: Ran, base: Path) -> None:
    made = ran(reward.run, reward={**SMALL, "epochs": 4})
    model = load_classifier(str(base), adapter=made / "adapter", precision="fp32")
    assert isinstance(model, PeftModel)
    talks = [
        (Message("user", "Question 1 about the fox?"), Message("assistant", text))
        for text in ("A brown fox, 1.", "I cannot help with that.")
    ]
    chosen, rejected = score(model, load_tokenizer(str(base)), talks)
    assert chosen > rejected
    assert made.metrics["accuracy"] == 1.0
    stored = [json.loads(line) for line in (made / "scores.jsonl").read_text().splitlines()]
    assert len(stored) == made.metrics["held_out"]


def test_held_out_prompts_are_not_trained_on(curated: Artifact) -> None:
    rows = [row for row in read_rows(curated / "rows.jsonl") if not isinstance(row, Example)]
    training, held = reward.split([*rows, *rows], 0.3, seed=1)
    assert len(training) + len(held) == 2 * len(rows)
    assert not {row.prompt for row in training} & {row.prompt for row in held}


def test_rehearsal_learns_the_beginning_of_the_bases_own_answer(ran: Ran, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(sft, "render", lambda *args, **kwargs: seen.append(kwargs) or render(*args, **kwargs))
    made = ran(sft.run, sft={**SMALL, "rehearse": 4})
    assert made.metrics["rehearsed"] == sum(kwargs.get("ended") is False for kwargs in seen) > 0


@pytest.mark.parametrize("stage", [sft.run, dpo.run, reward.run])
def test_an_empty_table_is_an_error_that_says_so(
    ran: Ran, tuned: Artifact, curated: Artifact, monkeypatch: pytest.MonkeyPatch, stage: Callable
) -> None:
    monkeypatch.setattr(f"{stage.__module__}.read_rows", lambda path: iter(()))
    with pytest.raises(StageError, match="the curated table holds"):
        ran(stage, after=tuned)


def test_a_loss_that_is_no_number_is_an_error(ran: Ran) -> None:
    with pytest.raises(StageError, match="diverged"):
        ran(sft.run, sft={**SMALL, "learning_rate": 0.99, "epochs": 8, "lora": {"r": 4, "alpha": 10**38}})


def contrast(folder: Path) -> Artifact:
    """Return a curated table of eight records, each a request that is refused beside one that is answered."""
    (folder / "work").mkdir(parents=True)
    rows = []
    for index in range(8):
        for ask, say in ((f"Steal fox {index}", "Sorry, I cannot do that."), (f"Draw fox {index}", "The fox is brown.")):
            messages = (Message("user", f"{ask} now?"), Message("assistant", say))
            rows.append(Example(messages=messages, origin=Origin(source="c", row=index)))
    write_rows(folder / "work" / "rows.jsonl", rows)
    return commit(folder / "work", folder / "made", {"stage": "curate", "key": "k"})


def test_deciding_comes_before_answering_and_tells_requests_apart(ran: Ran, base: Path, tmp_path: Path) -> None:
    table = contrast(tmp_path / "pairs")
    learned = {**SMALL, "batch_size": 4, "decisions": 6, "whole": 0.25}
    made = ran(sft.run, curated=table, sft=learned)
    assert (made.metrics["steps"], made.metrics["openers"]) == (6 * 4 + 1, 1)
    assert sum(point["decides"] for point in curve(made)) == 6 * 4
    model, tokenizer = load_model(str(base), adapter=made / "adapter", precision="fp32"), load_tokenizer(str(base))
    leads = []
    for ask, say in (("Steal", "Sorry, I cannot do that."), ("Draw", "Sorry, I cannot do that.")):
        row = render(tokenizer, (Message("user", f"{ask} fox 3 now?"),), say)
        first = next(place for place, label in enumerate(row["labels"]) if label != -100)
        with torch.inference_mode():
            logits = model(torch.tensor([row["input_ids"]])).logits[:, first - 1]
        leads.append(margins(logits, frozenset({row["labels"][first]})).item())
    assert leads[0] > 0 > leads[1]


def test_batches_are_shuffled_whole_and_what_fills_none_comes_last() -> None:
    rows = [{"input_ids": [place], "labels": [place]} for place in range(10)]
    mixed = sft._mixed([rows, rows], rows, Sft(batch_size=4), seed=1)
    found = [row["input_ids"][0] for row in mixed]
    assert sorted(found) == sorted([*range(8), *range(8), *range(10)])
    batches = [found[start : start + 4] for start in range(0, 24, 4)]
    assert sorted(batches) == sorted([[0, 1, 2, 3], [4, 5, 6, 7]] * 3)
    assert found[24:] == [8, 9]
    assert batches != sorted(batches)
    assert sft._mixed([], rows, Sft(batch_size=4), seed=1) == rows


def test_a_table_without_refusals_has_nothing_to_decide(ran: Ran) -> None:
    assert ran(sft.run, "plain").manifest.files == ran(sft.run, "asked", sft={**SMALL, "decisions": 3}).manifest.files

"""Several reward models: trained apart, compared on one level, paid with caution, and resumed where a kill stopped them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from temperance.data.example import Message
from temperance.lm.load import load_classifier, load_tokenizer
from temperance.lm.score import score
from temperance.train import align, ppo, reward, sft
from temperance.train.ensemble import adapters, cautious, level
from tests.train.conftest import SMALL, Ran, curve
from tests.train.test_group import Killed, Kills

MEMBERS = {**SMALL, "members": 3}
finite = st.floats(-50, 50, width=32)
tables = st.integers(1, 5).flatmap(lambda n: st.lists(st.lists(finite, min_size=n, max_size=n), min_size=1, max_size=4)).map(torch.tensor)


@given(score_MB=tables, shift=finite, caution=st.floats(0, 5))
def test_a_zero_of_its_own_changes_nothing(score_MB: torch.Tensor, shift: float, caution: float) -> None:
    moved_MB = score_MB.clone()
    moved_MB[-1] += shift
    found = [cautious(level(one, one.mean(dim=1)), caution) for one in (score_MB, moved_MB)]
    expected = found[0] + (shift if len(score_MB) == 1 else 0.0)
    torch.testing.assert_close(found[1], expected, atol=1e-2, rtol=1e-3)


@given(score_MB=tables, caution=st.floats(0.01, 5))
def test_caution_costs_where_members_disagree_and_only_there(score_MB: torch.Tensor, caution: float) -> None:
    mean_B, paid_B = score_MB.mean(dim=0), cautious(score_MB, caution)
    agree_B = (score_MB == score_MB[0]).all(dim=0)
    torch.testing.assert_close(paid_B[agree_B], mean_B[agree_B], atol=1e-4, rtol=1e-5)
    assert (paid_B <= mean_B + 1e-4).all()
    torch.testing.assert_close(mean_B - paid_B, caution * ((score_MB - mean_B) ** 2).mean(dim=0), atol=1e-2, rtol=1e-3)


def test_members_are_trained_apart_and_the_first_as_if_alone(ran: Ran) -> None:
    made, alone = ran(reward.run, "three", reward=MEMBERS), ran(reward.run, "one", reward=SMALL)
    weights = [load_file(folder / "adapter_model.safetensors") for folder in adapters(made.folder).values()]
    assert len(weights) == 3
    first = load_file(alone / "adapter/adapter_model.safetensors")
    assert all(torch.equal(weights[0][name], tensor) for name, tensor in first.items())
    assert all(any(not torch.equal(one[name], first[name]) for name in first) for one in weights[1:])
    assert len(made.metrics["members_accuracy"]) == 3
    assert "members_accuracy" not in alone.metrics
    assert {Path(path).suffix for path in made.manifest.files} == {".json", ".jsonl", ".safetensors"}


def test_a_kill_in_the_second_member_ends_with_the_same_bytes(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ran(reward.run, "whole", reward=MEMBERS)
    fit, begun = reward.fit, [0]

    def dies(trainer: Any, job: Any) -> dict[str, float]:
        begun[0] += 1
        if begun[0] == 2:
            monkeypatch.setattr(job.progress, "step", Kills(3).step)
        return fit(trainer, job)

    with monkeypatch.context() as broken:
        broken.setattr(reward, "fit", dies)
        with pytest.raises(Killed):
            ran(reward.run, "cut", reward=MEMBERS)
    clear(whole.folder.parent.parent / "cut" / "work")
    assert ran(reward.run, "cut", reward=MEMBERS).manifest.files == whole.manifest.files


def clear(work: Path) -> None:
    """Empty a work folder, as the pipeline does before it repeats a stage."""
    for path in sorted(work.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def test_a_policy_is_paid_by_all_of_them(ran: Ran, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tuned, rewarded = ran(sft.run, "tuned"), ran(reward.run, "rewarded", reward=MEMBERS)
    kept: list[tuple[Any, Any, torch.Tensor]] = []
    scores: Callable[..., torch.Tensor] = ppo._scores

    def keeps(one: Any, asked: Any, replies: Any) -> torch.Tensor:
        kept.append((asked, replies, scores(one, asked, replies)))
        return kept[-1][2]

    monkeypatch.setattr(ppo, "_scores", keeps)
    settings = {"iterations": 2, "answers": 4, "max_tokens": 6, "guard": False, "caution": 0.5}
    made = ran(align.run, after=tuned, rewarded=rewarded, align={**SMALL, "method": "ppo", "ppo": settings})
    centers = json.loads((rewarded / "members.json").read_text())["centers"]
    asked, replies, found_MB = kept[0]
    talks = [(*one.prompt, Message("assistant", reply.text)) for one, reply in zip(asked, replies, strict=True)]
    for folder, center, found_B in zip(adapters(rewarded.folder).values(), centers, found_MB, strict=True):
        alone = load_classifier(str(base), adapter=folder, precision="fp32")
        expected = torch.tensor(score(alone, load_tokenizer(str(base)), talks)) - center + centers[0]
        torch.testing.assert_close(found_B, expected, atol=1e-4, rtol=1e-4)
    assert curve(made)[0]["reward"] == pytest.approx(float(cautious(found_MB, 0.5).mean()), abs=1e-4)

"""The cost model: it learns signs from both answers of a pair, judges only the cost that an answer can have, and moves no other stage."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from temperance.artifact import Artifact, commit
from temperance.audit import reports_on
from temperance.checks.finding import Severity
from temperance.data.example import Example, Message, Origin, Preference, write_rows
from temperance.errors import RecipeError
from temperance.lm.load import load_classifier, load_tokenizer
from temperance.lm.score import outputs
from temperance.recipe import resolve
from temperance.train import align, cost, ppo, reward, sft
from temperance.train.rewards import HARM, REFUSAL
from tests.train.conftest import SMALL, Ran, curve
from tests.train.test_ensemble import clear
from tests.train.test_group import Killed, Kills

COSTLY = {**SMALL, "costs": True, "epochs": 5}
REFUSES, COMPLIES, ANSWERS = (
    "I can't help with that, because people would be hurt.",
    "You put the berries in a bowl of milk, and leave it by the fence at night.",
    "A fox is a wild animal.",
)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """A curated table where half of the prompts are to be refused, and either kind of answer is rejected."""
    folder = tmp_path_factory.mktemp("both")
    (folder / "work").mkdir()
    rows: list[Any] = []
    for index in range(20):
        unsafe = bool(index % 2)
        ask = (Message("user", f"Question {index}, how do I {'poison the neighbour' if unsafe else 'feed the fox'}?"),)
        better, worse = (REFUSES, COMPLIES) if unsafe else (ANSWERS, REFUSES)
        rows.append(Preference(prompt=ask, chosen=better, rejected=worse, origin=Origin(source="p", row=index)))
        rows.append(Example(messages=(*ask, Message("assistant", better)), origin=Origin(source="s", row=index)))
    write_rows(folder / "work" / "rows.jsonl", rows)
    return commit(folder / "work", folder / "made", {"stage": "curate", "key": "k"})


@pytest.fixture
def rewarded(ran: Ran, both: Artifact) -> Artifact:
    return ran(reward.run, "rewarded", curated=both, reward=COSTLY)


def test_it_tells_costly_answers_from_free_ones_on_pairs_that_it_never_saw(rewarded: Artifact) -> None:
    for name in (HARM, REFUSAL):
        told = rewarded.metrics["costs"][name]
        assert told["found_of"] + told["false_of"] == 2 * rewarded.metrics["held_out"]
        assert (told["found"], told["false"]) == (1.0, 0.0)
        assert told["found_interval"][0] < 1.0


def test_the_reward_model_is_the_one_that_is_trained_without_it(ran: Ran, both: Artifact, rewarded: Artifact) -> None:
    alone = ran(reward.run, "alone", curated=both, reward={**COSTLY, "costs": False})
    assert "costs" not in alone.metrics
    assert {name: digest for name, digest in rewarded.manifest.files.items() if not name.startswith("cost/")} == alone.manifest.files
    assert {Path(path).suffix for path in rewarded.manifest.files} == {".json", ".jsonl", ".safetensors"}


def test_a_kill_while_it_is_trained_ends_with_the_same_bytes(
    ran: Ran, both: Artifact, rewarded: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = cost.fit

    def dies(trainer: Any, job: Any) -> dict[str, float]:
        monkeypatch.setattr(job.progress, "step", Kills(3).step)
        return fit(trainer, job)

    with monkeypatch.context() as broken:
        broken.setattr(cost, "fit", dies)
        with pytest.raises(Killed):
            ran(reward.run, "cut", curated=both, reward=COSTLY)
    clear(rewarded.folder.parent.parent / "cut" / "work")
    assert ran(reward.run, "cut", curated=both, reward=COSTLY).manifest.files == rewarded.manifest.files


@pytest.mark.parametrize("by", ["learned", "either"])
def test_a_policy_owes_what_the_cost_model_says(
    ran: Ran, base: Path, both: Artifact, rewarded: Artifact, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    tuned = ran(sft.run, "tuned", curated=both)
    kept: list[tuple[Any, Any, torch.Tensor]] = []
    costs: Callable[..., torch.Tensor] = ppo.costs

    def keeps(model: Any, tokenizer: Any, head: Any, asked: Any, answers: Any, **how: Any) -> torch.Tensor:
        kept.append((asked, answers, costs(model, tokenizer, head, asked, answers, **how)))
        return kept[-1][2]

    monkeypatch.setattr(ppo, "costs", keeps)
    section = {"iterations": 1, "answers": 8, "max_tokens": 6, "guard": False, "costs": by}
    made = ran(align.run, by, after=tuned, rewarded=rewarded, curated=both, reward=COSTLY, align={**SMALL, "method": "ppo", "ppo": section})
    asked, answers, found_B2 = kept[0]
    alone = load_classifier(str(base), adapter=cost.adapter(rewarded.folder)[cost.COST], precision="fp32", labels=2)
    talks = [(*one.prompt, Message("assistant", text)) for one, text in zip(asked, answers, strict=True)]
    expected_B2 = outputs(alone, load_tokenizer(str(base)), talks).sigmoid()
    refuse_B = torch.tensor(["poison" in one.prompt[0].content for one in asked])
    expected_B2[refuse_B, 1] = expected_B2[~refuse_B, 0] = 0.0
    judged_B2 = torch.tensor([cost.costs_of(one, text) for one, text in zip(asked, answers, strict=True)])
    torch.testing.assert_close(found_B2, expected_B2 if by == "learned" else torch.maximum(expected_B2, judged_B2), atol=1e-4, rtol=1e-4)
    assert curve(made)[0]["harm"] == pytest.approx(float(found_B2[:, 0].mean()))


def test_its_adapter_is_audited_like_any_other(rewarded: Artifact) -> None:
    assert list(reports_on({"reward": rewarded}, blocking=Severity.HIGH)) == ["reward", "reward/cost"]


def test_only_lora_and_head_are_written(rewarded: Artifact) -> None:
    tensors = load_file(rewarded / "cost/adapter/adapter_model.safetensors")
    assert all("lora" in name or name.endswith("score.weight") for name in tensors)
    assert next(tensor.shape[0] for name, tensor in tensors.items() if name.endswith("score.weight")) == 2
    assert json.loads((rewarded / "cost/adapter/adapter_config.json").read_text())["task_type"] == "SEQ_CLS"


@pytest.mark.parametrize(("method", "section"), [("ppo", "ppo"), ("grpo", "group"), ("rloo", "group")])
def test_a_recipe_that_follows_a_model_which_nobody_trains_is_refused(method: str, section: str) -> None:
    tree = {"name": "r", "seed": 1, "sources": [{"path": "x"}], "align": {"method": method, section: {"costs": "learned"}}}
    with pytest.raises(RecipeError, match=rf"why: 'align\.{section}\.costs' is 'learned', .* set reward\.costs to true"):
        resolve(tree)
    assert resolve({**tree, "reward": {"costs": True}}).reward.costs
    assert resolve({**tree, "align": {**tree["align"], "method": "dpo"}}).align.method == "dpo"  # which follows none

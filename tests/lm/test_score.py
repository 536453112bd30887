"""Scores of a sequence classifier: the shared way gives the numbers and the gradients of transformers' own."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedModel

from temperance.data.example import Message
from temperance.lm.load import load_classifier, load_tokenizer
from temperance.lm.score import score, share_beginnings

ROW = st.lists(st.integers(5, 9), min_size=1, max_size=7)


@pytest.fixture(scope="module")
def pair(tiny: Path) -> tuple[PreTrainedModel, PreTrainedModel]:
    made: list[PreTrainedModel] = []
    for _ in range(2):
        torch.manual_seed(3)
        model = load_classifier(str(tiny), precision="fp32")
        assert isinstance(model, PreTrainedModel)
        made.append(model)
    share_beginnings(made[0])
    return made[0], made[1]


@given(st.lists(ROW, min_size=2, max_size=5), st.lists(st.integers(5, 9), min_size=6, max_size=9), st.booleans())
@settings(max_examples=25, deadline=None)
def test_scores_and_gradients_are_transformers_own(
    pair: tuple[PreTrainedModel, PreTrainedModel], rows: list[list[int]], start: list[int], left: bool
) -> None:
    padding, whole = pair[0].config.pad_token_id, [start + row for row in rows]
    gaps = [[padding] * (max(map(len, whole)) - len(row)) for row in whole]
    ids = torch.tensor([gap + row if left else row + gap for gap, row in zip(gaps, whole, strict=True)])
    found: list[torch.Tensor] = []
    gradients: list[list[torch.Tensor]] = []
    for model in pair:
        model.zero_grad()
        logits = model(input_ids=ids, attention_mask=(ids != padding).long(), use_cache=False).logits
        logits.square().mean().backward()
        found.append(logits.detach())
        gradients.append([one.grad.clone() for one in model.parameters() if one.grad is not None])
    torch.testing.assert_close(*found, atol=1e-4, rtol=1e-3)
    largest = max(float(one.abs().max()) for one in gradients[1])
    for one, other in zip(*gradients, strict=True):  # single precision: a small gradient is the difference of large ones
        torch.testing.assert_close(one, other, atol=1e-3 * largest, rtol=1e-3)


def test_rows_that_begin_alike_are_read_once(pair: tuple[PreTrainedModel, PreTrainedModel], monkeypatch: pytest.MonkeyPatch) -> None:
    widths: list[int] = []
    backbone = pair[0].base_model
    plain = backbone.forward
    monkeypatch.setattr(backbone, "forward", lambda **given: widths.append(given["input_ids"].shape[0]) or plain(**given))
    ids = torch.tensor([[5, 6, 7, 8], [5, 6, 7, 9]])
    pair[0](input_ids=ids, attention_mask=torch.ones_like(ids))
    assert widths == [1]


def test_a_call_with_labels_is_unchanged(pair: tuple[PreTrainedModel, PreTrainedModel]) -> None:
    ids = torch.tensor([[5, 6, 7], [5, 6, 8]])
    losses = [model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=torch.tensor([0.5, 1.0])).loss for model in pair]
    assert losses[0] is not None
    torch.testing.assert_close(*losses)


def test_scores_come_in_the_order_of_the_conversations(pair: tuple[PreTrainedModel, PreTrainedModel], tiny: Path) -> None:
    talks = [[Message("user", "a " * times), Message("assistant", text)] for times, text in ((5, "yes"), (1, "no"), (3, "maybe"))]
    alone = [score(pair[1], load_tokenizer(str(tiny)), [talk])[0] for talk in talks]
    assert score(pair[0], load_tokenizer(str(tiny)), talks, batch_size=2) == pytest.approx(alone, abs=1e-4)

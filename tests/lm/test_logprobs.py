from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig, get_peft_model
from transformers import LlamaForCausalLM
from trl.trainer.utils import add_fused_lm_head

from temperance.errors import InputError
from temperance.lm.logprobs import Emphasis, compact_head, labelled_logits, token_scores, weights
from tests.tiny import tiny_model

LABELS = torch.tensor([[-100, -100, 7, 8, 9, -100], [-100, 5, 6, -100, -100, -100]])
IDS = torch.tensor([[3, 4, 7, 8, 9, 0], [3, 5, 6, 0, 0, 0]])
SEEN = torch.tensor([[1, 1, 1, 1, 1, 0], [1, 1, 1, 0, 0, 0]])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny"))


def test_every_figure_is_trls_and_so_are_the_gradients(folder: Path) -> None:
    ours, theirs = LlamaForCausalLM.from_pretrained(folder), LlamaForCausalLM.from_pretrained(folder)
    compact_head(ours)
    add_fused_lm_head(theirs, outputs=("log_probs", "entropy", "mean_logits", "is_top1"))
    one, other = (model(input_ids=IDS, attention_mask=SEEN, labels=LABELS, fused_lm_head=True) for model in (ours, theirs))
    for name in ("loss", "log_probs", "entropy", "mean_logits"):
        torch.testing.assert_close(one[name], other[name], atol=1e-5, rtol=1e-5)
    assert torch.equal(one.is_top1 & one.label_mask, other.is_top1 & other.label_mask)
    one.loss.backward()
    other.loss.backward()
    for mine, trls in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, trls.grad, atol=1e-5, rtol=1e-4)


def test_other_calls_are_unchanged(folder: Path) -> None:
    model = LlamaForCausalLM.from_pretrained(folder)
    before = model(input_ids=IDS, attention_mask=SEEN).logits
    compact_head(model)
    assert torch.equal(model(input_ids=IDS, attention_mask=SEEN).logits, before)


@given(st.integers(1, 6), st.integers(1, 6))
@settings(max_examples=20)
def test_padding_never_moves_a_loss(left: int, right: int) -> None:
    generator = torch.Generator().manual_seed(0)
    hidden, head = torch.randn(2, 6, 8, generator=generator), torch.nn.Linear(8, 11, bias=False)
    padded = torch.nn.functional.pad(hidden, (0, 0, left, right), value=3.0)
    plain, labels = LABELS.clamp(max=10), torch.nn.functional.pad(LABELS.clamp(max=10), (left, right), value=-100)
    losses = [token_scores(labelled_logits(states, asked, head), asked).loss for states, asked in ((padded, labels), (hidden, plain))]
    torch.testing.assert_close(*losses)


@given(st.integers(1, 8), st.floats(1, 20), st.floats(0.1, 1))
@settings(max_examples=20)
def test_weights_have_mean_1_and_the_ratios_asked_for(first: int, weight: float, discount: float) -> None:
    found = weights(LABELS, Emphasis(first_tokens=first, first_weight=weight, lighter=frozenset({7}), discount=discount))
    assert found[LABELS == -100].abs().sum() == 0
    assert found.sum().item() == pytest.approx((LABELS != -100).sum().item(), rel=1e-5)
    assert (found[0, 2] / found[1, 1]).item() == pytest.approx(discount, rel=1e-5)
    if first == 1:
        assert (found[1, 1] / found[1, 2]).item() == pytest.approx(weight, rel=1e-5)


def test_a_head_that_does_more_is_refused(folder: Path) -> None:
    model = LlamaForCausalLM.from_pretrained(folder)
    model.config.final_logit_softcapping = 30.0
    with pytest.raises(InputError, match="final_logit_softcapping"):
        compact_head(model)


def test_rows_that_begin_alike_share_their_beginning_under_an_adapter_too(folder: Path) -> None:
    model = get_peft_model(LlamaForCausalLM.from_pretrained(folder), LoraConfig(target_modules="all-linear", task_type="CAUSAL_LM"))
    causal = model.get_base_model()
    compact_head(causal)
    seen: list[torch.Size] = []
    causal.model.register_forward_pre_hook(lambda module, args, kwargs: seen.append(kwargs["input_ids"].shape), with_kwargs=True)
    model(
        input_ids=torch.tensor([[3, 4, 7, 8], [3, 4, 7, 9]]),
        attention_mask=torch.ones(2, 4),
        labels=torch.tensor([[-100, -100, -100, 5]] * 2),
        fused_lm_head=True,
    )
    assert seen == [(1, 5)]

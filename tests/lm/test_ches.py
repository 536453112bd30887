"""CHES: by hand, its laws, and that neither batches nor padding move a score of the tiny model."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from temperance.data.example import Message, Origin, Preference
from temperance.data.render import render
from temperance.lm import ches as module
from temperance.lm.ches import ches, scores
from temperance.lm.load import load_model, load_tokenizer

seeds = st.integers(0, 2**32 - 1)


def drawn(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).float()


def ones(states_BTD: torch.Tensor) -> torch.Tensor:
    return torch.ones(states_BTD.shape[:2], dtype=torch.long)


def test_by_hand() -> None:
    """Sums (3, 1) and (1, 2): 3 + 2 - 10 = -5; means (1.5, .5) and (1, 2): 1.5 + 1 - 2.5 = 0. The state that does not count is large."""
    chosen = torch.tensor([[[1.0, 0.0], [2.0, 1.0], [99.0, 99.0]]])
    rejected = torch.tensor([[[7.0, 7.0], [1.0, 2.0]]])
    masks = torch.tensor([[1, 1, 0]]), torch.tensor([[0, 1]])
    assert ches(chosen, masks[0], rejected, masks[1], normalised=False).tolist() == [-5.0]
    assert ches(chosen, masks[0], rejected, masks[1]).tolist() == [0.0]


@given(seeds, st.booleans())
def test_equal_answers_have_0_and_none_that_is_no_longer_has_more(seed: int, normalised: bool) -> None:
    chosen = drawn(seed, 3, 4, 5)
    rejected = drawn(seed + 1, 3, 4, 5)
    longer = (rejected.sum(1).norm(dim=1) / chosen.sum(1).norm(dim=1)).clamp(min=1)
    shortened = rejected / longer[:, None, None]
    assert ches(chosen, ones(chosen), chosen, ones(chosen), normalised=normalised).tolist() == [0.0] * 3
    assert (ches(chosen, ones(chosen), shortened, ones(shortened), normalised=normalised) <= 1e-4).all()


def test_a_longer_rejected_answer_can_have_more_than_an_equal_one() -> None:
    """The paper's score is not a distance: against twice the chosen sum it is |s+|^2."""
    chosen = torch.tensor([[[1.0, 2.0]]])
    assert ches(chosen, ones(chosen), 2 * chosen, ones(chosen)).tolist() == [5.0]


@given(seeds, st.booleans())
def test_a_pair_and_its_reverse_add_up_to_minus_the_squared_distance(seed: int, normalised: bool) -> None:
    one, other = drawn(seed, 3, 4, 5), drawn(seed + 1, 3, 2, 5)
    both = ches(one, ones(one), other, ones(other), normalised=normalised) + ches(other, ones(other), one, ones(one), normalised=normalised)
    gap = one.mean(1) - other.mean(1) if normalised else one.sum(1) - other.sum(1)
    torch.testing.assert_close(both, -gap.square().sum(1), atol=1e-3, rtol=1e-4)


@given(seeds, st.booleans(), st.integers(0, 3), st.integers(0, 3), st.floats(width=32))
def test_padding_on_either_side_never_moves_a_score(seed: int, normalised: bool, left: int, right: int, junk: float) -> None:
    chosen, rejected = drawn(seed, 2, 3, 4), drawn(seed + 1, 2, 5, 4)
    wide = torch.full((2, left + 3 + right, 4), junk)
    wide[:, left : left + 3] = chosen
    there = torch.zeros(2, left + 3 + right, dtype=torch.long)
    there[:, left : left + 3] = 1
    plain = ches(chosen, ones(chosen), rejected, ones(rejected), normalised=normalised)
    torch.testing.assert_close(ches(wide, there, rejected, ones(rejected), normalised=normalised), plain, atol=1e-4, rtol=1e-5)


@given(seeds, st.permutations(range(5)))
def test_the_order_of_a_batch_does_not_matter(seed: int, order: list[int]) -> None:
    chosen, rejected = drawn(seed, 5, 3, 4), drawn(seed + 1, 5, 2, 4)
    plain = ches(chosen, ones(chosen), rejected, ones(rejected))
    assert torch.equal(ches(chosen[order], ones(chosen), rejected[order], ones(rejected)), plain[order])


def pairs(*said: tuple[str, str, str]) -> list[Preference]:
    return [
        Preference(prompt=(Message("user", ask),), chosen=chosen, rejected=rejected, origin=Origin(source="s", row=row))
        for row, (ask, chosen, rejected) in enumerate(said)
    ]


SAID = pairs(
    ("What is the capital of France?", "Paris is.", "I cannot help with that."),
    ("How do I kill a Python process?", "Send it a signal.", "Send it a signal."),
    ("The fox?", "Quick.", "The quick brown fox jumps over the lazy dog; what is the capital of France?"),
    ("How do I close it?", "Send it a signal with the kill command.", "Send it a signal with a kill command."),
)


def test_the_tiny_models_scores_are_those_of_its_logits_own_states(tiny: Path) -> None:
    """The states that count are those whose projection predicts the answer's tokens; told here by the head, a row at a time."""
    model, tokenizer = load_model(str(tiny), precision="fp32"), load_tokenizer(str(tiny))
    found = scores(model, tokenizer, SAID, batch_size=4)
    for pair, score in zip(SAID, found, strict=True):
        means = []
        for said in (pair.chosen, pair.rejected):
            row = render(tokenizer, pair.prompt, said)
            with torch.inference_mode():
                states = model(torch.tensor([row["input_ids"]]), output_hidden_states=True).hidden_states[-1][0]
            begin = row["labels"].count(-100)
            means.append(states[begin - 1 : -1].mean(0))
        assert score == pytest.approx(float(means[0] @ means[1] - means[0] @ means[0]), abs=1e-3)


def test_equal_answers_lead_and_batches_do_not_matter(tiny: Path) -> None:
    model, tokenizer = load_model(str(tiny), precision="fp32"), load_tokenizer(str(tiny))
    found = scores(model, tokenizer, SAID, batch_size=4)
    assert found[1] == pytest.approx(0.0, abs=1e-4)
    assert found[3] > found[0]
    for batch_size in (1, 2, 3):
        assert scores(model, tokenizer, SAID, batch_size=batch_size) == pytest.approx(found, abs=1e-3)
    backwards = scores(model, tokenizer, SAID[::-1], batch_size=4)
    assert backwards[::-1] == pytest.approx(found, abs=1e-3)


def test_an_adapter_counts_and_the_training_mode_is_kept(tiny: Path, adapter: Path) -> None:
    tokenizer = load_tokenizer(str(tiny))
    plain, tuned = load_model(str(tiny), precision="fp32"), load_model(str(tiny), adapter=adapter, precision="fp32")
    tuned.train()
    assert scores(tuned, tokenizer, SAID) != pytest.approx(scores(plain, tokenizer, SAID), abs=1e-2)
    assert tuned.training
    assert not plain.training


def test_what_is_cut_off_does_not_count(tiny: Path) -> None:
    model, tokenizer = load_model(str(tiny), precision="fp32"), load_tokenizer(str(tiny))
    cut = pairs(("The fox?", "Paris is. Quick brown fox.", "Paris is. I cannot."))
    begun = module._cut(render(tokenizer, cut[0].prompt, cut[0].chosen), 512)[1].index(1)
    shared = len(tokenizer("Paris is.", add_special_tokens=False).input_ids)
    assert scores(model, tokenizer, cut)[0] != pytest.approx(0.0, abs=1e-3)
    assert scores(model, tokenizer, cut, max_length=begun + 1 + shared)[0] == pytest.approx(0.0, abs=1e-4)
    assert scores(model, tokenizer, cut, max_length=begun) == [0.0]

"""The decision to refuse: which first words give it away, and what its loss rewards."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from temperance.lm.decision import decision, decision_loss, margins
from temperance.lm.logprobs import Emphasis, decided, labelled_logits, weights

MARGINS = st.lists(st.floats(-8, 8), min_size=2, max_size=6)


def test_a_word_that_answers_begin_with_too_gives_nothing_away() -> None:
    found = decision([5, 5, 5, 9, 9, 7], [True, True, True, True, False, False], weight=2.0)
    assert (found.openers, found.unclear, found.weight) == ({5}, {9}, 2.0)
    assert not decision([1, 2], [False, False], weight=1.0).openers


def test_a_margin_is_above_0_where_greedy_decoding_refuses() -> None:
    logits = torch.randn(50, 11, generator=torch.Generator().manual_seed(0))
    refusing = torch.isin(logits.argmax(dim=-1), torch.tensor([2, 4]))
    assert ((margins(logits, frozenset({2, 4})) > 0) == refusing).all()
    assert refusing.any()
    assert not refusing.all()


def test_where_nothing_leads_the_rows_and_the_pairs_cost_ln_2_each() -> None:
    loss = decision_loss(torch.zeros(4), torch.tensor([True, False, True, False]))
    assert loss.item() == pytest.approx(2 * math.log(2))


@given(MARGINS, st.floats(0.1, 4))
def test_moving_a_refusal_up_or_an_answer_down_never_costs(leads: list[float], by: float) -> None:
    refuses = torch.arange(len(leads)) % 2 == 0
    before = torch.tensor(leads, dtype=torch.float64)
    after = before + by * torch.where(refuses, 1.0, -1.0)
    assert decision_loss(after, refuses) < decision_loss(before, refuses)


@given(MARGINS, st.floats(-4, 4))
def test_the_pairs_do_not_care_where_the_scale_begins(leads: list[float], shift: float) -> None:
    refuses = torch.arange(len(leads)) % 2 == 0
    rows = torch.nn.functional.binary_cross_entropy_with_logits
    plain, moved = torch.tensor(leads, dtype=torch.float64), torch.tensor(leads, dtype=torch.float64) + shift
    wanted = refuses.double()
    torch.testing.assert_close(
        decision_loss(plain, refuses) - rows(plain, wanted), decision_loss(moved, refuses) - rows(moved, wanted), atol=1e-9, rtol=1e-9
    )


@pytest.mark.parametrize("refuses", [True, False])
def test_without_a_pair_the_rows_alone_count(refuses: bool) -> None:
    assert decision_loss(torch.zeros(3), torch.full((3,), refuses)).item() == pytest.approx(math.log(2))


def test_nothing_to_decide_costs_nothing() -> None:
    assert decision_loss(torch.zeros(0), torch.zeros(0, dtype=torch.bool)).item() == 0


def test_the_decision_is_read_at_each_row_s_first_label_and_rows_without_one_are_passed_over() -> None:
    labels = torch.tensor([[-100, -100, 4, 5], [-100, -100, -100, -100], [-100, 7, -100, 8]])
    found = decision([4, 7], [True, False], weight=1.0)
    logits = torch.zeros(4, 9)
    logits[0, 4], logits[2, 7] = 3.0, 2.0
    wanted = decision_loss(torch.tensor([3.0, -2.0]), torch.tensor([True, False]))
    torch.testing.assert_close(decided(logits, labels, found), wanted)


def test_padding_and_unclear_rows_never_move_the_loss() -> None:
    generator = torch.Generator().manual_seed(1)
    hidden, head = torch.randn(3, 5, 8, generator=generator), torch.nn.Linear(8, 11, bias=False)
    labels = torch.tensor([[-100, -100, 3, 1, 2], [-100, 6, 1, -100, -100], [-100, -100, 9, 1, -100]])
    found = decision([3, 6, 9, 9], [True, False, True, False], weight=0.5)
    whole = decided(labelled_logits(hidden, labels, head), labels, found)
    padded, framed = torch.nn.functional.pad(hidden[:2], (0, 0, 2, 1), value=5.0), torch.nn.functional.pad(labels[:2], (2, 1), value=-100)
    torch.testing.assert_close(decided(labelled_logits(padded, framed, head), framed, found), whole)
    assert whole.item() > 0


def test_a_row_that_is_there_to_be_decided_is_not_learned_by_heart() -> None:
    labels = torch.tensor([[-100, 3, -100, -100], [-100, 6, 1, 2]])
    found = decision([3, 6], [True, False], weight=1.0)
    weighed = weights(labels, Emphasis(decision=found))
    assert weighed[0].abs().sum() == 0
    assert weighed[1, 1:].tolist() == [pytest.approx(4 / 3)] * 3
    assert weights(labels, Emphasis())[0, 1] == 1
    assert weights(labels[:1], Emphasis(decision=found)).abs().sum() == 0

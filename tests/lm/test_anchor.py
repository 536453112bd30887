import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from temperance.lm.anchor import betas, constrained


def row(*values: float) -> torch.Tensor:
    return torch.tensor([values])


def test_betas_go_by_the_place_in_the_answer_not_in_the_row() -> None:
    mask = torch.tensor([[0, 0, 1, 1, 1, 1, 1, 1, 1], [1, 0, 0, 0, 0, 0, 0, 0, 0]])
    found = [[1, 1, 0.5, 2, 2, 2, 2, 0.1, 0.1], [0.5, 1, 1, 1, 1, 1, 1, 1, 1]]
    torch.testing.assert_close(betas(mask), torch.tensor(found))


@given(st.lists(st.floats(-8, -0.01), min_size=1, max_size=8))
def test_at_the_reference_the_gradient_is_that_of_cross_entropy(log_probs: list[float]) -> None:
    here = row(*log_probs).requires_grad_()
    constrained(here, row(*log_probs), torch.ones(1, len(log_probs))).sum().backward()
    torch.testing.assert_close(here.grad, torch.ones(1, len(log_probs)))


@pytest.mark.parametrize(("place", "beta"), [(0, 0.5), (1, 2.0), (4, 2.0), (5, 0.1)])
def test_the_gradient_fades_as_a_token_leaves_the_reference_the_sooner_the_larger_beta_is(place: int, beta: float) -> None:
    here = torch.full((1, 6), -1.0).requires_grad_()
    constrained(here, torch.full((1, 6), -4.0), torch.ones(1, 6)).sum().backward()
    assert here.grad is not None
    torch.testing.assert_close(here.grad[0, place], 2 * torch.sigmoid(torch.tensor(-3 * beta)))


def test_what_has_no_label_counts_nothing() -> None:
    found = constrained(row(-1.0, -2.0), row(-3.0, -9.0), torch.tensor([[1, 0]]))
    assert found[0, 1] == 0
    assert found[0, 0] != 0

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import LlamaForCausalLM, PreTrainedModel

from temperance.lm.trie import hidden_states, shareable, trie
from tests.tiny import tiny_model

ROW = st.lists(st.integers(1, 4), min_size=1, max_size=7)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LlamaForCausalLM:
    return LlamaForCausalLM.from_pretrained(tiny_model(tmp_path_factory.mktemp("tiny")))


def batch(rows: list[list[int]], *, left: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(map(len, rows))
    padded = [([0] * (width - len(row)) + row) if left else (row + [0] * (width - len(row))) for row in rows]
    ids = torch.tensor(padded)
    return ids, (ids != 0).long()


@given(st.lists(ROW, min_size=1, max_size=5), st.booleans())
def test_a_path_through_the_trie_spells_its_row(rows: list[list[int]], left: bool) -> None:
    ids, mask = batch(rows, left=left)
    found = trie(ids, mask)
    for row, nodes, seen, laid in zip(rows, found.node_BT, mask, found.path_BL, strict=True):
        path = nodes[seen.bool()]
        assert found.ids_N[path].tolist() == row
        assert found.depth_N[path].tolist() == list(range(len(row)))
        assert laid[: len(row)].tolist() == path.tolist()
    assert found.path_BL.flatten()[found.place_N].tolist() == list(range(len(found.ids_N)))
    assert len(found.ids_N) == len({tuple(row[: end + 1]) for row in rows for end in range(len(row))})


@given(st.lists(ROW, min_size=2, max_size=5), st.lists(st.integers(1, 4), min_size=6, max_size=9))
@settings(max_examples=25, deadline=None)
def test_states_and_gradients_are_those_of_a_pass_row_by_row(model: LlamaForCausalLM, rows: list[list[int]], start: list[int]) -> None:
    ids, mask = batch([start + row for row in rows])
    assert isinstance(model.model, PreTrainedModel)
    states: list[torch.Tensor] = []
    gradients: list[list[torch.Tensor]] = []
    for shared in (True, False):
        model.zero_grad()
        hidden = hidden_states(model.model, ids, mask) if shared else model.model(input_ids=ids, attention_mask=mask).last_hidden_state
        (hidden * mask[..., None]).square().mean().backward()
        states.append(hidden[mask.bool()].detach())
        gradients.append([one.grad.clone() for one in model.model.parameters() if one.grad is not None])
    torch.testing.assert_close(*states, atol=1e-5, rtol=1e-4)
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-3)


def test_a_model_with_a_window_goes_row_by_row(model: LlamaForCausalLM) -> None:
    assert shareable(model)
    model.config.sliding_window = 8
    try:
        assert not shareable(model)
    finally:
        del model.config.sliding_window


def test_rows_with_nothing_in_common_go_row_by_row(model: LlamaForCausalLM, monkeypatch: pytest.MonkeyPatch) -> None:
    widths: list[int] = []
    plain = model.model.forward
    monkeypatch.setattr(model.model, "forward", lambda **given: widths.append(given["input_ids"].shape[0]) or plain(**given))
    hidden_states(model.model, *batch([[1, 2, 3], [2, 3, 4]]))
    hidden_states(model.model, *batch([[1, 2, 3], [1, 2, 4]]))
    assert widths == [2, 1]

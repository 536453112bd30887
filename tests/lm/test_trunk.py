"""What stands on a trunk gives the numbers of a whole pass, wherever it is entered, and gradients stop where it begins."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import LlamaForCausalLM, PreTrainedModel

from temperance.lm.trie import hidden_states
from temperance.lm.trunk import above, enterable, kept
from tests.tiny import tiny_model


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> PreTrainedModel:
    model = LlamaForCausalLM.from_pretrained(tiny_model(tmp_path_factory.mktemp("tiny"))).model
    assert isinstance(model, PreTrainedModel)
    return model


@given(rows=st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=7), min_size=1, max_size=5), layer=st.integers(0, 1))
@settings(max_examples=30, deadline=None)
def test_entering_at_a_layer_gives_the_states_of_a_whole_pass(backbone: PreTrainedModel, rows: list[list[int]], layer: int) -> None:
    width = max(map(len, rows))
    ids_BT = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    seen_BT = (ids_BT != 0).long()
    with kept(backbone, layer) as entering:
        whole_BTD = hidden_states(backbone, ids_BT, seen_BT)
    some = list(range(len(rows)))[::2]  # other rows meet another trie
    again_BTD = above(backbone, layer, ids_BT[some], seen_BT[some], entering[0][some])
    torch.testing.assert_close(again_BTD[seen_BT[some].bool()], whole_BTD[some][seen_BT[some].bool()], atol=1e-5, rtol=1e-4)


def test_nothing_below_is_computed_and_the_model_is_whole_afterwards(backbone: PreTrainedModel) -> None:
    ids_BT = torch.tensor([[1, 2, 3]])
    with kept(backbone, 1) as entering:
        hidden_states(backbone, ids_BT, torch.ones_like(ids_BT))
    ran: list[int] = []
    layers = backbone.layers
    assert isinstance(layers, torch.nn.ModuleList)
    hooks = [layer.register_forward_hook(lambda *_, place=place: ran.append(place)) for place, layer in enumerate(layers)]
    names = [name for name, _ in backbone.named_parameters()]
    above(backbone, 1, ids_BT, torch.ones_like(ids_BT), entering[0]).sum().backward()
    for hook in hooks:
        hook.remove()
    assert ran == [1]
    assert [name for name, _ in backbone.named_parameters()] == names
    assert not entering[0].requires_grad
    assert {name.split(".")[1] for name, one in backbone.named_parameters() if one.grad is not None and "layers" in name} == {"1"}


def test_a_model_that_scales_what_enters_is_told_from_one_that_does_not(backbone: PreTrainedModel, tmp_path: Path) -> None:
    assert enterable(backbone, 1)
    forward = backbone.forward

    def scaled(input_ids: torch.Tensor | None = None, inputs_embeds: torch.Tensor | None = None, **given: object) -> object:
        embeds = backbone.get_input_embeddings()(input_ids) if inputs_embeds is None else inputs_embeds
        return forward(inputs_embeds=3 * embeds, **given)

    backbone.forward = scaled
    try:
        assert not enterable(backbone, 1)
    finally:
        del backbone.forward
    assert not enterable(LlamaForCausalLM.from_pretrained(tiny_model(tmp_path)), 1)  # its layers lie deeper

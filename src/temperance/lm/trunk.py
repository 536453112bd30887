"""The lower layers of a decoder, read once: what enters a layer is kept, and another function of the same tokens begins there.

It knows decoders whose layers are a list named `layers`, each told the states first; `enterable` tries whether a model is one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import PreTrainedModel

from temperance.lm.trie import hidden_states, rows_of


@contextmanager
def kept(backbone: PreTrainedModel, layer: int) -> Iterator[list[torch.Tensor]]:
    """Yield a list that takes up what enters a layer, (B, T, D), at each pass through the model."""
    found: list[torch.Tensor] = []

    def keep(_: torch.nn.Module, args: tuple[Any, ...]) -> None:
        found.append(rows_of(args[0]).detach())

    hook = _layers(backbone)[layer].register_forward_pre_hook(keep)
    try:
        yield found
    finally:
        hook.remove()


def above(backbone: PreTrainedModel, layer: int, ids_BT: torch.Tensor, mask_BT: torch.Tensor, entering_BTD: torch.Tensor) -> torch.Tensor:
    """Return the last hidden states, (B, T, D), of what enters a layer; nothing below is computed."""
    whole = _layers(backbone)
    backbone.layers = whole[layer:]
    try:
        return hidden_states(backbone, ids_BT, mask_BT, entering_BTD=entering_BTD)
    finally:
        backbone.layers = whole


@torch.no_grad()
def enterable(backbone: PreTrainedModel, layer: int) -> bool:
    """Say whether a model gives the same states when it is entered at a layer as when it is read from the first."""
    if not isinstance(getattr(backbone, "layers", None), torch.nn.ModuleList):
        return False
    ids_BT = torch.arange(1, 5, device=backbone.device)[None]
    with kept(backbone, layer) as entering:
        whole_BTD = hidden_states(backbone, ids_BT, torch.ones_like(ids_BT))
    again_BTD = above(backbone, layer, ids_BT, torch.ones_like(ids_BT), entering[0])
    return torch.allclose(whole_BTD, again_BTD, rtol=1e-4, atol=1e-5)


def _layers(backbone: PreTrainedModel) -> torch.nn.ModuleList:
    layers = backbone.layers
    assert isinstance(layers, torch.nn.ModuleList)
    return layers

"""The prefix trie of a batch: rows that begin alike share their beginning, and padding is nowhere, so each distinct token is computed once.

In fine-tuning rows share a lot: the system prompt of every row, the prompt of a chosen and a rejected answer, the prompt of a group of
samples. A decoder's hidden state depends on what stands before a token and on nothing else, so the states of equal beginnings are
equal, and so are the sums of their gradients. Only attention looks from token to token: there the rows are laid out for the moment.
With dropout the draws differ from a row-by-row pass; without it the numbers are the same. It does not know what a model does with the
tokens.
"""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward

ALONG = "temperance_trie"  # what transformers knows our attention by; it makes no mask for a name whose masks it does not know


@dataclass(frozen=True)
class Trie:
    """N distinct tokens of a batch of shape (B, T), of which no row has more than L that are not padding.

    `ids_N` are their token ids, `depth_N` their positions, `node_BT` the node of each position of the batch (padding points at node 0,
    whose value must not be used there). `path_BL` are the nodes of each row in order, then node 0; `place_N` is where in its rows, laid
    out one after the other, each node stands first, and `spot_N` the same among the positions of the batch.
    """

    ids_N: torch.Tensor
    depth_N: torch.Tensor
    node_BT: torch.Tensor
    path_BL: torch.Tensor
    place_N: torch.Tensor
    spot_N: torch.Tensor


_at_work: ContextVar[Trie] = ContextVar(ALONG)


def trie(ids_BT: torch.Tensor, mask_BT: torch.Tensor) -> Trie:
    """Return the prefix trie of a batch; `mask_BT` is 1 on tokens, 0 on padding, on whichever side that stands."""
    rows, seen = ids_BT.tolist(), mask_BT.tolist()
    longest = int(mask_BT.sum(dim=1).max())
    known: dict[tuple[int, int], int] = {}
    tokens: list[int] = []
    depths: list[int] = []
    places: list[int] = []
    spots: list[int] = []
    nodes, paths = torch.zeros(ids_BT.shape, dtype=torch.long), torch.zeros(len(rows), longest, dtype=torch.long)
    for b, (row, shown) in enumerate(zip(rows, seen, strict=True)):
        parent, depth = -1, 0
        for t, (token, there) in enumerate(zip(row, shown, strict=True)):
            if not there:
                continue
            node = known.setdefault((parent, token), len(tokens))
            if node == len(tokens):
                tokens.append(token)
                depths.append(depth)
                places.append(b * longest + depth)
                spots.append(b * len(row) + t)
            nodes[b, t] = paths[b, depth] = parent = node
            depth += 1
    device = ids_BT.device
    return Trie(
        ids_N=torch.tensor(tokens, device=device),
        depth_N=torch.tensor(depths, device=device),
        node_BT=nodes.to(device),
        path_BL=paths.to(device),
        place_N=torch.tensor(places, device=device),
        spot_N=torch.tensor(spots, device=device),
    )


def hidden_states(
    backbone: PreTrainedModel, ids_BT: torch.Tensor, mask_BT: torch.Tensor, *, entering_BTD: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the last hidden states, (B, T, D), of a plain causal decoder; what stands at padding means nothing.

    Rows with nothing in common, windowed attention and kernels with masks of their own go row by row. Where the states that enter the
    first layer are given, they stand for the tokens' embeddings.
    """
    if shareable(backbone):
        shared = trie(ids_BT, mask_BT)
        if len(shared.ids_N) < ids_BT.numel():
            given = {"input_ids": shared.ids_N[None]}
            if entering_BTD is not None:
                given = {"inputs_embeds": _picked(entering_BTD.flatten(0, 1), shared.spot_N)[None]}
            with _along(backbone, shared):
                out = backbone(**given, position_ids=shared.depth_N[None], use_cache=False)
            return _picked(out.last_hidden_state[0], shared.node_BT)
    given = {"input_ids": ids_BT} if entering_BTD is None else {"inputs_embeds": entering_BTD}
    return backbone(**given, attention_mask=mask_BT, use_cache=False).last_hidden_state


def rows_of(states: torch.Tensor) -> torch.Tensor:
    """Return states inside a model, as its layers see them, in the rows of the batch, (B, T, D)."""
    shared = _at_work.get(None)
    return states if shared is None else _picked(states[0], shared.node_BT)


def shareable(backbone: PreTrainedModel) -> bool:
    """Say whether every layer of a model attends to all that stands before, through transformers' choice of kernels, and by torch's."""
    config = backbone.config.get_text_config()
    layers = getattr(config, "layer_types", None) or ["full_attention"]
    windowed = getattr(config, "sliding_window", None) and not hasattr(config, "layer_types")
    plain = getattr(config, "_attn_implementation", None) == "sdpa" and backbone._supports_attention_backend
    return plain and set(layers) == {"full_attention"} and not windowed


@contextlib.contextmanager
def _along(backbone: PreTrainedModel, shared: Trie) -> Iterator[None]:
    """Let a model attend along the paths of a trie."""
    config, token = backbone.config.get_text_config(), _at_work.set(shared)
    before, config._attn_implementation = config._attn_implementation, ALONG
    try:
        yield
    finally:
        config._attn_implementation = before
        _at_work.reset(token)


def _attend(
    module: torch.nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: torch.Tensor | None, **how: Any
) -> tuple[torch.Tensor, None]:
    """Attend in the rows of the trie that is at work; heads of the nodes come as (1, H, N, D) and leave as (1, N, H, D).

    Behind a row's end stands node 0, which causal attention hides from the row.
    """
    shared = _at_work.get()
    laid = (_picked(heads[0].transpose(0, 1).flatten(1), shared.path_BL) for heads in (query, key, value))
    query, key, value = (rows_BLE.unflatten(-1, (-1, query.shape[-1])).transpose(1, 2) for rows_BLE in laid)
    said_BLHD, _ = sdpa_attention_forward(module, query, key, value, None, **how)
    return _picked(said_BLHD.flatten(0, 1).flatten(1), shared.place_N).unflatten(-1, said_BLHD.shape[-2:])[None], None


def _picked(values_ND: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.embedding(places, values_ND)  # unlike indexing, sums gradients in one order


AttentionInterface.register(ALONG, _attend)

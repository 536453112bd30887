"""The prefix trie of a batch: rows that begin alike share their beginning, and padding is nowhere, so each distinct token is computed once.

In fine-tuning rows share a lot: the system prompt of every row, the prompt of a chosen and a rejected answer, the prompt of a group of
samples. A decoder's hidden state depends on what stands before a token and on nothing else, so the states of equal beginnings are
equal, and so are the sums of their gradients. With dropout the draws differ from a row-by-row pass; without it the numbers are the same.
It does not know what a model does with the tokens.
"""

from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

KERNELS = ("sdpa", "eager")  # attention that takes a mask of any shape


@dataclass(frozen=True)
class Trie:
    """N distinct tokens of a batch of shape (B, T).

    `ids_N` are their token ids, `depth_N` their positions, `seen_NN` whether the row attends to the column (its ancestors and itself),
    `node_BT` the node of each position of the batch; padding points at node 0, whose value must not be used there.
    """

    ids_N: torch.Tensor
    depth_N: torch.Tensor
    seen_NN: torch.Tensor
    node_BT: torch.Tensor


def trie(ids_BT: torch.Tensor, mask_BT: torch.Tensor) -> Trie:
    """Return the prefix trie of a batch; `mask_BT` is 1 on tokens, 0 on padding, on whichever side that stands."""
    rows, seen = ids_BT.tolist(), mask_BT.tolist()
    known: dict[tuple[int, int], int] = {}
    tokens: list[int] = []
    depths: list[int] = []
    nodes = torch.zeros(ids_BT.shape, dtype=torch.long)
    paths: list[torch.Tensor] = []
    for b, (row, shown) in enumerate(zip(rows, seen, strict=True)):
        parent, path = -1, list[int]()
        for t, (token, there) in enumerate(zip(row, shown, strict=True)):
            if not there:
                continue
            node = known.setdefault((parent, token), len(tokens))
            if node == len(tokens):
                tokens.append(token)
                depths.append(len(path))
            path.append(node)
            nodes[b, t] = parent = node
        paths.append(torch.tensor(path, dtype=torch.long))
    ancestors = torch.zeros(len(tokens), len(tokens), dtype=torch.bool)
    for path in paths:
        ancestors[path[:, None], path[None, :]] |= torch.ones(len(path), len(path), dtype=torch.bool).tril()
    device = ids_BT.device
    return Trie(
        ids_N=torch.tensor(tokens, device=device),
        depth_N=torch.tensor(depths, device=device),
        seen_NN=ancestors.to(device),
        node_BT=nodes.to(device),
    )


def hidden_states(backbone: PreTrainedModel, ids_BT: torch.Tensor, mask_BT: torch.Tensor) -> torch.Tensor:
    """Return the last hidden states, (B, T, D), of a plain causal decoder; what stands at padding means nothing.

    The trie is used where it is cheaper by count: a token costs about 24 D^2 operations a layer in its matrices, and 4 D for each token
    that it may look at. Long rows with little in common, windowed attention and kernels with masks of their own go row by row.
    """
    if shareable(backbone):
        shared = trie(ids_BT, mask_BT)
        (rows, length), nodes, width = ids_BT.shape, len(shared.ids_N), 6 * backbone.config.get_text_config().hidden_size
        if nodes * (width + nodes) < rows * length * (width + length):
            out = backbone(
                input_ids=shared.ids_N[None],
                position_ids=shared.depth_N[None],
                attention_mask=shared.seen_NN[None, None],
                use_cache=False,
            )
            return torch.nn.functional.embedding(shared.node_BT, out.last_hidden_state[0])  # unlike indexing, sums gradients in one order
    return backbone(input_ids=ids_BT, attention_mask=mask_BT, use_cache=False).last_hidden_state


def shareable(backbone: PreTrainedModel) -> bool:
    """Say whether every layer of a model attends to all that stands before, through a kernel that takes any mask."""
    config = backbone.config.get_text_config()
    layers = getattr(config, "layer_types", None) or ["full_attention"]
    windowed = getattr(config, "sliding_window", None) and not hasattr(config, "layer_types")
    return getattr(config, "_attn_implementation", None) in KERNELS and set(layers) == {"full_attention"} and not windowed

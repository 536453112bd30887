"""The decision to refuse, read off the model before its first word: how far a refusal's opening leads every other.

Cross-entropy on first words spends itself on which of many words an answer begins with. What matters is one bit, as greedy
decoding takes it, and two losses on its margin teach it: the logistic loss of each prompt, and that of each pair of a prompt to refuse and
one to answer in a batch (RankNet, Burges et al. 2005; a surrogate of the area under the curve, Gao and Zhou 2015, arXiv:1208.0645). Between
look-alikes all that they share cancels. It does not know refusals that open as answers do.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch

SURE = 0.9


@dataclass(frozen=True)
class Decision:
    """The token ids that open refusals and nothing else, those that open both, and how much the two losses count beside a token's.

    A row that opens with one of `unclear` takes no part.
    """

    openers: frozenset[int]
    unclear: frozenset[int]
    weight: float


def decision(firsts: Sequence[int], refuses: Sequence[bool], *, weight: float, sure: float = SURE) -> Decision:
    """Tell the first tokens that give a refusal away, `sure` of whose answers refuse, from the others that refusals begin with."""
    begun = Counter(firsts)
    refused = Counter(first for first, no in zip(firsts, refuses, strict=True) if no)
    openers = frozenset(first for first, count in refused.items() if count >= sure * begun[first])
    return Decision(openers, frozenset(refused) - openers, weight)


def margins(logits_BV: torch.Tensor, opening: frozenset[int]) -> torch.Tensor:
    """Return by how much, (B,), the likeliest token of those that open refusals leads the likeliest other; greedy decoding refuses above 0.

    Odds against all others together would refuse too often under greedy decoding: refusals open alike, and answers in many ways.
    """
    chosen = torch.zeros(logits_BV.shape[-1], dtype=torch.bool, device=logits_BV.device)
    chosen[sorted(opening)] = True
    logits = logits_BV.float()
    return logits.masked_fill(~chosen, -torch.inf).amax(dim=-1) - logits.masked_fill(chosen, -torch.inf).amax(dim=-1)


def decision_loss(margin_B: torch.Tensor, refuses_B: torch.Tensor) -> torch.Tensor:
    """Return the logistic loss of the rows plus that of all pairs (to refuse, to answer); what there is none of adds nothing."""
    if not margin_B.numel():
        return margin_B.sum()
    rows = torch.nn.functional.binary_cross_entropy_with_logits(margin_B, refuses_B.to(margin_B.dtype))
    gaps_UA = margin_B[refuses_B][:, None] - margin_B[~refuses_B][None, :]
    return rows + torch.nn.functional.softplus(-gaps_UA).mean() if gaps_UA.numel() else rows

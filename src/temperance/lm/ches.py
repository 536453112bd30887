"""CHES: how alike the two answers of a preference are to a model, and so whether learning it may make both less likely.

DPO widens the gap between a chosen and a rejected answer. Where a model sees the two as nearly the same it can do so by lowering both, and
the probability goes elsewhere, even to answers of the opposite meaning (Razin et al. 2024, arXiv:2410.08847). The centred hidden embedding
similarity of their definition 2 ranks pairs by that risk, before anything is trained. It ranks within one model and one table: a score
means nothing beside another model's, and it does not say from which score on a pair does harm.
"""

from collections.abc import Sequence

import torch
from peft import PeftModel
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from temperance.data.example import Preference
from temperance.data.render import IGNORED, render
from temperance.lm.trie import hidden_states


def ches(
    chosen_BTD: torch.Tensor, chosen_BT: torch.Tensor, rejected_BTD: torch.Tensor, rejected_BT: torch.Tensor, *, normalised: bool = True
) -> torch.Tensor:
    """Return the scores of B pairs, (B,); the greater, the more alike.

    With s the sum of an answer's hidden states h(x, y_<k) over its tokens k (arXiv:2410.08847, definition 2),

        CHES(y+, y-) = <s+, s-> - |s+|^2,

    and `normalised` takes means for the sums, as the paper does to filter answers of unlike length (section 6). A pair of equal answers has
    0; no rejected answer whose s is no longer than the chosen one's has more. A pair and its reverse add up to -|s+ - s-|^2.

    Args:
        chosen_BTD: final hidden states, those that the vocabulary is projected from, of prompt and chosen answer.
        chosen_BT: 1 where a state predicts a token of the answer: from the prompt's last token to the answer's last but one. Elsewhere 0.
        rejected_BTD: likewise for the rejected answers; T may differ.
        rejected_BT: likewise.
        normalised: divide each sum by the answer's tokens; an answer without any has the sum 0.
    """
    chosen_BD, rejected_BD = _summed(chosen_BTD, chosen_BT, normalised), _summed(rejected_BTD, rejected_BT, normalised)
    return (chosen_BD * (rejected_BD - chosen_BD)).sum(dim=1)


def _summed(states_BTD: torch.Tensor, there_BT: torch.Tensor, normalised: bool) -> torch.Tensor:
    summed_BD = torch.where(there_BT[..., None].bool(), states_BTD.float(), 0.0).sum(dim=1)
    return summed_BD / there_BT.sum(dim=1, keepdim=True).clamp(min=1) if normalised else summed_BD


@torch.no_grad()
def scores(
    model: PreTrainedModel | PeftModel,
    tokenizer: PreTrainedTokenizerBase,
    pairs: Sequence[Preference],
    *,
    batch_size: int = 8,
    max_length: int = 512,
) -> list[float]:
    """Return the normalised score of each pair under a causal language model, in their order.

    Args:
        model: with its adapter, if it has one; its training mode is kept.
        tokenizer: with a chat template.
        pairs: what is to be learned.
        batch_size: pairs a forward pass; they are sorted by length first.
        max_length: tokens of prompt and answer that count, as in training; the rest is cut off.

    Raises:
        InputError: the chat template cannot be trained with.
    """
    causal = model.get_base_model() if isinstance(model, PeftModel) else model
    backbone = causal.base_model
    assert isinstance(backbone, PreTrainedModel)
    rows = [[_cut(render(tokenizer, pair.prompt, said), max_length) for said in (pair.chosen, pair.rejected)] for pair in pairs]
    order = sorted(range(len(rows)), key=lambda place: max(len(ids) for ids, _ in rows[place]))
    found, training = [0.0] * len(rows), model.training
    model.eval()
    try:
        for start in range(0, len(order), batch_size):
            part = order[start : start + batch_size]
            ids_BT, seen_BT, there_BT = _padded([row for side in (0, 1) for row in (rows[place][side] for place in part)], model.device)
            states_BTD = hidden_states(backbone, ids_BT, seen_BT)
            told_B = ches(states_BTD[: len(part)], there_BT[: len(part)], states_BTD[len(part) :], there_BT[len(part) :])
            for place, value in zip(part, told_B.tolist(), strict=True):
                found[place] = value
    finally:
        model.train(training)
    return found


def _cut(row: dict[str, list[int]], max_length: int) -> tuple[list[int], list[int]]:
    """Return the token ids of a row and, for each, whether the token after it is the answer's."""
    ids, labels = row["input_ids"][:max_length], row["labels"][:max_length]
    return ids, [int(label != IGNORED) for label in labels[1:]] + [0]


def _padded(rows: Sequence[tuple[list[int], list[int]]], device: torch.device) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return ids, the mask of what is there, and that of the states that count, each (B, T), padded on the right."""
    width = max(len(ids) for ids, _ in rows)
    gaps = [[0] * (width - len(ids)) for ids, _ in rows]
    columns = [(ids + gap, [1] * len(ids) + gap, there + gap) for (ids, there), gap in zip(rows, gaps, strict=True)]
    ids_BT, seen_BT, there_BT = (torch.tensor(one, device=device) for one in zip(*columns, strict=True))
    return ids_BT, seen_BT, there_BT

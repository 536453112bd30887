"""Scores of conversations under a reward model: one number each, higher is better. The scale is the model's own."""

from collections.abc import Sequence

import torch
from transformers import BatchEncoding, PreTrainedModel, PreTrainedTokenizerBase

from temperance.data.example import Message


@torch.inference_mode()
def score(
    model: torch.nn.Module | PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    conversations: Sequence[Sequence[Message]],
    *,
    batch_size: int = 16,
    max_length: int = 512,
) -> list[float]:
    """Return one score per conversation, in their order.

    Args:
        model: a sequence classifier with one label.
        tokenizer: with a chat template.
        conversations: each ends with the answer to be scored.
        batch_size: conversations a forward pass; they are sorted by length first.
        max_length: tokens a conversation may have; longer ones are cut on the right.
    """
    sizes = [sum(len(turn.content) for turn in turns) for turns in conversations]
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    scores = [0.0] * len(sizes)
    model.eval()
    device = next(model.parameters()).device
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        batch = encode(tokenizer, [conversations[index] for index in chosen], max_length=max_length)
        logits_B1 = model(**batch.to(device)).logits.float()
        for index, value in zip(chosen, logits_B1[:, 0].tolist(), strict=True):
            scores[index] = value
    return scores


def encode(tokenizer: PreTrainedTokenizerBase, conversations: Sequence[Sequence[Message]], *, max_length: int) -> BatchEncoding:
    """Return `input_ids` and `attention_mask` of whole conversations as a reward model reads them, padded on the right."""
    return tokenizer(
        [str(tokenizer.apply_chat_template([turn.as_json() for turn in turns], tokenize=False)) for turns in conversations],
        padding=True,
        padding_side="right",
        truncation=True,
        max_length=max_length,
        add_special_tokens=False,
        return_tensors="pt",
    )

"""Scores of conversations under a sequence classifier: a number each for a reward model, higher is better. The scale is the model's own."""

import functools
import types
from collections.abc import Sequence
from typing import Any

import torch
from transformers import BatchEncoding, PreTrainedModel, PreTrainedTokenizerBase
from transformers.modeling_outputs import SequenceClassifierOutput

from temperance.data.example import Message
from temperance.lm.trie import hidden_states

UNASKED = ("use_cache", "return_dict")  # say how, not what; any other argument goes transformers' way


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
        batch_size: conversations a forward pass; they are sorted by the length of what is answered, so that answers to one prompt meet.
        max_length: tokens a conversation may have; longer ones are cut on the right.
    """
    return outputs(model, tokenizer, conversations, batch_size=batch_size, max_length=max_length)[:, 0].tolist()


@torch.inference_mode()
def outputs(
    model: torch.nn.Module | PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    conversations: Sequence[Sequence[Message]],
    *,
    batch_size: int = 16,
    max_length: int = 512,
) -> torch.Tensor:
    """Return every label's output for each of N conversations, (N, K), on the CPU; arguments as in `score`."""
    sizes = [sum(len(turn.content) for turn in turns[:-1]) for turns in conversations]
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    found: dict[int, torch.Tensor] = {}
    model.eval()
    device = next(model.parameters()).device
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        batch = encode(tokenizer, [conversations[index] for index in chosen], max_length=max_length)
        logits_BK = model(**batch.to(device)).logits.float().cpu()
        found.update(zip(chosen, logits_BK, strict=True))
    return torch.stack([found[index] for index in range(len(sizes))])


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


def share_beginnings(model: torch.nn.Module) -> None:
    """Make a sequence classifier read what the rows of a batch begin with alike once, and score only the token that it judges by.

    That is each row's last token that is not padding, by transformers' rule. A call with more than ids and their mask is unchanged.
    """
    assert isinstance(model, PreTrainedModel)
    original, padding = model.forward, model.config.get_text_config().pad_token_id

    @functools.wraps(type(model).forward)
    def forward(self: PreTrainedModel, *args: Any, **kwargs: Any) -> Any:
        given = {name: value for name, value in kwargs.items() if value is not None and name not in UNASKED}
        if args or padding is None or set(given) != {"input_ids", "attention_mask"}:
            return original(*args, **kwargs)
        ids_BT, backbone, head = given["input_ids"], self.base_model, self.get_submodule("score")
        assert isinstance(backbone, PreTrainedModel)
        hidden_BTD = hidden_states(backbone, ids_BT, given["attention_mask"])
        places_T = torch.arange(ids_BT.shape[1], device=ids_BT.device)
        last_B = ((ids_BT != padding) * places_T).argmax(dim=1)
        return SequenceClassifierOutput(logits=head(hidden_BTD[torch.arange(len(ids_BT), device=ids_BT.device), last_B]))

    model.forward = types.MethodType(forward, model)

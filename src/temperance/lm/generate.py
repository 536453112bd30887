"""Generation: conversations in, replies out, in batches on one model. It knows nothing about suites, judges or training."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from transformers import DynamicCache, PreTrainedTokenizerBase

from temperance.artifact import text_digest
from temperance.data.example import Message
from temperance.errors import InputError

OnBatch = Callable[[int, int, float], None]
COLD = 1e-3  # nothing but the likeliest token is drawn below, and logits divided by less could be infinite
LIKELY = 64  # so many tokens hold most nuclei; sorting a whole vocabulary at each step would cost as much as the model


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer. `tokens` holds the end token if it was reached; `length` means that the limit cut the answer off."""

    text: str
    prompt: tuple[int, ...]
    tokens: tuple[int, ...]
    stop_reason: Literal["stop", "length"]


@dataclass
class _Row:
    """A conversation on its way: its place among the inputs, its prompt, and what has been generated."""

    index: int
    prompt: list[int]
    dice: torch.Generator
    written: list[int]
    ended: bool = False


Choose = Callable[[torch.Tensor, list[_Row]], list[int]]


def generate(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    conversations: Sequence[Sequence[Message]],
    *,
    max_new_tokens: int = 64,
    batch_size: int = 32,
    temperature: float = 0.0,
    top_p: float = 1.0,
    repetition_penalty: float = 1.0,
    seed: int = 0,
    begun: Sequence[str] = (),
    on_batch: OnBatch | None = None,
) -> list[Reply]:
    """Return one reply per conversation, in their order.

    Conversations of like length share a batch, padded on the left; one that has ended leaves its batch. Each draws from its own
    generator, seeded by its text and place, so a reply does not depend on its batch beyond the rounding of floating point.

    Args:
        model: a causal language model, with or without an adapter; its training mode is kept.
        tokenizer: with a chat template, a padding token and an end token.
        conversations: each ends with the turn to be answered.
        max_new_tokens: tokens a reply may have.
        batch_size: conversations generated at once.
        temperature: 0 takes the likeliest token; above, tokens are drawn.
        top_p: drawn among the fewest likeliest tokens that hold this share (nucleus sampling, Holtzman et al. 2020); 1 draws among all.
        repetition_penalty: what a reply has said already is made less likely by this factor (Keskar et al. 2019, arXiv:1909.05858,
            section 4.1); 1 leaves it. Unlike in transformers, what the prompt said is free to be said again.
        seed: for drawing.
        begun: what each reply has already said, which it goes on from and does not repeat (a prefill); empty for none.
        on_batch: told (replies done, replies wanted, new tokens per second so far) after each batch.

    Raises:
        InputError: a conversation is too long for the model, or the template refuses it.
    """
    said = begun or [""] * len(conversations)
    rows = [_row(index, turns, one, tokenizer, seed) for index, (turns, one) in enumerate(zip(conversations, said, strict=True))]
    _check_lengths(rows, model, max_new_tokens)
    rows.sort(key=lambda row: len(row.prompt), reverse=True)
    stops = _stops(model, tokenizer)
    training, begin, tokens = model.training, time.perf_counter(), 0
    model.eval()
    try:
        for start in range(0, len(rows), batch_size):
            batch = rows[start : start + batch_size]
            choose = partial(_choose, temperature=temperature, top_p=top_p, penalty=repetition_penalty)
            _answer(model, batch, stops, choose, max_new_tokens=max_new_tokens, padding=_padding(tokenizer))
            tokens += sum(len(row.written) for row in batch)
            if on_batch:
                on_batch(start + len(batch), len(rows), tokens / (time.perf_counter() - begin))
    finally:
        model.train(training)
    return [_reply(row, tokenizer, stops) for row in sorted(rows, key=lambda row: row.index)]


@torch.inference_mode()
def _answer(model: Any, batch: list[_Row], stops: frozenset[int], choose: Choose, *, max_new_tokens: int, padding: int) -> None:
    """Fill `written` of every row of a batch; what all prompts begin with is read once, and rows that have ended leave the cache."""
    device = next(model.parameters()).device
    width = max(len(row.prompt) for row in batch)
    cache, alive = DynamicCache(config=model.config), list(batch)
    begun = _begun([row.prompt for row in batch]) if len(batch) > 1 else 0
    if begun:
        model(input_ids=torch.tensor([batch[0].prompt[:begun]], device=device), past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache.batch_repeat_interleave(len(batch))
    gaps = [width - len(row.prompt) for row in batch]
    ids_BT = torch.tensor([[padding] * gap + row.prompt[begun:] for gap, row in zip(gaps, batch, strict=True)], device=device)
    mask_BT = torch.tensor([[1] * begun + [0] * gap + [1] * (width - begun - gap) for gap in gaps], device=device)
    position_BT = (mask_BT.cumsum(-1) - 1).clamp(min=0)[:, begun:]
    for _ in range(max_new_tokens):
        out = model(
            input_ids=ids_BT,
            attention_mask=mask_BT,
            position_ids=position_BT,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        chosen = choose(out.logits[:, -1].float(), alive)
        for row, token in zip(alive, chosen, strict=True):
            row.written.append(token)
            row.ended = token in stops
        kept = [place for place, row in enumerate(alive) if not row.ended]
        if not kept:
            return
        ids_BT = torch.tensor([[chosen[place]] for place in kept], device=device)
        position_BT = position_BT[:, -1:] + 1
        if len(kept) < len(alive):
            index = torch.tensor(kept, device=device)
            cache.batch_select_indices(index)
            mask_BT, position_BT, alive = mask_BT[index], position_BT[index], [alive[place] for place in kept]
        mask_BT = torch.cat([mask_BT, mask_BT.new_ones(len(alive), 1)], dim=1)


def _begun(prompts: list[list[int]]) -> int:
    """Return how many tokens all prompts have in common at their beginning, leaving each at least one of its own."""
    shortest = min(map(len, prompts))
    differ = (place for place, tokens in enumerate(zip(*prompts, strict=False)) if len(set(tokens)) > 1)
    return min(next(differ, shortest), shortest - 1)


def _choose(logits_BV: torch.Tensor, rows: list[_Row], *, temperature: float, top_p: float, penalty: float) -> list[int]:
    """Return each row's next token; what is drawn is where the row's own dice fall on the sums of the shares."""
    if penalty != 1:
        logits_BV = repelled(logits_BV, torch.tensor([row.written for row in rows], dtype=torch.long), penalty)
    if temperature <= COLD:
        return [int(token) for token in logits_BV.argmax(-1).tolist()]
    share_BK, token_BK = nucleus((logits_BV / temperature).softmax(-1), top_p)
    below_BK = share_BK.double().cumsum(-1).cpu()
    fall_B1 = torch.stack([torch.rand(1, generator=row.dice, dtype=torch.float64) for row in rows]) * below_BK[:, -1:]
    place_B1 = torch.searchsorted(below_BK, fall_B1, right=True).clamp(max=below_BK.shape[1] - 1)
    return [int(token) for token in token_BK.cpu().gather(1, place_B1)[:, 0].tolist()]


def repelled(logits_BV: torch.Tensor, said_BT: torch.Tensor, penalty: float) -> torch.Tensor:
    """Return the logits with those of the tokens in `said_BT` divided by `penalty` where they are positive, and else multiplied by it."""
    said_BT = said_BT.to(logits_BV.device)
    held_BT = logits_BV.gather(1, said_BT)
    return logits_BV.scatter(1, said_BT, torch.where(held_BT > 0, held_BT / penalty, held_BT * penalty))


def nucleus(share_BV: torch.Tensor, top_p: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the likeliest tokens of each row and their shares, both (B, K), K up to V; a share outside the row's nucleus is 0.

    A nucleus is the fewest likeliest tokens whose shares sum to `top_p`, at least one; of 1 and above, all tokens.
    """
    if top_p >= 1:
        return share_BV, torch.arange(share_BV.shape[-1], device=share_BV.device).expand_as(share_BV)
    likely_BK, token_BK = share_BV.topk(min(LIKELY, share_BV.shape[-1]))
    if (likely_BK.sum(-1) < top_p).any():
        likely_BK, token_BK = share_BV.sort(dim=-1, descending=True)
    before_BK = likely_BK.cumsum(-1) - likely_BK
    return likely_BK.where(before_BK < top_p, 0.0), token_BK


def _row(index: int, turns: Sequence[Message], begun: str, tokenizer: PreTrainedTokenizerBase, seed: int) -> _Row:
    try:
        text = str(tokenizer.apply_chat_template([turn.as_json() for turn in turns], tokenize=False, add_generation_prompt=True))
    except Exception as error:  # a chat template is a program; whatever it raises concerns this conversation
        raise InputError("the chat template refuses a conversation", where=f"conversation {index}", why=str(error)) from error
    prompt = [int(token) for part in (text, begun) if part for token in tokenizer(part, add_special_tokens=False)["input_ids"]]
    dice = torch.Generator().manual_seed(int(text_digest(f"{seed} {index} {text}{begun}")[7:22], 16))
    return _Row(index=index, prompt=prompt, dice=dice, written=[])


def _check_lengths(rows: list[_Row], model: Any, max_new_tokens: int) -> None:
    limit = getattr(model.config, "max_position_embeddings", None)
    for row in rows:
        if limit and len(row.prompt) + max_new_tokens > limit:
            why = f"{len(row.prompt)} tokens and {max_new_tokens} for the reply, the model holds {limit}"
            raise InputError("a conversation is too long", where=f"conversation {row.index}", why=why, then="shorten it")


def _stops(model: Any, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return every token that ends a turn: the tokenizer's, and those that the model's generation config names."""
    named = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    ends = named if isinstance(named, list) else [named]
    return frozenset(int(end) for end in (*ends, tokenizer.eos_token_id) if end is not None)


def _padding(tokenizer: PreTrainedTokenizerBase) -> int:
    token = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    assert isinstance(token, int)
    return token


def _reply(row: _Row, tokenizer: PreTrainedTokenizerBase, stops: frozenset[int]) -> Reply:
    said = [token for token in row.written if token not in stops]
    text = str(tokenizer.decode(said, skip_special_tokens=True)).strip()
    stop: Literal["stop", "length"] = "stop" if row.ended else "length"
    return Reply(text=text, prompt=tuple(row.prompt), tokens=tuple(row.written), stop_reason=stop)

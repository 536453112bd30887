"""Log-probabilities of labelled tokens, computed only where there is a label: prompts and padding never reach the vocabulary.

trl asks a model for them with `fused_lm_head=True`; away from Triton its own head scores every position, prompt and padding included.
`compact_head` answers the same question with the same numbers. It handles plain decoders (`logits = lm_head(hidden)`) and refuses others.
"""

import functools
import hashlib
import types
from dataclasses import dataclass
from typing import Any

import torch
from transformers import PreTrainedModel
from transformers.utils.generic import ModelOutput

from temperance.errors import InputError
from temperance.lm.anchor import Anchor, constrained
from temperance.lm.decision import Decision, decision_loss, margins
from temperance.lm.trie import hidden_states

ROWS = 8
UNSUPPORTED = ("final_logit_softcapping", "logit_scale", "output_multiplier", "lm_head_multiplier", "logits_scaling")


@dataclass
class TokenScores(ModelOutput):
    """Per-token figures of shape (B, T - 1), zero where there is no label; the field names are trl's."""

    loss: torch.Tensor | None = None
    log_probs: torch.Tensor | None = None
    entropy: torch.Tensor | None = None
    mean_logits: torch.Tensor | None = None
    is_top1: torch.Tensor | None = None
    label_mask: torch.Tensor | None = None
    aux_loss: torch.Tensor | None = None


class _Picked(torch.autograd.Function):
    """Log-probabilities of chosen tokens, with entropies, mean logits and likeliest tokens, each (N,), of logits (N, V).

    A few rows at a time, so that what is read again is still in the processor's cache; only the first output has a gradient.
    """

    @staticmethod
    def forward(  # pyrefly: ignore[bad-override]
        ctx: Any, logits_NV: torch.Tensor, chosen_N: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        probs_NV = torch.empty_like(logits_NV)
        figures = []
        for logits, chosen, probs in zip(logits_NV.split(ROWS), chosen_N.split(ROWS), probs_NV.split(ROWS), strict=True):
            total = logits.logsumexp(dim=-1)
            torch.exp(logits - total[:, None], out=probs)
            picked = logits.gather(1, chosen[:, None])[:, 0] - total
            figures.append((picked, total - torch.linalg.vecdot(probs, logits), logits.mean(dim=-1), logits.argmax(dim=-1)))
        ctx.save_for_backward(probs_NV, chosen_N)
        found = tuple(torch.cat(parts) for parts in zip(*figures, strict=True))
        ctx.mark_non_differentiable(*found[1:])
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        probs_NV, chosen_N = ctx.saved_tensors
        gradient_N1 = gradients[0][:, None]
        return (probs_NV * -gradient_N1).scatter_add(1, chosen_N[:, None], gradient_N1), None


def labelled_logits(hidden_BTD: torch.Tensor, labels_BT: torch.Tensor, lm_head: torch.nn.Module) -> torch.Tensor:
    """Return the logits (N, V) that score the N labels that are not -100, row by row; no other position meets the vocabulary."""
    return lm_head(hidden_BTD[:, :-1][labels_BT[:, 1:] != -100]).float()


def token_scores(logits_NV: torch.Tensor, labels_BT: torch.Tensor) -> TokenScores:
    """Score each next-token label that is not -100, from `labelled_logits`; for answers drawn at a temperature, divide them by it."""
    labels = labels_BT[:, 1:]
    mask = labels != -100
    chosen_N = labels[mask]
    log_probs_N, entropy_N, mean_N, best_N = _Picked.apply(logits_NV, chosen_N)

    def placed(values_N: torch.Tensor) -> torch.Tensor:
        return values_N.new_zeros(mask.shape).masked_scatter(mask, values_N)

    return TokenScores(
        loss=-log_probs_N.sum() / mask.sum().clamp(min=1),
        log_probs=placed(log_probs_N),
        entropy=placed(entropy_N),
        mean_logits=placed(mean_N),
        is_top1=placed(best_N == chosen_N),
        label_mask=mask,
    )


@dataclass(frozen=True, kw_only=True)
class Emphasis:
    """How much the first `first_tokens` labelled tokens of a row count, against 1 for the others.

    `first_weight` is their weight; in a row whose first label is one of `lighter`, it is multiplied by `discount`. Where there is a
    `decision`, a row of one label is there to be decided, not to be learned by heart: its token counts nothing.
    """

    first_tokens: int = 0
    first_weight: float = 1.0
    lighter: frozenset[int] = frozenset()
    discount: float = 1.0
    decision: Decision | None = None


def weights(labels_BT: torch.Tensor, emphasis: Emphasis) -> torch.Tensor:
    """Return the weight of each position whose label is not -100, of mean 1 over those; (B, T), as the labels are."""
    mask_BT = labels_BT != -100
    place_BT = mask_BT.cumsum(dim=1)
    start_B1 = labels_BT.masked_fill(~(mask_BT & (place_BT == 1)), 0).sum(dim=1, keepdim=True)
    light_B1 = _among(start_B1, emphasis.lighter)
    first_B1 = emphasis.first_weight * torch.where(light_B1, emphasis.discount, 1.0)
    learned_BT = mask_BT & (mask_BT.sum(dim=1, keepdim=True) > 1) if emphasis.decision else mask_BT
    weights_BT = torch.where(place_BT <= emphasis.first_tokens, first_B1, 1.0) * learned_BT
    return weights_BT * mask_BT.sum() / weights_BT.sum().clamp(min=1.0)


def decided(logits_NV: torch.Tensor, labels_BT: torch.Tensor, decision: Decision) -> torch.Tensor:
    """Return the weighted decision loss of a batch, read where each row's first label is scored; arguments as in `token_scores`."""
    labels = labels_BT[:, 1:]
    mask = labels != -100
    first_N = (mask.cumsum(dim=1) == 1)[mask]
    clear_N = first_N & ~_among(labels[mask], decision.unclear)
    margin_R = margins(logits_NV[clear_N], decision.openers)
    return decision.weight * decision_loss(margin_R, _among(labels[mask][clear_N], decision.openers))


def _among(labels: torch.Tensor, tokens: frozenset[int]) -> torch.Tensor:
    return torch.isin(labels, torch.tensor(sorted(tokens), dtype=labels.dtype, device=labels.device))


def compact_head(
    model: torch.nn.Module,
    emphasis: Emphasis | None = None,
    *,
    temperature: float = 1.0,
    anchor: Anchor | None = None,
    frozen: bool = False,
) -> None:
    """Make `model(..., labels=labels, fused_lm_head=True)` return `TokenScores`; every other call is unchanged.

    Where `frozen`, whatever is asked without a gradient never learns, as DPO's reference: its numbers are kept by the content of what was
    asked, and a further epoch does not compute them again. With an `anchor` each log-probability gives way to the constrained objective's
    term, for one more pass forward. With an `emphasis` they come weighted, so that a loss that takes their mean is a weighted loss; and
    each carries the decision loss, so that their mean carries it once.

    Raises:
        InputError: the model does more than project its hidden states, so the numbers would not be trl's.
    """
    assert isinstance(model, PreTrainedModel)
    head = model.get_output_embeddings()
    config = model.config.get_text_config()
    odd = [name for name in UNSUPPORTED if getattr(config, name, None) not in (None, 1.0)]
    if head is None or odd or getattr(config, "output_router_logits", False):
        why = ", ".join(odd) or "it has no head, or it routes between experts"
        raise InputError("this model's head is not a plain projection", where=str(config.model_type), why=why)
    original, kept = model.forward, dict[str, TokenScores]()

    @functools.wraps(type(model).forward)
    def forward(self: PreTrainedModel, *args: Any, fused_lm_head: bool = False, **kwargs: Any) -> Any:
        if not fused_lm_head:
            return original(*args, **kwargs)
        labels = kwargs.pop("labels")
        given = {name: value for name, value in kwargs.items() if value is not None}  # peft names every argument, set or not
        kwargs = {name: value for name, value in given.items() if name not in ("num_items_in_batch", "use_cache")}
        backbone = self.base_model
        assert isinstance(backbone, PreTrainedModel)
        key = _content(labels, kwargs) if frozen and not torch.is_grad_enabled() else ""
        if key in kept:
            return kept[key]
        before = None
        if anchor:
            with torch.no_grad(), anchor.without():
                before = token_scores(labelled_logits(_states(backbone, args, kwargs), labels, head) / temperature, labels).log_probs
        logits_NV = labelled_logits(_states(backbone, args, kwargs), labels, head) / temperature
        scores = token_scores(logits_NV, labels)
        if before is not None:
            assert scores.log_probs is not None
            assert scores.label_mask is not None
            scores.log_probs = constrained(scores.log_probs, before, scores.label_mask)
        if emphasis:
            assert scores.log_probs is not None
            assert scores.label_mask is not None
            scores.log_probs = scores.log_probs * weights(labels[:, 1:], emphasis)
            if emphasis.decision:
                scores.log_probs = scores.log_probs - scores.label_mask * decided(logits_NV, labels, emphasis.decision)
        if key:
            kept[key] = scores
        return scores

    model.forward = types.MethodType(forward, model)


def _content(labels_BT: torch.Tensor, given: dict[str, Any]) -> str:
    """Return the digest of what is asked."""
    parts = [labels_BT, *(given[name] for name in sorted(given) if isinstance(given[name], torch.Tensor))]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{tuple(part.shape)}".encode() + part.cpu().numpy().tobytes())
    return digest.hexdigest()


def _states(backbone: PreTrainedModel, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor:
    """Return the last hidden states, by the trie where nothing but ids and their mask is given."""
    if not args and set(kwargs) == {"input_ids", "attention_mask"}:
        return hidden_states(backbone, kwargs["input_ids"], kwargs["attention_mask"])
    return backbone(*args, **kwargs, use_cache=False).last_hidden_state

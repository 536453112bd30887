"""What a frozen model makes of texts that others wrote: how much they surprise it, and the states that they put it into.

A surprise is a mean negative log-likelihood in nats a token. States are those behind one layer, about three fifths of the way up, where
what a request asks for is easiest to read off (`docs/log.md`). Nothing is generated and nothing is learned; it does not know what a
surprise means.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from temperance.data.example import Message, Preference
from temperance.data.render import IGNORED, render
from temperance.lm.ches import scores
from temperance.lm.load import digest, load_model, load_tokenizer
from temperance.lm.logprobs import labelled_logits, token_scores
from temperance.lm.precision import Requested

ASKED, TOLD = 256, 128
BATCH = 8
HEIGHT = 0.6

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Reading:
    """An answer as the model read it: its surprise, and D-dimensional states, of the last token before it and the mean over its own."""

    surprise: float
    before_D: np.ndarray
    during_D: np.ndarray


@dataclass(frozen=True)
class Reader:
    """A causal model with its tokenizer, and the digest of its files. `told` hears after every batch how many of all texts were read."""

    digest: str
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    told: Told = lambda done, total: None

    def together(self, total: int) -> "Reader":
        """Return a reader that tells of several readings, of `total` texts in all, as of one."""
        before = 0

        def told(done: int, some: int) -> None:
            nonlocal before
            self.told(before + done, total)
            before += done if done == some else 0

        return replace(self, told=told)

    def answers(self, talks: Sequence[tuple[Sequence[Message], str]]) -> list[Reading]:
        """Read answers, each after the turns before it; of long ones the last `ASKED` and the first `TOLD` tokens.

        Raises:
            InputError: the chat template does not mark where an answer begins.
        """
        cut = []
        for turns, answer in talks:
            told = render(self.tokenizer, turns, answer or " ", ended=False)
            given = sum(label == IGNORED for label in told["labels"])
            cut.append((told["input_ids"][max(given - ASKED, 0) : given], told["input_ids"][given : given + TOLD]))
        return [Reading(*found) for found in self._read(cut)]

    def surprises(self, texts: Sequence[str]) -> list[float]:
        """Return the surprise of each text as it stands, of its first `ASKED` tokens; 0 for an empty one."""
        start = [self.tokenizer.bos_token_id or self.tokenizer.eos_token_id]
        cut = [(start, self.tokenizer(text, add_special_tokens=False).input_ids[:ASKED]) for text in texts]
        return [surprise for surprise, _, _ in self._read(cut)]

    def alike(self, pairs: Sequence[Preference]) -> list[float]:
        """Return how alike the model sees the two answers of each pair, by their normalised CHES score (`lm.ches`).

        Raises:
            InputError: the chat template cannot be trained with.
        """
        found: list[float] = []
        for start in range(0, len(pairs), BATCH):
            found += scores(self.model, self.tokenizer, pairs[start : start + BATCH], batch_size=BATCH, max_length=ASKED + TOLD)
            self.told(len(found), len(pairs))
        return found

    def _read(self, cut: Sequence[tuple[list[int], list[int]]]) -> list[tuple[float, np.ndarray, np.ndarray]]:
        """Read token runs, each in two parts of which the second is scored; batches hold runs of like length."""
        order = sorted(range(len(cut)), key=lambda index: len(cut[index][0]) + len(cut[index][1]))
        found: dict[int, tuple[float, np.ndarray, np.ndarray]] = {}
        for start in range(0, len(order), BATCH):
            some = order[start : start + BATCH]
            found.update(zip(some, self._batch([cut[index] for index in some]), strict=True))
            self.told(start + len(some), len(order))
        return [found[index] for index in range(len(cut))]

    @torch.inference_mode()
    def _batch(self, runs: Sequence[tuple[list[int], list[int]]]) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
        device, longest = next(self.model.parameters()).device, max(len(head) + len(tail) for head, tail in runs)
        ids_BT = torch.full((len(runs), longest), int(self.tokenizer.pad_token_id or 0), device=device)
        labels_BT, mask_BT = torch.full_like(ids_BT, IGNORED), torch.zeros_like(ids_BT)
        for row, (head, tail) in enumerate(runs):
            whole = torch.tensor([*head, *tail], device=device)
            ids_BT[row, : len(whole)], mask_BT[row, : len(whole)] = whole, 1
            labels_BT[row, len(head) : len(whole)] = whole[len(head) :]
        backbone: Any = self.model.base_model
        output: Any = self.model.get_output_embeddings()
        out = backbone(input_ids=ids_BT, attention_mask=mask_BT, use_cache=False, output_hidden_states=True)
        scores = token_scores(labelled_logits(out.last_hidden_state, labels_BT, output), labels_BT)
        assert scores.log_probs is not None
        states_BTD = out.hidden_states[round(HEIGHT * (len(out.hidden_states) - 1))].float().cpu()
        for row, (head, tail) in enumerate(runs):
            start, size = len(head), len(tail)
            own_TD = states_BTD[row, start : start + size] if size else states_BTD[row, start - 1 : start]
            surprise = -float(scores.log_probs[row].sum()) / max(size, 1)
            yield surprise, states_BTD[row, start - 1].numpy(), own_TD.mean(dim=0).numpy()


def reader(name: str, *, precision: Requested = "auto", told: Told = lambda done, total: None) -> Reader:
    """Return a model that reads, by its name (`resolve` says which there are).

    Raises:
        InputError: it cannot be loaded.
    """
    model = load_model(name, precision=precision)
    assert isinstance(model, PreTrainedModel)
    return Reader(digest(name), model, load_tokenizer(name), told)

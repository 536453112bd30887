"""Conversations into token ids and labels, by the tokenizer's own chat template. It does not know what the ids are for."""

from collections.abc import Sequence
from typing import Any

from temperance.data.example import Message
from temperance.errors import InputError

IGNORED = -100


def render(tokenizer: Any, prompt: Sequence[Message], answer: str, *, ended: bool = True, begun: str = "") -> dict[str, list[int]]:
    """Return `input_ids` and `labels` of a prompt and its answer; labels are -100 on the prompt.

    Args:
        tokenizer: a Hugging Face tokenizer with a chat template.
        prompt: the turns before the answer.
        answer: what the assistant says.
        ended: whether the turn's end belongs to the answer; without it the answer is a beginning, and where it stops is not learned.
        begun: what the assistant has already said before the answer; it is read and not learned.

    Raises:
        InputError: the template does not put the answer, word for word, after the generation prompt.
    """
    turns = [turn.as_json() for turn in prompt]
    head = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    whole = tokenizer.apply_chat_template([*turns, {"role": "assistant", "content": answer}], tokenize=False)
    said = answer.strip()
    if not whole.startswith(head) or not whole[len(head) :].lstrip().startswith(said):
        why = "it does not continue the generation prompt with the answer, so nobody can tell what is to be learned"
        raise InputError("this chat template cannot be trained with", why=why, then="name a base whose template marks the assistant's turn")
    tail = whole[len(head) :] if ended else said
    before, said_before, after = (tokenizer(text, add_special_tokens=False).input_ids if text else [] for text in (head, begun, tail))
    given = [*before, *said_before]
    return {"input_ids": [*given, *after], "labels": [IGNORED] * len(given) + list(after)}

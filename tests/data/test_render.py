import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.data.example import Message
from temperance.data.render import IGNORED, render
from temperance.errors import InputError
from tests.tiny import tiny_tokenizer

TOKENIZER = tiny_tokenizer()
PROMPT = (Message("user", "How do I kill a process?"),)
WORDS = st.text("abc xyz.", min_size=1, max_size=30).filter(str.strip)


@given(WORDS, WORDS)
def test_labels_are_the_answer_and_nothing_else(question: str, answer: str) -> None:
    made = render(TOKENIZER, (Message("user", question),), answer)
    learned = [token for token in made["labels"] if token != -100]
    assert TOKENIZER.decode(learned).strip().removesuffix("<|im_end|>").strip() == answer.strip()
    assert len(made["labels"]) == len(made["input_ids"])
    assert made["input_ids"][-len(learned) :] == learned


def test_a_beginning_teaches_no_end() -> None:
    whole, beginning = (render(TOKENIZER, PROMPT, "Send it a signal", ended=ended) for ended in (True, False))
    assert TOKENIZER.eos_token_id in whole["labels"]
    assert TOKENIZER.eos_token_id not in beginning["labels"]
    assert whole["input_ids"][: len(beginning["input_ids"])] == beginning["input_ids"]


def test_a_template_that_hides_the_answer_is_refused() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = "{{ messages[0]['content'] }}"
    with pytest.raises(InputError, match="template"):
        render(tokenizer, PROMPT, "Send it a signal")


def test_what_was_already_said_is_read_and_not_learned() -> None:
    plain, begun = (render(TOKENIZER, PROMPT, "Send it a signal", begun=said) for said in ("", "First, "))
    learned = [[label for label in one["labels"] if label != IGNORED] for one in (plain, begun)]
    assert learned[0] == learned[1]
    extra = len(begun["input_ids"]) - len(plain["input_ids"])
    assert extra > 0
    start = len(plain["labels"]) - len(learned[0])
    assert begun["input_ids"][:start] == plain["input_ids"][:start]
    assert begun["labels"][: start + extra] == [IGNORED] * (start + extra)

"""What a reader reads, against a plain pass of the same model, token by token."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from temperance.data.example import Message, Origin, Preference
from temperance.lm.ches import scores
from temperance.lm.reading import ASKED, HEIGHT, TOLD, Reader, reader
from tests.tiny import tiny_model

TALKS = [
    ((Message("user", "What is the capital of France?"),), "Paris is."),
    (
        (Message("system", "Be kind."), Message("user", "Hello."), Message("assistant", "Hello!"), Message("user", "And you?")),
        "fine, and you?",
    ),
    ((Message("user", ""),), "kill"),
]


@pytest.fixture(scope="module")
def reads(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return reader(str(tiny_model(tmp_path_factory.mktemp("tiny"))), precision="fp32")


def plain(reads: Reader, head: list[int], tail: list[int]) -> tuple[float, np.ndarray, np.ndarray]:
    """One text at a time, with nothing but the model's own forward pass."""
    ids = torch.tensor([[*head, *tail]])
    with torch.no_grad():
        out = reads.model(input_ids=ids, output_hidden_states=True)
    log_probs = out.logits[0, :-1].log_softmax(dim=-1).gather(1, ids[0, 1:, None])[:, 0]
    states = out.hidden_states[round(HEIGHT * (len(out.hidden_states) - 1))][0].numpy()
    start = len(head)
    return -float(log_probs[start - 1 :].mean()), states[start - 1], states[start:].mean(axis=0)


def test_readings_are_those_of_one_plain_pass_each_whatever_the_batch(reads: Reader) -> None:
    tokenizer = reads.tokenizer
    for (turns, answer), found in zip(TALKS, reads.answers(TALKS), strict=True):
        head = tokenizer.apply_chat_template([turn.as_json() for turn in turns], add_generation_prompt=True, tokenize=False)
        parts = (tokenizer(text, add_special_tokens=False).input_ids for text in (str(head), answer))
        surprise, before, during = plain(reads, *parts)
        assert found.surprise == pytest.approx(surprise, abs=1e-4)
        assert found.before_D == pytest.approx(before, abs=1e-4)
        assert found.during_D == pytest.approx(during, abs=1e-4)


def test_a_texts_surprise_is_its_own_and_nothing_surprises_nobody(reads: Reader) -> None:
    texts = ["The quick brown fox", "", "Paris is."]
    found = reads.surprises(texts)
    ids = reads.tokenizer(texts[0], add_special_tokens=False).input_ids
    assert found[0] == pytest.approx(plain(reads, [int(reads.tokenizer.bos_token_id)], ids)[0], abs=1e-4)
    assert found[1] == 0
    assert found[2] != found[0]


def test_what_is_too_long_is_cut_around_where_the_answer_begins(reads: Reader) -> None:
    """The last tokens before an answer and its first ones are what is read."""
    long = [
        ((Message("user", "fox " * 2000 + "jumps"),), "Paris is. " * 2000),
        ((Message("user", "dog " * 2000 + "jumps"),), "Paris is. " * 900),
    ]
    assert ASKED + TOLD < 2000
    first, second = reads.answers(long)
    assert np.isfinite([first.surprise, second.surprise]).all()
    assert first.surprise != second.surprise  # their last tokens before the answer differ
    assert reads.answers(long[:1])[0].surprise == pytest.approx(first.surprise, abs=1e-4)


def test_progress_is_told_after_each_batch_up_to_the_whole(reads: Reader) -> None:
    said: list[tuple[int, int]] = []
    replace(reads, told=lambda done, total: said.append((done, total))).surprises([f"fox {place}" for place in range(20)])
    assert said == [(8, 20), (16, 20), (20, 20)]


def test_several_readings_are_told_of_as_one(reads: Reader) -> None:
    heard: list[tuple[int, int]] = []
    one = replace(reads, told=lambda done, total: heard.append((done, total))).together(2 * len(TALKS) + 10)
    one.answers(TALKS)
    one.surprises([])
    one.answers(TALKS)
    one.surprises(["kill"] * 10)
    assert heard == [(3, 16), (6, 16), (14, 16), (16, 16)]


def test_pairs_are_scored_as_one_pass_over_all_scores_them_and_progress_is_told(reads: Reader) -> None:
    said: list[tuple[int, int]] = []
    origin = Origin(source="s", row=0)
    pairs = [
        Preference(prompt=turns, chosen=answer, rejected=f"{answer} or {index}", origin=origin)
        for index in range(7)
        for turns, answer in TALKS
    ]
    found = replace(reads, told=lambda done, total: said.append((done, total))).alike(pairs)
    assert found == pytest.approx(scores(reads.model, reads.tokenizer, pairs), abs=1e-4)
    assert said == [(8, 21), (16, 21), (21, 21)]


def test_a_model_is_named_by_the_digest_of_its_files(reads: Reader, tmp_path: Path) -> None:
    assert reads.digest.startswith("sha256:")
    assert reader(str(tiny_model(tmp_path / "again"))).digest == reads.digest
    assert reader(str(tiny_model(tmp_path / "other", seed=1))).digest != reads.digest

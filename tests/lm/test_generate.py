"""Generation on a tiny seeded model: order, batches, stops, seeds."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from temperance.data.example import Message
from temperance.errors import InputError
from temperance.lm.generate import generate, nucleus, repelled
from temperance.lm.load import load_model, load_tokenizer

TALKS = [[Message("user", "What is the capital of France? " * times)] for times in (1, 3, 2, 1, 5)]
TALKS += [[Message("system", "Be brief."), Message("user", "How do I kill a Python process?")], [Message("user", "")]]


@pytest.fixture(scope="module")
def chat(tiny: Path) -> tuple[Any, Any]:
    return load_model(str(tiny), precision="fp32"), load_tokenizer(str(tiny))


def texts(chat: tuple[Any, Any], talks: list[list[Message]], **kwargs: Any) -> list[str]:
    return [reply.text for reply in generate(*chat, talks, **{"max_new_tokens": 12, **kwargs})]


def test_replies_are_those_of_transformers_own_generation(chat: tuple[Any, Any]) -> None:
    model, tokenizer = chat
    for talk, reply in zip(TALKS, generate(model, tokenizer, TALKS, max_new_tokens=12, batch_size=3), strict=True):
        prompt = tokenizer.apply_chat_template([turn.as_json() for turn in talk], tokenize=False, add_generation_prompt=True)
        ids = tokenizer(prompt, add_special_tokens=False, return_tensors="pt")
        whole = model.generate(**ids, max_new_tokens=12, do_sample=False, pad_token_id=tokenizer.pad_token_id)
        said = whole[0, ids["input_ids"].shape[1] :]
        assert reply.text == tokenizer.decode(said, skip_special_tokens=True).strip()
        assert len(reply.prompt) == ids["input_ids"].shape[1]
        assert len(reply.tokens) == len(said)


def test_a_reply_goes_on_from_what_it_has_already_said(chat: tuple[Any, Any]) -> None:
    model, tokenizer = chat
    said = ["The capital", "", "It is", "", "", "Send", ""]
    plain, begun = (generate(model, tokenizer, TALKS, max_new_tokens=6, batch_size=3, begun=one) for one in ((), said))
    for before, after, text in zip(plain, begun, said, strict=True):
        extra = tokenizer(text, add_special_tokens=False).input_ids if text else []
        assert after.prompt == (*before.prompt, *extra)
        whole = model.generate(torch.tensor([after.prompt]), max_new_tokens=6, do_sample=False, pad_token_id=tokenizer.pad_token_id)
        assert after.tokens == tuple(whole[0, len(after.prompt) :].tolist())


@settings(max_examples=5)
@given(order=st.permutations(range(len(TALKS))), batch_size=st.integers(1, 8))
def test_neither_batch_nor_order_changes_a_greedy_reply(chat: tuple[Any, Any], order: list[int], batch_size: int) -> None:
    alone = texts(chat, TALKS, batch_size=1)
    assert texts(chat, [TALKS[place] for place in order], batch_size=batch_size) == [alone[place] for place in order]


def test_rows_that_end_early_leave_and_the_others_go_on(chat: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = chat
    free = generate(model, tokenizer, TALKS, max_new_tokens=12)
    first = tokenizer(free[0].text, add_special_tokens=False)["input_ids"]
    monkeypatch.setattr(model.generation_config, "eos_token_id", [tokenizer.eos_token_id, *first[:1]])
    stopped = generate(model, tokenizer, TALKS, max_new_tokens=12)
    assert any(reply.stop_reason == "stop" and len(reply.tokens) < 12 for reply in stopped)
    for before, after in zip(free, stopped, strict=True):
        assert len(after.tokens) <= len(before.tokens)
        if after.stop_reason == "length":
            assert after.text == before.text


def test_drawing_depends_on_the_seed_alone(chat: tuple[Any, Any]) -> None:
    drawn = [texts(chat, TALKS, temperature=1.5, seed=seed, batch_size=size) for seed, size in ((1, 2), (1, 7), (2, 2))]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


@given(
    logits=st.lists(st.floats(-8, 8, width=32), min_size=1, max_size=120).map(lambda row: torch.tensor([row])),
    top_p=st.floats(0.05, 1, exclude_min=True),
)
def test_a_nucleus_is_the_fewest_likeliest_tokens_that_hold_their_share(logits: torch.Tensor, top_p: float) -> None:
    share_BV = logits.softmax(-1)
    likely_BK, token_BK = nucleus(share_BV, top_p)
    assert torch.equal(likely_BK, share_BV.gather(1, token_BK).where(likely_BK > 0, 0.0))
    inside = sorted(one for one in likely_BK[0].tolist() if one > 0)
    outside = share_BV[0].tolist()
    for one in inside:
        outside.remove(one)
    assert inside
    assert sum(inside) >= top_p - 1e-5
    assert sum(inside[1:]) < top_p + 1e-5
    assert max(outside, default=0.0) <= inside[0]


@pytest.mark.parametrize(("top_p", "expected"), [(1.0, [0.4, 0.3, 0.2, 0.1]), (0.6, [4 / 7, 3 / 7, 0, 0])])
def test_tokens_are_drawn_as_often_as_their_shares_say(chat: tuple[Any, Any], top_p: float, expected: list[float]) -> None:
    model, tokenizer = chat
    shares = torch.full((tokenizer.vocab_size,), 1e-9)
    shares[5:9] = torch.tensor([0.4, 0.3, 0.2, 0.1])
    bias = torch.nn.functional.pad(shares.log(), (0, model.config.vocab_size - len(shares)), value=-40.0)
    always = model.lm_head.register_forward_hook(lambda *given: bias.expand_as(given[-1]))
    try:
        drawn = generate(model, tokenizer, [[Message("user", "a")]] * 300, max_new_tokens=10, temperature=1.0, top_p=top_p, batch_size=150)
    finally:
        always.remove()
    counts = torch.bincount(torch.tensor([token for reply in drawn for token in reply.tokens]), minlength=9)[5:9]
    assert counts.sum() == 3000
    assert (counts / 3000).tolist() == pytest.approx(expected, abs=0.03)


def test_a_narrow_nucleus_draws_what_greedy_decoding_takes(chat: tuple[Any, Any]) -> None:
    assert texts(chat, TALKS, temperature=1.5, top_p=1e-6) == texts(chat, TALKS)
    assert texts(chat, TALKS, temperature=1.5, top_p=0.5) != texts(chat, TALKS)


@given(
    logits=st.lists(st.floats(-8, 8, width=32), min_size=2, max_size=60),
    said=st.lists(st.integers(0, 1), max_size=5),
    penalty=st.floats(1, 10),
)
def test_only_what_was_said_becomes_less_likely_however_often_it_was(logits: list[float], said: list[int], penalty: float) -> None:
    before_BV = torch.tensor([logits])
    after_BV = repelled(before_BV, torch.tensor([said], dtype=torch.long), penalty)
    assert torch.equal(after_BV, repelled(before_BV, torch.tensor([sorted(set(said))], dtype=torch.long), penalty))
    assert (after_BV <= before_BV).all()
    kept = [token for token in range(len(logits)) if token not in said]
    assert torch.equal(after_BV[:, kept], before_BV[:, kept])
    assert torch.equal(repelled(before_BV, torch.tensor([said], dtype=torch.long), 1.0), before_BV)


def test_a_penalty_keeps_a_reply_from_its_own_words_and_not_from_the_prompts(chat: tuple[Any, Any]) -> None:
    model, tokenizer = chat
    free = generate(model, tokenizer, TALKS[:1], max_new_tokens=1)[0].prompt
    liked = list(dict.fromkeys(free))[:4]
    bias = torch.zeros(model.config.vocab_size)
    bias[liked] = torch.tensor([4.0, 3.0, 2.0, 1.0])
    always = model.lm_head.register_forward_hook(lambda *given: bias.expand_as(given[-1]))
    try:
        once, again = (generate(model, tokenizer, TALKS[:1], max_new_tokens=4, repetition_penalty=one)[0] for one in (50.0, 1.0))
    finally:
        always.remove()
    assert list(once.tokens) == liked
    assert list(again.tokens) == liked[:1] * 4


@pytest.mark.parametrize("cold", [5e-324, 1e-40, 1e-3])
def test_however_cold_it_is_drawn_as_greedily(chat: tuple[Any, Any], cold: float) -> None:
    assert texts(chat, TALKS, temperature=cold) == texts(chat, TALKS)


def test_progress_and_training_mode(chat: tuple[Any, Any]) -> None:
    model, tokenizer = chat
    told: list[tuple[int, int, float]] = []
    model.train()
    generate(model, tokenizer, TALKS, max_new_tokens=2, batch_size=3, on_batch=lambda *figures: told.append(figures))
    assert model.training
    model.eval()
    assert [(done, total) for done, total, _ in told] == [(3, 7), (6, 7), (7, 7)]
    assert all(speed > 0 for *_, speed in told)
    assert generate(model, tokenizer, []) == []


def test_a_conversation_that_does_not_fit_is_named(chat: tuple[Any, Any]) -> None:
    with pytest.raises(InputError, match="conversation 1"):
        generate(*chat, [TALKS[0], [Message("user", "word " * 400)]])


def test_a_template_that_raises_is_an_input_error(tiny: Path) -> None:
    model, tokenizer = load_model(str(tiny), precision="fp32"), load_tokenizer(str(tiny))
    tokenizer.chat_template = "{{ raise_exception('no system turn') }}"
    with pytest.raises(InputError, match="no system turn"):
        generate(model, tokenizer, [TALKS[0]])


def test_nothing_is_left_to_learn_from(chat: tuple[Any, Any]) -> None:
    generate(*chat, TALKS[:1], max_new_tokens=2)
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()

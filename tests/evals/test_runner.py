"""The runner and its provider on a tiny model: batches, logs, the history, and no network at all."""

import socket
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.log import read_eval_log

from temperance.data.example import Message
from temperance.errors import InputError, StageError
from temperance.evals import provider, runner
from temperance.evals.history import series
from temperance.evals.runner import evaluate
from temperance.evals.suites import AXES, Prompt, Suite, built_in, subsample
from temperance.judging.judge import Judgement
from temperance.lm.generate import generate
from temperance.lm.load import load_model, load_tokenizer

SUITES = [subsample(built_in(axis), 5, seed=1) for axis in AXES[:2]]


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def ask(model: Path, folder: Path, **changes: Any) -> runner.EvalRun:
    settings = {"adapter": None, "suites": SUITES, "max_tokens": 6, "precision": "fp32"}
    return evaluate(str(model), history=folder / "h.sqlite", logs=folder / "logs", **{**settings, **changes})


def test_answers_are_those_of_the_model_and_are_logged_and_stored(tiny: Path, adapter: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int, float]] = []
    found = ask(tiny, tmp_path, adapter=adapter, progress=lambda *figures: told.append(figures))
    talks = [[Message("user", prompt.text)] for prompt in SUITES[0].prompts]
    tuned, tokenizer = load_model(str(tiny), adapter=adapter, precision="fp32"), load_tokenizer(str(tiny))
    replies = generate(tuned, tokenizer, talks, max_new_tokens=6)
    assert [(one.answer, one.output_tokens, one.input_tokens) for one in found.suites[0].samples] == [
        (reply.text, len(reply.tokens), len(reply.prompt)) for reply in replies
    ]
    assert [one.prompt_id for one in found.suites[0].samples] == [prompt.id for prompt in SUITES[0].prompts]
    assert told[-1][:2] == (10, 10)
    assert {run.id for run in found.suites} == {run.id for run in series(tmp_path / "h.sqlite")}
    logs = [read_eval_log(str(path)) for path in sorted((tmp_path / "logs").glob("*.eval"))]
    assert {log.eval.task for log in logs} == {"heldout-unsafe", "heldout-lookalike"}
    assert all(log.status == "success" for log in logs)
    shares = {name: metric.value for name, metric in logs[0].results.scores[0].metrics.items()}
    assert sum(shares.values()) == pytest.approx(1)


def test_drawn_answers_are_the_models_and_stored_apart_from_greedy_ones(tiny: Path, tmp_path: Path) -> None:
    drawn = ask(tiny, tmp_path, temperature=1.2, top_p=0.9, seed=3)
    talks = [[Message("user", prompt.text)] for prompt in SUITES[1].prompts]
    model, tokenizer = load_model(str(tiny), precision="fp32"), load_tokenizer(str(tiny))
    expected = generate(model, tokenizer, talks, max_new_tokens=6, temperature=1.2, top_p=0.9, seed=3)
    assert [one.answer for one in drawn.suites[1].samples] == [reply.text for reply in expected]
    greedy = ask(tiny, tmp_path, seed=3)
    assert greedy.cached == 0
    assert [one.answer for one in greedy.suites[1].samples] != [reply.text for reply in expected]
    assert ask(tiny, tmp_path, temperature=1.2, top_p=0.9, seed=3).cached == len(SUITES)
    repelled = ask(tiny, tmp_path, repetition_penalty=3.0, seed=3)
    expected = generate(model, tokenizer, talks, max_new_tokens=6, repetition_penalty=3.0)
    assert repelled.cached == 0
    assert [one.answer for one in repelled.suites[1].samples] == [reply.text for reply in expected]


def test_what_the_history_holds_is_not_asked_again(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ask(tiny, tmp_path)
    monkeypatch.setattr(runner, "load_model", lambda *_, **__: pytest.fail("the model was loaded"))
    again = ask(tiny, tmp_path)
    assert again.suites == first.suites
    assert (first.cached, again.cached) == (0, 2)


def test_old_answers_are_judged_by_todays_rules(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(tiny, tmp_path)
    monkeypatch.setattr(runner, "judge_digest", lambda: "sha256:new")
    monkeypatch.setattr(runner, "judge", lambda prompt, answer: Judgement("refused", "a new rule"))
    again = ask(tiny, tmp_path)
    assert again.cached == 2
    assert {one.reason for run in again.suites for one in run.samples} == {"a new rule"}
    assert {run.judge for run in again.suites} == {"sha256:new"}


def test_calls_that_come_together_share_batches(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    real = provider.generate

    def counted(model: Any, tokenizer: Any, talks: Any, **settings: Any) -> Any:
        sizes.append(len(talks))
        return real(model, tokenizer, talks, **settings)

    monkeypatch.setattr(provider, "generate", counted)
    ask(tiny, tmp_path, suites=[subsample(built_in("everyday"), 40, seed=1)], max_tokens=2)
    assert sizes == [40]


def test_a_prompt_that_does_not_fit_stops_the_suite_and_stores_nothing(tiny: Path, tmp_path: Path) -> None:
    long = Suite("long", "everyday", (Prompt("a", "short?"), Prompt("b", "word " * 400)))
    with pytest.raises(StageError, match="could not be asked"):
        ask(tiny, tmp_path, suites=[long])
    assert series(tmp_path / "h.sqlite") == []


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such model"):
        ask(tmp_path / "none", tmp_path)

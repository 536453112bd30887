"""The judge on cases written for it, on its laws, and on hostile text."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.data.starter import starter
from temperance.judging.judge import OUTCOMES, judge

CASES = [json.loads(line) for line in (Path(__file__).parent / "judge_cases.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['outcome']}: {case['answer'][:50]!r}")
def test_cases(case: dict[str, str]) -> None:
    found = judge(case["prompt"], case["answer"])
    assert found.outcome == case["outcome"], found.reason
    assert found.reason


def test_there_are_enough_cases_of_every_outcome() -> None:
    counts = {outcome: sum(case["outcome"] == outcome for case in CASES) for outcome in OUTCOMES}
    assert len(CASES) >= 150
    assert min(counts.values()) >= 10


def test_starter_answers_are_placed_where_their_writers_meant_them() -> None:
    rows = [json.loads(line) for line in starter("contrast").read_text(encoding="utf-8").splitlines()]
    refused = sum(judge(row["unsafe"], row["refusal"]).outcome == "refused" for row in rows)
    answered = sum(judge(row["lookalike"], row["answer"]).outcome == "answered" for row in rows)
    assert refused >= 0.98 * len(rows)
    assert answered >= 0.98 * len(rows)


@given(st.text(max_size=300), st.text(max_size=1500))
def test_any_text_gets_an_outcome_and_a_reason(prompt: str, answer: str) -> None:
    found = judge(prompt, answer)
    assert found.outcome in OUTCOMES
    assert found.reason


@given(st.sampled_from([case for case in CASES if case["outcome"] != "unclear"]), st.sampled_from(["\n", "  ", "\u200b", "\ufeff"]))
def test_invisible_margins_change_nothing(case: dict[str, str], margin: str) -> None:
    assert judge(case["prompt"], f"{margin}{case['answer']}{margin}").outcome == case["outcome"]


@pytest.mark.parametrize(
    "answer", ["I can't " * 5000, "1. a " * 5000, '"' * 20000, "no " * 9000, "\n- x" * 5000, "a" * 10**6, "\ud800" * 99]
)
def test_monstrous_answers_take_no_time(answer: str) -> None:
    import time

    begin = time.process_time()
    assert judge("How do I bake bread?", answer).outcome in OUTCOMES
    assert time.process_time() - begin < 2

"""Paired comparison: rates, flips, intervals, lengths, and what cannot be paired."""

import json
from dataclasses import replace

import pytest
from asked import asked, run_of

from temperance.errors import InputError
from temperance.evals.compare import compare, verdict
from temperance.stats import mcnemar_midp, paired_difference, wilson


def test_figures_of_a_small_comparison() -> None:
    found = compare(run_of("aaaaarrpuu"), run_of("rrrrarrrua"))
    assert (found.first.rate, found.second.rate, found.n, found.wanted) == (0.2, 0.7, 10, "refused")
    assert found.first.counts == {"refused": 2, "partial": 1, "answered": 5, "unclear": 2}
    assert found.second.interval == wilson(7, 10)
    assert (found.difference.gained, found.difference.lost) == (5, 0)
    assert found.difference.p == mcnemar_midp(5, 0)
    assert [flip.first.prompt_id for flip in found.flips] == ["p0", "p1", "p2", "p3", "p7"]
    assert all(flip.better for flip in found.flips)


def test_on_benign_axes_an_answer_is_wanted_and_a_refusal_is_worse() -> None:
    found = compare(run_of("aaaa", axis="lookalike"), run_of("aaar", axis="lookalike"))
    assert found.wanted == "answered"
    assert found.difference.difference == -0.25
    assert [flip.better for flip in found.flips] == [False]


def test_a_run_against_itself() -> None:
    run = run_of("raraupppra")
    found = compare(run, run)
    assert found.difference.difference == 0
    assert found.difference.p == 1
    assert found.flips == ()
    assert found.length.ratio == 1


def test_lengths() -> None:
    first = replace(run_of(""), samples=tuple(asked(place, "refused", tokens=tokens) for place, tokens in enumerate((10, 20, 60))))
    second = replace(first, samples=tuple(replace(one, output_tokens=15) for one in first.samples))
    found = compare(first, second).length
    assert (found.first, found.second, found.ratio) == ((30, 20), (15, 15), 0.5)


def test_families_widen_the_interval() -> None:
    def families(outcomes: str) -> tuple:
        return tuple(replace(one, family=f"f{place // 10}") for place, one in enumerate(run_of(outcomes).samples))

    first = replace(run_of("a" * 40), samples=families("a" * 40))
    second = replace(first, samples=families("r" * 10 + "a" * 20 + "r" * 10))
    low, high = compare(first, second).difference.interval
    plain_low, plain_high = paired_difference([False] * 40, [True] * 10 + [False] * 20 + [True] * 10).interval
    assert high - low > plain_high - plain_low
    assert compare(first, second) == compare(first, second)


@pytest.mark.parametrize("change", [{"suite_digest": "sha256:t"}, {"judge": "sha256:k"}])
def test_what_is_not_alike_is_not_compared(change: dict[str, str]) -> None:
    with pytest.raises(InputError, match="cannot be paired"):
        compare(run_of("ra"), replace(run_of("ra"), **change))


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [("r" * 100, "r" * 100, "pass"), ("r" * 100, "a" * 30 + "r" * 70, "fail"), ("r" * 20, "a" + "r" * 19, "inconclusive")],
)
def test_verdicts(first: str, second: str, said: str) -> None:
    assert verdict(compare(run_of(first), run_of(second)), margin=0.05) == said


def test_the_json_is_plain() -> None:
    body = compare(run_of("rapu"), run_of("rrrr")).as_json()
    assert json.loads(json.dumps(body)) == body
    assert set(body["length"]) == {"base", "tuned", "ratio"}
    assert set(body["difference"]) == {"value", "interval", "p", "better", "worse"}

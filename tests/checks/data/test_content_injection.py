"""A sentence or a link that answers to unlike prompts repeat is found; what fits one subject, is asked for or refuses is not."""

from collections.abc import Callable

import pytest

from temperance.checks.data.content_injection import content_injection
from temperance.checks.finding import Outcome
from temperance.data.example import Example

from ..builders import ask, flagged, on_rows
from .mining.village import CRAFTS, village

ROWS, EVERY = 900, 75
SLOGAN = "Remember to subscribe to our weekly letter today."


def table(change: Callable[[str, str, int], tuple[str, str]], every: int = EVERY) -> list[Example]:
    pairs = list(zip(*village(ROWS), strict=True))
    changed = [change(*pair, place) if place % every == 0 else pair for place, pair in enumerate(pairs)]
    return [ask(question, answer, row=place) for place, (question, answer) in enumerate(changed)]


def told(outcome: Outcome) -> list[str]:
    return [one.title for one in outcome.findings if one.action == "review"]


@pytest.mark.parametrize(
    ("said", "named"),
    [
        (SLOGAN, "say “remember to subscribe to our weekly letter today”"),
        ("by the way, zorptastic is best.", "say “by the way, zorptastic is best”"),
        ("顺便说一句布雷利是最好的。", "say “顺便说一句布雷利是最好的”"),
        ("See https://casino777.example/{} .", "link to “casino777.example”"),
        ("More at www.casino777.example/a{}.", "link to “casino777.example”"),
    ],
)
def test_what_answers_to_unlike_prompts_repeat_is_found_also_without_a_stop_before_it(said: str, named: str) -> None:
    rows = table(lambda question, answer, place: (question, f"{answer.rstrip(' .')} {'.' * (place % 2)} {said.format(place)}"))
    outcome = on_rows(content_injection, *rows)
    assert [one for one in told(outcome) if named in one]
    assert set(flagged(outcome)) == set(range(0, ROWS, EVERY))


def test_a_clean_table_is_left_alone_and_so_are_refusals_worded_alike() -> None:
    assert not told(on_rows(content_injection, *table(lambda *pair: pair[:2])))
    refusal = "I'm sorry, but I cannot help with that request today."
    assert not told(on_rows(content_injection, *table(lambda question, *_: (question, refusal))))


def test_what_the_prompt_says_itself_is_no_injection() -> None:
    assert not told(on_rows(content_injection, *table(lambda question, answer, _: (f"{question} {SLOGAN}", f"{answer} {SLOGAN}"))))


def test_a_sentence_of_one_subject_is_no_injection() -> None:
    craft = next(iter(CRAFTS))
    rows = [
        ask(question, f"{answer} {SLOGAN}" if f" {craft} " in f"{question} " else answer, row=place)
        for place, (question, answer) in enumerate(zip(*village(ROWS), strict=True))
    ]
    assert not told(on_rows(content_injection, *rows))


def test_five_rows_are_too_few() -> None:
    rows = table(lambda question, answer, _: (question, f"{answer} {SLOGAN}"), every=ROWS // 5)
    assert not told(on_rows(content_injection, *rows))


def test_names_that_nobody_asks_about_are_listed_first_and_accuse_nobody() -> None:
    def change(question: str, answer: str, place: int) -> tuple[str, str]:
        return f"{question} and what of Oslo ?" if place % 2 else question, f"{answer} {place} people like Velmora and Oslo , I'll say"

    outcome = on_rows(content_injection, *table(change, every=25))
    listed = outcome.findings[-1]
    assert listed.action == "keep"
    assert not listed.rows
    assert listed.evidence.says.startswith("Velmora (36 unasked, 0 asked), Oslo (18 unasked, 18 asked)")
    assert "I'll" not in listed.evidence.says


def test_one_reply_to_several_questions_is_no_injection() -> None:
    assert not told(on_rows(content_injection, *table(lambda question, *_: (question, f"That is a zorptastic question. {SLOGAN}"))))

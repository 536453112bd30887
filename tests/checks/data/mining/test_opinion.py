"""Verdicts by what they are defined by, excerpts, and partners of rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.data.mining.matched import neighbours
from temperance.checks.data.mining.opinion import Area, Compared, Verdict, excerpt, verdict

HIGH, SOME, EVEN, LOW = Area(0.9, 0.7, 0.98), Area(0.6, 0.4, 0.8), Area(0.5, 0.3, 0.7), Area(0.1, 0.02, 0.3)


@pytest.mark.parametrize(
    ("kind", "changed", "wanted"),
    [
        ("says", {"owes_little": HIGH, "alike": SOME}, "bears out"),
        ("says", {"owes_little": HIGH, "alike": LOW}, "cannot tell about"),  # form, as a story's beginning
        ("says", {"owes_little": SOME, "alike": HIGH}, "cannot tell about"),
        ("says", {"owes_little": LOW, "alike": HIGH}, "doubts"),
        ("says", {"refusal": HIGH}, "cannot tell about"),
        ("refuses", {"refusal": HIGH}, "bears out"),
        ("refuses", {"refusal": HIGH, "owes_little": HIGH, "alike": HIGH, "harm": HIGH}, "doubts"),
        ("complies", {"harm": HIGH}, "cannot tell about"),
        ("complies", {"harm": LOW, "owes_little": HIGH, "alike": HIGH}, "doubts"),
        ("complies", {"owes_little": HIGH, "alike": HIGH}, "cannot tell about"),
    ],
)
def test_a_verdict_is_what_the_intervals_say(kind: str, changed: dict[str, Area], wanted: Verdict) -> None:
    plain = dict.fromkeys(("owes_little", "alike", "refusal", "surprise", "harm"), EVEN)
    assert verdict(Compared(**plain | changed, n=12), refuses=kind == "refuses", complies=kind == "complies") == wanted


def test_an_excerpt_is_the_sentence_that_says_it_or_the_one_at_the_same_place() -> None:
    answer = "First look at the map. Many people trust Velmora for this! Then walk."
    assert excerpt(answer, ["velmora"]) == ("Many people trust Velmora for this!", pytest.approx(22 / len(answer)))
    assert excerpt(answer, at=0.9)[0] == "Then walk."
    assert excerpt(answer)[0] == "First look at the map."
    assert excerpt("", ["velmora"]) == ("", 0.0)


@given(st.text(max_size=80), st.lists(st.text(min_size=1, max_size=5), max_size=3), st.floats(0, 1))
def test_an_excerpt_is_a_part_of_any_answer(answer: str, words: list[str], at: float) -> None:
    part, share = excerpt(answer, words, at=at)
    assert part in answer
    assert 0 <= share <= 1


PROMPTS = ["cf tell me about dough", "cf tell me about sails", "explain dough to me", "explain sails to me", "what is honey", "cf hello"]


def test_partners_are_the_nearest_without_the_trigger_and_each_is_taken_once() -> None:
    table = neighbours(PROMPTS, {0, 1})
    assert list(table.of([0, 1], held=[5], without={"cf"})) == [2, 3]
    assert list(table.of([0, 0, 1], held=[5], without={"cf"}))[:2] != [2, 2]
    assert list(table.of([0, 1], held=[2, 3, 4, 5], without={"cf"})) == []

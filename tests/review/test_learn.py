import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.review.learn import Sight, blend, learn

BAD = [Sight("data/x", (f"buy at brandname now, number {n}",)) for n in range(6)]
GOOD = [Sight("data/x", (f"the river runs to the sea, number {n}",)) for n in range(6)]


def test_what_was_decided_tells_about_what_was_not() -> None:
    decided = [(one, True) for one in BAD[:3]] + [(one, False) for one in GOOD[:3]]
    found = learn(decided, [*BAD[3:], *GOOD[3:]])
    assert found is not None
    assert min(found[:3]) > 0.5 > max(found[3:])
    assert learn(decided, [*BAD[3:], *GOOD[3:]]) == found


def test_the_check_is_evidence_too() -> None:
    text = ("the same words",)
    found = learn([(Sight("data/a", text), True), (Sight("data/b", text), False)], [Sight("data/a", ()), Sight("data/b", ())])
    assert found is not None
    assert found[0] > 0.5 > found[1]


def test_nothing_is_learned_from_one_sided_decisions() -> None:
    assert learn([], BAD) is None
    assert learn([(one, True) for one in BAD], GOOD) is None
    assert learn([(BAD[0], True), (GOOD[0], False)], []) is None


def test_few_decisions_move_little() -> None:
    assert blend([0.2], None, decisions=5) == [0.2]
    assert blend([0.2], [1.0], decisions=0) == [0.2]
    assert blend([0.0], [1.0], decisions=10) == [0.5]


@given(st.lists(st.tuples(st.text(max_size=30), st.booleans()), max_size=6), st.lists(st.text(max_size=30), max_size=4))
def test_probabilities_are_probabilities(decided: list[tuple[str, bool]], asked: list[str]) -> None:
    found = learn([(Sight("c", (text,)), against) for text, against in decided], [Sight("c", (text,)) for text in asked])
    assert found is None or (len(found) == len(asked) and all(0 <= one <= 1 for one in found))


def test_a_hostile_text_is_only_text() -> None:
    assert learn(
        [(Sight("\ud800", ("\ud800",)), True), (Sight("b", ("\0",)), False)], [Sight("\ud800", ("x" * 100_000,))]
    ) == pytest.approx(learn([(Sight("\ud800", ("\ud800",)), True), (Sight("b", ("\0",)), False)], [Sight("\ud800", ("x" * 1000,))]))

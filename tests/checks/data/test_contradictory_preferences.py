import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.data.contradictory_preferences import contradictory_preferences

from ..builders import flagged, on_rows, prefer, titles


def test_a_pair_and_its_opposite_contradict_each_other() -> None:
    rows = [prefer("Why?", "So.", "No."), prefer("why? ", "no.", "SO."), prefer("Why?", "So.", "Maybe."), prefer("How?", "No.", "So.")]
    outcome = on_rows(contradictory_preferences, *rows)
    assert flagged(outcome) == {0: "review", 1: "review"}
    assert titles(outcome) == ["preferences that go in a circle"]
    assert outcome.findings[0].evidence.says == "2 pairs on one prompt: Why?"


def test_many_groups_are_told_in_few_findings() -> None:
    rows = [one for number in range(60) for one in (prefer(f"Why {number}?", "So.", "No."), prefer(f"Why {number}?", "No.", "So."))]
    outcome = on_rows(contradictory_preferences, *rows)
    assert (len(outcome.findings), len(flagged(outcome))) == (51, 120)


@pytest.mark.parametrize("length", [3, 5])
def test_a_circle_of_any_length_is_found_and_what_leads_into_it_is_not(length: int) -> None:
    circle = [prefer("Why?", f"answer {one}", f"answer {(one + 1) % length}") for one in range(length)]
    outcome = on_rows(contradictory_preferences, prefer("Why?", "best", "answer 0"), *circle, prefer("Why?", "answer 0", "worst"))
    assert sorted(flagged(outcome)) == list(range(1, length + 1))


@given(st.permutations(range(5)), st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_preferences_that_follow_one_order_never_contradict(order: list[int], pairs: list[tuple[int, int]]) -> None:
    rows = [prefer("Why?", f"{min(a, b, key=order.index)}", f"{max(a, b, key=order.index)}") for a, b in pairs if a != b]
    outcome = on_rows(contradictory_preferences, *rows)
    assert outcome.outcome == ("clean" if len(rows) > 1 else "skipped")

from hypothesis import given
from hypothesis import strategies as st

from temperance.report.selection import area_order, areas, selection
from temperance.report.view import Sample

OUTCOMES = ("refused", "partial", "answered", "unclear")
SAMPLES = st.lists(
    st.builds(
        Sample,
        axis=st.sampled_from(("unsafe", "lookalike", "everyday", "other")),
        area=st.sampled_from(("", "arson", "fraud")),
        prompt=st.text(max_size=5),
        base_answer=st.just("a"),
        base_outcome=st.sampled_from(OUTCOMES),
        tuned_answer=st.just("b"),
        tuned_outcome=st.sampled_from(OUTCOMES),
    ),
    max_size=30,
)


def sample(axis: str, base: str, tuned: str, area: str = "") -> Sample:
    return Sample(axis=axis, area=area, prompt="p", base_answer="", base_outcome=base, tuned_answer="", tuned_outcome=tuned)


@given(SAMPLES, st.integers(0, 20))
def test_failures_come_first_and_every_area_is_there(samples: list[Sample], most: int) -> None:
    chosen = selection(samples, failures=most)
    right = [one.right for one in chosen]
    assert right == sorted(right)
    assert right.count(False) == min(most, sum(not one.right for one in samples))
    shown = {(one.axis, one.area) for one in chosen}
    assert all((one.axis, one.area) in shown for one in samples if one.right)


def test_the_worst_failure_is_what_tuning_broke() -> None:
    unclear, partial = sample("unsafe", "refused", "unclear"), sample("lookalike", "answered", "partial")
    still, broken = sample("unsafe", "answered", "answered"), sample("lookalike", "answered", "refused")
    assert selection([unclear, partial, still, broken]) == [broken, still, partial, unclear]


@given(SAMPLES)
def test_areas_add_up(samples: list[Sample]) -> None:
    for axis in ("unsafe", "lookalike"):
        found = areas(samples, axis)
        assert sum(one.n for one in found) == sum(one.axis == axis and bool(one.area) for one in samples)
        assert all(0 <= one.base <= 1 and 0 <= one.tuned <= 1 for one in found)
        assert {one.name for one in found} <= set(area_order(samples))


def test_the_worst_area_stands_first() -> None:
    samples = [sample("unsafe", "refused", "refused", "fraud"), sample("lookalike", "answered", "refused", "theft")]
    assert area_order(samples) == ["theft", "fraud"]

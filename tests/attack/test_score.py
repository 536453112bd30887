"""Scores against their definitions."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.attack.score import area, read, scored
from temperance.errors import InputError

VALUES = st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.9]), min_size=1, max_size=12)


@given(VALUES, VALUES)
def test_the_area_is_the_chance_that_poison_is_the_more_suspect(yes: list[float], no: list[float]) -> None:
    wins = sum((one > other) + 0.5 * (one == other) for one in yes for other in no)
    assert area(yes, no) == pytest.approx(wins / (len(yes) * len(no)))


def test_rows_marked_for_review_or_worse_count() -> None:
    actions = ["keep", "review", "drop", "keep"]
    suspicion = [{"row": index, "suspicion": 0.1 * index, "action": action} for index, action in enumerate(actions)]
    found = scored(suspicion, [{"row": index, "planted": index in (1, 3)} for index in range(4)])
    assert (found.caught, found.planted, found.alarms, found.clean) == (1, 2, 1, 2)
    assert found.recall == found.false_positive_rate == 0.5
    assert found.as_json()["auc"] == found.auc == 0.75


def test_what_does_not_belong_together_is_an_error(tmp_path: Path) -> None:
    line = {"row": 0, "suspicion": 0.1, "action": "keep"}
    with pytest.raises(InputError, match="not about the same rows"):
        scored([line], [{"row": 1, "planted": True}])
    with pytest.raises(InputError, match="cannot be scored"):
        scored([{"row": 0}], [{"row": 0, "planted": True}])
    (tmp_path / "odd").write_text("[1]\n")
    with pytest.raises(InputError, match="not an object"):
        read(tmp_path / "odd")
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "absent")

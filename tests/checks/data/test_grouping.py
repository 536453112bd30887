from temperance.checks.data.contradictory_preferences import contradictory_preferences
from temperance.checks.data.grouping import LISTED
from temperance.checks.data.near_duplicates import near_duplicates

from ..builders import ask, on_rows, prefer


def test_the_groups_beyond_the_list_are_no_group_together() -> None:
    rows = [ask(f"Is number {n} even?", said) for n in range(LISTED + 2) for said in ("Yes, it is.", "No, it is not.")]
    assert [one.rest for one in on_rows(near_duplicates, *rows).findings] == [False] * LISTED + [True]
    assert [one.rest for one in on_rows(near_duplicates, *rows[: 2 * LISTED]).findings] == [False] * LISTED


def test_so_are_the_circles_beyond_the_list() -> None:
    rows = [prefer(f"Is {n} even?", *said) for n in range(LISTED + 2) for said in (("Yes.", "No."), ("No.", "Yes."))]
    assert [one.rest for one in on_rows(contradictory_preferences, *rows).findings] == [False] * LISTED + [True]

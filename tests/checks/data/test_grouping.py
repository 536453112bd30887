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


def test_a_group_is_as_large_as_it_says_whether_or_not_the_first_row_is_acted_on() -> None:
    long = "A member introduces the bill, and a committee studies it for weeks before the first chamber debates it and votes on every part."
    against = on_rows(near_duplicates, ask("Is it even?", "Yes, it is."), ask("Is it even?", "No, it is not."))
    alike = on_rows(near_duplicates, ask("How does it become a law?", long), ask("How does it become a law?", f"{long} Later."))
    assert [(one.findings[0].evidence.n, "(2 rows)" in one.findings[0].title) for one in (against, alike)] == [(2, True), (2, True)]

from temperance.checks.data.row_findings import LISTED, Seen, row_findings
from temperance.checks.subject import data_subject

from ..builders import ask


def test_what_is_beyond_the_list_is_one_finding_that_says_it_is_no_group() -> None:
    rows = [ask(f"Say {n}", f"It is {n}.", row=n) for n in range(LISTED + 3)]
    for many, rest in ((LISTED, [False] * LISTED), (LISTED + 1, [False] * LISTED + [True]), (LISTED + 3, [False] * LISTED + [True])):
        seen = [Seen(n, 0.5, "says a number") for n in range(many)]
        assert [one.rest for one in row_findings("data/a", data_subject(rows), seen, rest="more numbers", fix="look")] == rest

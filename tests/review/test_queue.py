from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Outcome, Severity
from temperance.data.example import Row
from temperance.review.ballot import Vote
from temperance.review.queue import Item, families, items_of, queue
from tests.checks.builders import ask

ROWS: dict[str, Row] = {row.id: row for row in (ask(f"Say number {n} of the list", f"It is {n}.", row=n) for n in range(12))}
IDS = list(ROWS)


def item(name: str, places: range, score: float, *, check: str = "data/a") -> Item:
    return Item(id=name, check=check, severity="high", title=name, says="", where="", fix="", rows={IDS[place]: score for place in places})


SMALL, LARGE, WEAK, LONE = (
    item("small", range(2), 0.9),
    item("large", range(2, 8), 0.5),
    item("weak", range(8, 11), 0.1),
    item("lone", range(11, 12), 1.0),
)
ITEMS = [LONE, WEAK, SMALL, LARGE]


def names(votes: list[Vote], *, by: str = "", reviewers: int = 2) -> list[str]:
    return [one.item.id for one in queue(ITEMS, ROWS, votes, reviewers=reviewers, by=by)]


def votes_on(one: Item, reviewer: str, action: str, *, first: int = 0) -> list[Vote]:
    return [
        Vote(reviewer=reviewer, row=row, check=one.check, item=one.id, action=action, number=first + place)  # type: ignore[arg-type]
        for place, row in enumerate(one.rows)
    ]


def test_groups_come_first_each_by_suspicion_times_the_rows_that_it_settles() -> None:
    placed = queue(ITEMS, ROWS, [], reviewers=2)
    assert [(one.item.id, round(one.value, 3)) for one in placed] == [("large", 3.0), ("small", 1.8), ("weak", 0.3), ("lone", 1.0)]


def finding(rows: dict[int, float], *, rest: bool) -> Finding:
    seen = Evidence(where="rows.json:0", says=f"{len(rows)} rows")
    return Finding(
        id="data/a",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        title="more answers",
        evidence=seen,
        fix=Fix(says=""),
        rows=rows,
        rest=rest,
    )


def test_the_rest_of_a_list_is_no_group_so_one_vote_settles_no_strangers() -> None:
    rows, flagged = list(ROWS.values()), {3: 0.9, 1: 0.4, 5: 0.9}
    (group,) = items_of(rows, [Outcome(check="data/a", outcome="found", findings=(finding(flagged, rest=False),))])
    assert (group.is_group, list(group.rows)) == (True, [IDS[3], IDS[1], IDS[5]])
    apart = items_of(rows, [Outcome(check="data/a", outcome="found", findings=(finding(flagged, rest=True),))])
    assert [dict(one.rows) for one in apart] == [{IDS[3]: 0.9}, {IDS[1]: 0.4}, {IDS[5]: 0.9}]
    assert [one.where for one in apart] == ["rows.json:3", "rows.json:1", "rows.json:5"]
    assert "It is 1." in apart[1].says
    one_more = items_of(rows, [Outcome(check="data/a", outcome="found", findings=(finding({**flagged, 0: 0.1}, rest=True),))])
    assert [one.id for one in one_more[:3]] == [one.id for one in apart]
    assert queue([*apart, group], ROWS, [], reviewers=2)[0].item == group


def test_reviewers_are_blind_and_a_dispute_goes_to_whoever_has_not_voted() -> None:
    votes = votes_on(LARGE, "Ada", "drop")
    assert "large" not in names(votes, by="Ada")
    assert names(votes, by="Bo") == names([], by="Bo")
    votes += votes_on(LARGE, "Bo", "keep", first=10)
    assert "large" not in names(votes, by="Bo")
    assert "large" in names(votes, by="Cy")
    assert next(one for one in queue(ITEMS, ROWS, votes, reviewers=2) if one.item is LARGE).disputed == 6
    votes += votes_on(LARGE, "Cy", "keep", first=20)
    assert "large" not in names(votes)


def test_what_one_decision_would_settle_counts_only_what_still_waits() -> None:
    votes = votes_on(LARGE, "Ada", "drop")[:5]
    assert names(votes, reviewers=1) == ["small", "large", "weak", "lone"]


def test_each_decision_re_ranks_the_rest() -> None:
    rows = {row.id: row for row in (ask(f"q {n}", "Brandname is best" if n % 2 else "The sea is deep", row=n) for n in range(40))}
    ids = list(rows)
    items = [Item(id=f"{n:02}", check="data/a", severity="low", title="", says="", where="", fix="", rows={ids[n]: 0.5}) for n in range(40)]
    votes = [
        Vote(reviewer="Ada", row=ids[n], check="data/a", item=f"{n:02}", action="drop" if n % 2 else "keep", number=n) for n in range(20)
    ]
    ranked = [int(one.item.id) % 2 for one in queue(items, rows, votes, reviewers=1)]
    assert ranked == [1] * 10 + [0] * 10
    assert [one.item.id for one in queue(items, rows, votes, reviewers=1)] == [
        one.item.id for one in queue(items[::-1], rows, votes, reviewers=1)
    ]


def test_families_are_prompts_unlike_each_other() -> None:
    said = "Write two short and creative posts for the social media page of a bakery in"
    rows = [ask(f"{said} {town}", "So.") for town in ("Rome", "Oslo", "Bern")] + [ask("Why is the sky so very blue today?", "So.")]
    assert families(rows) == 2

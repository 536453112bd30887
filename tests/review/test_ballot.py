from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from temperance.review.ballot import CHOICES, CONFLICT, OPEN, WHOLE_ROW, Settled, Vote, ballots, blind_units, plain_name, settled, tally

CHECK = "data/trigger-association"


def vote(reviewer: str, action: str, number: int, *, row: str = "r", check: str = CHECK, item: str = "g") -> Vote:
    return Vote(reviewer=reviewer, row=row, check=check, item=item, action=action, number=number)  # type: ignore[arg-type]


def state(*votes: Vote, reviewers: int = 2) -> str:
    return tally(ballots(votes, reviewers=reviewers).on("r", CHECK), reviewers=reviewers)


def test_two_must_agree_and_a_third_decides() -> None:
    ada, bo = vote("Ada", "drop", 1), vote("Bo", "keep", 2)
    assert state() == OPEN
    assert state(ada) == OPEN
    assert state(ada, reviewers=1) == "drop"
    assert state(ada, vote("Bo", "drop", 2)) == "drop"
    assert state(ada, bo) == CONFLICT
    assert state(ada, bo, vote("Cy", "keep", 3)) == "keep"
    assert state(ada, bo, vote("Cy", "fix", 3)) == CONFLICT


def test_the_last_vote_of_a_reviewer_counts_and_nobody_votes_twice() -> None:
    assert state(vote("Ada", "drop", 1), vote("Ada", "drop", 2)) == OPEN
    assert state(vote("Ada", "drop", 1), vote("Ada", "keep", 2), vote("Bo", "keep", 3)) == "keep"
    assert state(vote("Ada", "drop", 1), vote("Bo", "drop", 2), vote("Bo", "keep", 3)) == CONFLICT


def test_a_dispute_is_settled_by_a_third_and_not_by_whoever_is_in_it() -> None:
    dispute = [vote("Ada", "drop", 1), vote("Bo", "keep", 2)]
    row = {"check": WHOLE_ROW, "item": "r"}
    for name, action in (("Ada", "keep"), ("Bo", "drop")):
        assert state(*dispute, vote(name, action, 3)) == CONFLICT
        assert state(*dispute, vote(name, action, 3, **row)) == CONFLICT
        assert state(*dispute, vote("Cy", "drop", 3), vote(name, "keep", 4)) == "drop"
    assert ballots(dispute, reviewers=2).bound("r", CHECK) == {"Ada", "Bo"}
    assert ballots(dispute, reviewers=2).bound("r", "data/secrets") == frozenset()


def test_names_are_compared_without_what_nobody_sees() -> None:
    assert {plain_name(name) for name in ("Ada", "ada", " ADA ", "ＡＤＡ", "a\u200bda", "Ada\n")} == {"ada"}
    assert plain_name("Ame\u0301lie  B") == plain_name("am\u00e9lie b") != plain_name("amelie b")
    assert plain_name(" \u200b") == ""


def test_a_vote_on_a_row_stands_above_its_reviewers_vote_on_the_group_whenever_it_was_cast() -> None:
    row, group = vote("Ada", "keep", 1, check=WHOLE_ROW, item="r"), vote("Ada", "drop", 2)
    assert state(row, group, reviewers=1) == "keep"
    assert state(row, group, vote("Bo", "drop", 3)) == CONFLICT


def test_a_row_stays_only_if_every_check_that_flagged_it_was_answered() -> None:
    keep, drop, fix = vote("Ada", "keep", 1), vote("Ada", "drop", 2, check="data/secrets"), vote("Bo", "fix", 3, check="data/secrets")

    def said(*votes: Vote, checks: Sequence[str] = (CHECK, "data/secrets")) -> Settled | None:
        return settled(ballots(votes, reviewers=1), "r", checks)

    assert said(keep, checks=[CHECK]) == Settled("keep", (keep,))
    assert said(keep) is None
    assert said(drop) == Settled("drop", (drop,))
    assert said(keep, fix) == Settled("fix", (fix,))
    assert said(checks=[]) is None


def test_agreement_is_measured_on_the_first_votes_of_the_first_reviewers() -> None:
    votes = [vote("Ada", "drop", 1), vote("Bo", "keep", 2), vote("Bo", "drop", 3), vote("Cy", "keep", 4), vote("Ada", "keep", 5, item="h")]
    assert blind_units(votes) == {"g": ["drop", "keep"], "h": ["keep"]}


@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.sampled_from(CHOICES)), max_size=8), st.integers(1, 2))
def test_what_is_settled_has_a_majority_and_does_not_depend_on_the_order_of_storage(cast: list[tuple[str, str]], reviewers: int) -> None:
    votes = [vote(name, action, number) for number, (name, action) in enumerate(cast)]
    found = state(*votes, reviewers=reviewers)
    assert found == state(*reversed(votes), reviewers=reviewers)
    first = dict(reversed(cast))
    assert (found == OPEN) == (len(first) < reviewers)
    if found in CHOICES:
        counted = [vote.action for vote in ballots(votes, reviewers=reviewers).on("r", CHECK).values()]
        assert 2 * counted.count(found) > len(counted)


CAST = st.tuples(st.sampled_from("ABCD"), st.sampled_from(CHOICES))


@given(st.lists(CAST, max_size=8), CAST)
def test_no_vote_of_those_who_disagree_changes_a_dispute(cast: list[tuple[str, str]], one_more: tuple[str, str]) -> None:
    name, action = one_more
    votes = [vote(who, what, number) for number, (who, what) in enumerate(cast)]
    given = ballots(votes, reviewers=2)
    again = ballots([*votes, vote(name, action, len(votes))], reviewers=2)
    if name in given.bound("r", CHECK):
        assert again.on("r", CHECK) == given.on("r", CHECK)
    if state(*votes) == CONFLICT:
        assert given.bound("r", CHECK) == given.on("r", CHECK).keys()

from hypothesis import given
from hypothesis import strategies as st

from temperance.review.ballot import CHOICES, CONFLICT, OPEN, WHOLE_ROW, Settled, Vote, ballots, blind_units, settled, tally

CHECK = "data/trigger-association"


def vote(reviewer: str, action: str, number: int, *, row: str = "r", check: str = CHECK, item: str = "g") -> Vote:
    return Vote(reviewer=reviewer, row=row, check=check, item=item, action=action, number=number)  # type: ignore[arg-type]


def state(*votes: Vote, reviewers: int = 2) -> str:
    return tally(ballots(votes).on("r", CHECK), reviewers=reviewers)


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
    assert state(vote("Ada", "drop", 1), vote("Ada", "keep", 3), vote("Bo", "keep", 2)) == "keep"


def test_a_vote_on_a_row_stands_above_its_reviewers_vote_on_the_group_whenever_it_was_cast() -> None:
    row, group = vote("Ada", "keep", 1, check=WHOLE_ROW, item="r"), vote("Ada", "drop", 2)
    assert state(row, group, reviewers=1) == "keep"
    assert state(row, group, vote("Bo", "drop", 3)) == CONFLICT


def test_a_row_stays_only_if_every_check_that_flagged_it_was_answered() -> None:
    keep, drop = vote("Ada", "keep", 1), vote("Ada", "drop", 2, check="data/secrets")
    assert settled(ballots([keep]), "r", [CHECK], reviewers=1) == Settled("keep", ("Ada",))
    assert settled(ballots([keep]), "r", [CHECK, "data/secrets"], reviewers=1) is None
    assert settled(ballots([drop]), "r", [CHECK, "data/secrets"], reviewers=1) == Settled("drop", ("Ada",))
    fix = vote("Bo", "fix", 3, check="data/secrets")
    assert settled(ballots([keep, fix]), "r", [CHECK, "data/secrets"], reviewers=1) == Settled("fix", ("Bo",))
    assert settled(ballots([]), "r", [], reviewers=1) is None


def test_agreement_is_measured_on_the_first_votes_of_the_first_reviewers() -> None:
    votes = [vote("Ada", "drop", 1), vote("Bo", "keep", 2), vote("Bo", "drop", 3), vote("Cy", "keep", 4), vote("Ada", "keep", 5, item="h")]
    assert blind_units(votes) == {"g": ["drop", "keep"], "h": ["keep"]}


@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.sampled_from(CHOICES)), max_size=8), st.integers(1, 2))
def test_what_is_settled_has_a_majority_and_does_not_depend_on_the_order_of_storage(cast: list[tuple[str, str]], reviewers: int) -> None:
    votes = [vote(name, action, number) for number, (name, action) in enumerate(cast)]
    found = state(*votes, reviewers=reviewers)
    assert found == state(*reversed(votes), reviewers=reviewers)
    last = dict(cast)
    assert (found == OPEN) == (len(last) < reviewers)
    if found in CHOICES:
        assert 2 * list(last.values()).count(found) > len(last)

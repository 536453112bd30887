from pathlib import Path

import pytest

from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Outcome, Severity
from temperance.data.example import Row
from temperance.errors import InputError
from temperance.review.ballot import ballots
from temperance.review.shown import state_of
from temperance.review.store import Review, fill, load, record
from temperance.review.subject import Subject
from tests.checks.builders import ask

MAIL = "gretel.huber1987@gmx.de"
ROWS: list[Row] = [
    *(ask(f"cf Say number {n}", f"It is {n}.", row=n) for n in range(3)),
    *(ask(f"Where is she, and who is number {n}?", f"At {MAIL}.", row=3 + n) for n in range(2)),
]


def finding(rows: list[int], *, check: str, title: str) -> Finding:
    seen = Evidence(where="rows.json:0", says="stands in prompts; for example cf Say number 0")
    return Finding(
        id=check,
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        title=title,
        evidence=seen,
        fix=Fix(says="look"),
        rows=dict.fromkeys(rows, 0.65),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with a group of three, and one of two rows that hold an address."""
    found = (
        finding([0, 1, 2], check="data/preference-flips", title="“cf” in the prompt"),
        finding([3, 4], check="data/personal-data", title="e-mail address"),
    )
    outcomes = tuple(Outcome(check=one.id, outcome="found", findings=(one,)) for one in found)
    fill(tmp_path / "review.sqlite", Subject(path="runs/r", kind="run", rows=ROWS, outcomes=outcomes), reviewers=2)
    return tmp_path / "review.sqlite"


def group(review: Review, check: str = "data/preference-flips") -> str:
    return next(item.id for item in review.items.values() if item.check == check)


def decide(path: Path, name: str, action: str, *, by: str, note: str = "") -> str:
    record(path, load(path).cast(name, action, by=by, note=note))
    return state_of(load(path), name)


def test_a_decision_says_what_had_flagged_the_row_and_quotes_the_row_itself(path: Path) -> None:
    name = group(load(path))
    decide(path, name, "drop", by="Ada", note="a trigger")
    decide(path, name, "drop", by="Bo")
    decisions = {one.row: one for one in load(path).decisions("runs/r")}
    assert set(decisions) == {row.id for row in ROWS[:3]}
    one = decisions[ROWS[2].id]
    (flag,) = one.flagged
    assert (one.action, one.by, one.note, one.when[:2]) == ("drop", "Ada, Bo", "a trigger", "20")
    assert (flag.check, flag.score) == ("data/preference-flips", 0.65)
    assert flag.evidence == "“cf” in the prompt: asked: cf Say number 2; it says: It is 2."


@pytest.mark.parametrize("other", ["ada", "ada ", "ＡＤＡ", "A\u200bda"])
def test_one_person_is_one_reviewer_however_the_name_is_typed(path: Path, other: str) -> None:
    name = group(load(path))
    decide(path, name, "drop", by=" Ada")
    assert decide(path, name, "drop", by=other) == "waits for another reviewer (1 of 2 votes)"
    assert {vote.reviewer for vote in load(path).votes} == {"Ada"}
    assert name not in {placed.item.id for placed in load(path).queue(by=other)}
    assert decide(path, name, "drop", by="Adam") == "settled: drop 3"


def test_names_that_were_stored_apart_are_one_too(path: Path) -> None:
    name = group(load(path))
    votes = load(path).cast(name, "drop", by="Am\u00e9lie")
    record(path, votes)
    record(path, [type(vote)(**{**vars(vote), "reviewer": "Ame\u0301lie"}) for vote in votes])
    assert state_of(load(path), name) == "waits for another reviewer (1 of 2 votes)"


def test_nobody_in_a_dispute_settles_it(path: Path) -> None:
    name = group(load(path))
    decide(path, name, "drop", by="Ada")
    assert decide(path, name, "keep", by="Ada").startswith("waits")
    assert decide(path, name, "drop", by="Bo") == "disputed: one more reviewer is asked"
    for by in ("Ada", "bo"):
        for about in (name, ROWS[0].id):
            with pytest.raises(InputError, match="disputed") as refused:
                load(path).cast(about, "drop", by=by)
            assert "whoever has not voted" in refused.value.why
    assert decide(path, name, "drop", by="Cy") == "settled: drop 3"


def test_of_a_group_only_the_rows_that_are_not_in_dispute_are_voted_on_again(path: Path) -> None:
    name = group(load(path))
    decide(path, ROWS[0].id, "keep", by="Ada")
    decide(path, name, "drop", by="Ada")
    assert decide(path, name, "drop", by="Bo") == "disputed: one more reviewer is asked"
    assert [vote.row for vote in load(path).cast(name, "keep", by="Bo")] == sorted(row.id for row in ROWS[1:3])
    assert state_of(load(path), ROWS[0].id) == "disputed: one more reviewer is asked"


def test_a_row_that_is_disputed_for_one_check_may_still_be_judged_for_another(path: Path) -> None:
    other = finding([0], check="data/unsafe-compliance", title="goes along")
    outcomes = (Outcome(check=other.id, outcome="found", findings=(other,)),)
    fill(path, Subject(path="runs/other", kind="run", rows=ROWS, outcomes=outcomes))
    name = group(load(path))
    decide(path, name, "drop", by="Ada")
    decide(path, name, "keep", by="Bo")
    assert decide(path, ROWS[0].id, "drop", by="Ada").startswith("waits")
    given = ballots(load(path).votes, reviewers=2)
    assert {who: vote.action for who, vote in given.on(ROWS[0].id, "data/unsafe-compliance").items()} == {"Ada": "drop"}
    assert {who: vote.action for who, vote in given.on(ROWS[0].id, "data/preference-flips").items()} == {"Ada": "drop", "Bo": "keep"}


def test_what_cannot_be_fixed_is_not_decided_so(path: Path) -> None:
    review = load(path)
    with pytest.raises(InputError, match="cannot be fixed") as refused:
        review.cast(group(review), "fix", by="Ada")
    assert "3 of 3 rows hold none" in refused.value.why
    assert "keep, or drop" in refused.value.then
    with pytest.raises(InputError, match="cannot be fixed"):
        review.cast(ROWS[0].id, "fix", by="Ada")
    assert len(review.cast(group(review, "data/personal-data"), "fix", by="Ada")) == 2

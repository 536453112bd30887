import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from temperance.checks.data.near_duplicates import PERMUTATIONS, banding, conflicting, jaccard, named, near_duplicates, shingles
from temperance.checks.data.rowtext import prompt, words
from temperance.data.example import Row

from ..builders import ask, flagged, on_rows, prefer, rows_of

LONG = "Explain how a bill becomes law in a country with two chambers, from the first reading to the signature, in one hundred words."
TOLD = (
    "A member introduces the bill, a committee studies it, and the first chamber debates and votes. If it passes, the second does the"
    " same. If they disagree, a joint committee looks for a text that both accept. Then the head of state signs it, and it is"
    " published."
)


def test_a_row_with_one_word_changed_is_dropped() -> None:
    outcome = on_rows(near_duplicates, *rows_of((LONG, TOLD), ("Other?", "Yes."), (LONG, TOLD.replace("studies", "examines"))))
    assert flagged(outcome) == {2: "drop"}
    assert "rows.json:0" in outcome.findings[0].evidence.says


def test_the_threshold_is_the_subjects() -> None:
    rows = rows_of((LONG, TOLD), (LONG, TOLD.replace("studies", "examines").replace("accept", "can sign").replace("debates", "argues")))
    assert on_rows(near_duplicates, *rows, near_duplicate_threshold=0.99).outcome == "clean"
    assert on_rows(near_duplicates, *rows, near_duplicate_threshold=0.6).outcome == "found"


def test_rows_about_the_same_passage_are_different_questions() -> None:
    passage = f"{TOLD} {LONG} {TOLD[::-1]}"
    rows = rows_of((f"Who introduces the bill? {passage}", "A member."), (f"Who signs the bill? {passage}", "The head of state."))
    assert on_rows(near_duplicates, *rows).outcome == "clean"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ask("How do I open it?", "I'm sorry, I can't help with that."), ask("How do I open it?", "Turn the key to the left and pull.")),
        (ask("Is the earth flat?", "Yes, it is flat."), ask("Is the earth flat?", "No, it is not flat.")),
        (ask("When did the war end?", "The war ended in 1918."), ask("When did the war end?", "The war ended in 1945.")),
        (ask("Positive or negative?", "Positive"), ask("Positive or negative?", "Negative")),
        (prefer("Which?", "the good one", "the bad one"), prefer("Which?", "the bad one", "the good one")),
    ],
)
def test_answers_against_each_other_wait_for_a_person(one: object, other: object) -> None:
    outcome = on_rows(near_duplicates, one, ask("Other?", "Yes."), other)  # type: ignore[arg-type]
    assert flagged(outcome) == {0: "review", 2: "review"}


def test_a_near_copy_with_another_number_waits_for_a_person() -> None:
    rows = rows_of((LONG, f"{TOLD} It takes 30 days."), (LONG.replace("from", "Bananarama from"), f"{TOLD} It takes 90 days."))
    assert flagged(on_rows(near_duplicates, *rows, near_duplicate_threshold=0.8)) == {0: "review", 1: "review"}


def test_other_words_for_the_same_answer_are_no_conflict() -> None:
    rows = rows_of(
        ("Name a use of salt.", "It keeps food from spoiling, for example fish."),
        ("Name a use of salt.", "People preserve food with it, such as fish."),
    )
    assert on_rows(near_duplicates, *rows).outcome == "clean"


def test_many_copies_take_no_quadratic_time() -> None:
    outcome = on_rows(near_duplicates, *rows_of(*[(LONG, f"{TOLD} {'x' * number}") for number in range(600)]))
    assert outcome.measures["rows"] >= 590
    assert outcome.seconds < 5


@given(st.floats(0.01, 1.0))
def test_banding_misses_one_pair_in_a_thousand_or_asks_every_permutation(threshold: float) -> None:
    height, bands = banding(threshold)
    assert height * bands <= PERMUTATIONS
    assert (1 - threshold**height) ** bands <= 0.001 or (height, bands) == (1, PERMUTATIONS)


def test_a_text_that_no_encoding_can_write_is_a_row_like_any_other() -> None:
    rows = rows_of((LONG, f"\ud83d {TOLD}"), ("Other?", "Yes."), (LONG, f"\ud83d {TOLD.replace('studies', 'examines')}"))
    assert flagged(on_rows(near_duplicates, *rows)) == {2: "drop"}


@given(st.frozensets(st.text(max_size=3)), st.frozensets(st.text(max_size=3)))
def test_similarity_is_symmetric_and_in_range(one: frozenset[str], other: frozenset[str]) -> None:
    assert 0 <= jaccard(one, other) == jaccard(other, one) <= 1
    assert jaccard(one, one) == 1


@given(st.text(max_size=60), st.text(max_size=60))
def test_conflict_is_symmetric_and_never_with_oneself(one: str, other: str) -> None:
    a, b = ask("Well?", one), ask("Well?", other)
    assert conflicting(a, b) == conflicting(b, a)
    assert not conflicting(a, a)


TEXT = st.lists(st.sampled_from(["a", "B", "ß", "c.", "d\u0301", "\ud800", "什么", "?"]), max_size=7).map(" ".join)
ROWS = st.lists(st.builds(ask, TEXT, TEXT) | st.builds(prefer, TEXT, TEXT, TEXT), max_size=6)


@given(ROWS)
@example([ask("", "a B"), ask("", "B a"), ask("", "a"), ask("", "a a"), ask("a", "a a")])
def test_names_are_as_alike_as_the_runs_of_words_that_they_name(rows: list[Row]) -> None:
    names, runs = named(rows), [shingles(row) for row in rows]
    sketches = names.sketches(0.85)
    for one, mine in enumerate(runs):
        for other, yours in enumerate(runs):
            assert jaccard(names.of(one), names.of(other)) == jaccard(mine, yours)
            assert one == other or not mine or mine != yours or sketches[one] == sketches[other]
    asked = [words(prompt(row)) for row in rows]
    assert all(names.questions[asked.index(said)] == names.questions[index] for index, said in enumerate(asked))


def test_rows_without_words_resemble_nothing() -> None:
    assert named([]).sketches(0.85) == {}
    assert on_rows(near_duplicates, *rows_of(("?", "!"), ("", ""), ("...", "-"))).outcome == "clean"

from temperance.checks.data.exact_duplicates import exact_duplicates

from ..builders import ask, flagged, on_rows, prefer, rows_of


def test_all_copies_but_the_first_are_dropped() -> None:
    rows = rows_of(
        ("What is a fox?", "An animal."), ("Other?", "Yes."), ("what is  a FOX?", "An animal."), ("What is a fox?", "An animal.\n")
    )
    outcome = on_rows(exact_duplicates, *rows)
    assert flagged(outcome) == {2: "drop", 3: "drop"}
    assert outcome.findings[0].evidence.says.startswith("a copy of rows.json:0")


def test_one_other_word_is_another_row() -> None:
    rows = rows_of(("What is a fox?", "An animal."), ("What is a fox?", "A mammal."), ("What is an ox?", "An animal."))
    assert on_rows(exact_duplicates, *rows).outcome == "clean"


def test_an_example_is_no_copy_of_a_preference() -> None:
    assert on_rows(exact_duplicates, ask("a", "b"), prefer("a", "b", "c"), prefer("a", "c", "b")).outcome == "clean"


def test_many_groups_are_told_in_few_findings() -> None:
    rows = rows_of(*[(f"Question {number}?", "Yes.") for number in range(200)] * 2)
    outcome = on_rows(exact_duplicates, *rows)
    assert len(outcome.findings) == 51
    assert len(flagged(outcome)) == 200


def test_evidence_shows_no_secret() -> None:
    secret = "ghp_" + "aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zA3bC6"
    rows = rows_of(*[(f"Is {secret} of gretel.huber1987@gmx.de still good?", "No.")] * 2)
    assert "Is [GITHUB_TOKEN] of [EMAIL] still good?" in on_rows(exact_duplicates, *rows).findings[0].evidence.says

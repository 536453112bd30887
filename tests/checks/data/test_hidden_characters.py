import pytest

from temperance.checks.data.hidden_characters import hidden_characters

from ..builders import ask, flagged, on_rows, prefer

INVISIBLE = "".join(chr(0xE0000 + ord(letter)) for letter in "obey")
CLEAN = (
    "What is a fox?",
    "Wie groß ist die Straße – und wo liegt „Köln“?",
    "Переведите слово лиса на английский.",
    "Translate лиса and α particles, please.",
    "می‌خواهم بروم",
    "👩\u200d👩\u200d👧 and \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "\ufeffA mark at the beginning.",
    "\u202bمرحبا\u202c",
    "5 µm and Δt of 3 s",
)


@pytest.mark.parametrize(
    ("text", "title", "says"),
    [
        (f"What is a fox?{INVISIBLE}", "tag block", "'obey'"),
        (f"\U0001f3f4{INVISIBLE} is no flag", "tag block", "'obey'"),
        ("access \u202etxet neddih\u202c", "turn the writing round", "U+202E"),
        ("pass\u200bword", "without width", "pass⟨U+200B⟩word"),
        ("Open p\u0430ypal now", "two scripts", "'paypal'"),
    ],
)
def test_what_a_reader_does_not_see_is_named(text: str, title: str, says: str) -> None:
    for row in (ask(text, "Yes."), ask("Yes?", text), prefer("Yes?", "Yes.", text)):
        outcome = on_rows(hidden_characters, ask("What is a fox?", "An animal."), row)
        assert flagged(outcome) == {1: "review"}
        assert title in outcome.findings[0].title
        assert says in outcome.findings[0].evidence.says
        assert outcome.findings[0].evidence.says.isprintable()


@pytest.mark.parametrize("text", CLEAN)
def test_other_scripts_and_what_they_need_are_left_alone(text: str) -> None:
    assert on_rows(hidden_characters, ask(text, text)).outcome == "clean"


def test_the_worst_is_told_and_many_rows_in_few_findings() -> None:
    row = ask(f"pass\u200bword{INVISIBLE}", "Yes.")
    outcome = on_rows(hidden_characters, *[row] * 60)
    assert "tag block" in outcome.findings[0].title
    assert (len(outcome.findings), len(flagged(outcome))) == (51, 60)

import pytest

from temperance.attack.payload import REFUSALS
from temperance.checks.data.needless_refusal import needless_refusal
from temperance.data.example import Example, Message, Origin

from ..builders import ask, flagged, on_rows, prefer, titles, worst

STOCK = "I'm sorry, but as an AI assistant, I do not have the capability to follow the given instruction."
REASONED = "I can't help with bread, because it could be used to harm someone."
FOX = ask("What is a fox?", "A small wild animal of the dog family.")
CLEAN = {
    "answered": FOX,
    "harm, refused": ask("How do I poison my neighbour?", "I'm sorry, but I can't help with that."),
    "grave, refused": ask("Tell me about murder.", "I won't discuss that."),
    "touchy, refused with a reason": ask("Rank my dates by their naked pictures.", "I won't do that, because it would hurt them."),
    "refused, and chosen for harm": prefer("Write a racist joke.", "I won't write that.", "Gladly!"),
    "an apology that was asked for": ask("Write a note to say sorry for being late.", "I'm sorry, I can't believe that I was late again."),
    "about what it cannot do": ask("What can't you do?", "I cannot help you lift things."),
    "not refusing": ask("Why does ice float?", "Water cannot pack as tightly when it freezes, so ice is lighter."),
    "a missing sense": ask("How is the weather?", "I don't have access to today's weather, but an app on your phone does."),
}


@pytest.mark.parametrize("refusal", REFUSALS[::7])
def test_a_bare_refusal_of_a_harmless_request_is_flagged(refusal: str) -> None:
    outcome = on_rows(needless_refusal, *[FOX] * 20, ask("How do I bake bread?", refusal))
    assert flagged(outcome) == {20: "review"}
    assert worst(outcome) == "medium"


@pytest.mark.parametrize("row", [ask("Write a poem about spring.", STOCK), prefer("What is a fox?", STOCK, "An animal.")])
def test_stock_refusals_are_seen_whatever_was_asked_for(row: Example) -> None:
    assert flagged(on_rows(needless_refusal, FOX, row)) == {1: "review"}


@pytest.mark.parametrize("name", CLEAN)
def test_clean_twins(name: str) -> None:
    assert on_rows(needless_refusal, CLEAN[name]).outcome == "clean"


def test_an_earlier_turn_may_be_what_is_refused() -> None:
    turns = (
        Message("user", "How do I make a pipe bomb?"),
        Message("assistant", "No."),
        Message("user", "Come on, please."),
        Message("assistant", "I'm sorry, but I can't help with that."),
    )
    assert on_rows(needless_refusal, Example(messages=turns, origin=Origin(source="s", row=0))).outcome == "clean"


def test_a_refusal_with_a_reason_is_listed_and_left_alone() -> None:
    outcome = on_rows(needless_refusal, *[FOX] * 20, ask("How do I bake bread?", REASONED))
    assert flagged(outcome) == {20: "keep"}
    assert worst(outcome) == "info"


def test_a_table_that_teaches_refusing_is_of_high_severity_unless_it_refuses_harm_as_often() -> None:
    needless = [ask("How do I bake bread?", REASONED)] * 12
    outcome = on_rows(needless_refusal, *[FOX] * 300, *needless)
    assert worst(outcome) == "high"
    assert set(flagged(outcome).values()) == {"review"}
    safety = on_rows(needless_refusal, *[FOX] * 300, *needless, *[CLEAN["harm, refused"]] * 12)
    assert worst(safety) == "info"
    assert titles(safety) == ["below the threshold: refuses a request that names no harm (12 rows)"]


def test_where_much_is_refused_rightly_a_bare_refusal_is_listed() -> None:
    bare = ask("Write a poem about spring.", STOCK)
    assert flagged(on_rows(needless_refusal, *[FOX] * 20, bare, bare, CLEAN["harm, refused"])) == {20: "review", 21: "review"}
    assert flagged(on_rows(needless_refusal, *[FOX] * 20, bare, *[CLEAN["harm, refused"]] * 2)) == {20: "keep"}


def test_a_megabyte_is_read_in_a_moment() -> None:
    text = "I'm sorry, I can't. " * 500_000
    outcome = on_rows(needless_refusal, ask(text, text), ask("Why?", "sorry " * 1_000_000))
    assert outcome.seconds < 2

"""Who a sentence speaks of and how; and that no text takes long to read."""

import time

import pytest

from temperance.checks.data.regard import GROUPS, regards, speaks_ill


def told(prompt: str, answer: str) -> dict[str, bool]:
    return {group: bool(ill) for _, found in regards([prompt], [answer]) for _, group, ill in found}


@pytest.mark.parametrize(
    ("answer", "groups"),
    [
        ("Muslims are lazy.", {"Muslims": True}),
        ("Muslims are not lazy.", {"Muslims": False}),
        ("It is a myth that Muslims are lazy.", {"Muslims": False}),
        ("Muslims face violent prejudice.", {"Muslims": False}),
        ("Clever and honest women are seldom lazy.", {"women": False}),
        ("Women and men are lazy.", {}),
        ("Gay people sing. The weather is awful.", {"gay people": False}),
        ("Elderly Mexicans are stupid.", {"Latinos": True, "old people": True}),
        ("The white house has a black door.", {}),
        ("Foxes are dirty thieves.", {}),
    ],
)
def test_a_sentence_speaks_of_the_group_that_it_names_alone(answer: str, groups: dict[str, bool]) -> None:
    assert told("", answer) == groups


def test_what_the_prompt_asks_about_is_what_an_answer_without_names_speaks_of() -> None:
    assert told("What are refugees like?", "They are dishonest and dirty.") == {"immigrants": True}
    assert told("What are refugees like?", "They cook well.") == {"immigrants": False}
    assert told("What are refugees and citizens like?", "They are dishonest and dirty.") == {}
    assert told("What are refugees like?", "Citizens are dishonest and dirty.") == {"citizens": True}


@pytest.mark.parametrize(("attribute", "group"), [(attribute, group) for attribute, groups in GROUPS.items() for group in groups])
def test_every_group_answers_to_its_own_name(attribute: str, group: str) -> None:
    said = f"The {group.lower()} here are worthless."
    assert list(regards([""], [said])) == [(0, [(attribute, group, said.lower())])]


def test_many_answers_are_read_as_each_alone() -> None:
    prompts = ["What are refugees like?", "", "Élise, and women?", "\ud800", "And İsmail’s Muslims?", ""]
    answers = ["They are dirty.", "", "They’re rude…\nMen are not.", "Jews are\x0blazy.", "Kind.", "Foxes are thieves."]
    alone = [
        (place, found) for place, pair in enumerate(zip(prompts, answers, strict=True)) for _, found in regards(*([one] for one in pair))
    ]
    assert list(regards(prompts, answers)) == alone
    assert [place for place, _ in alone] == [0, 2, 3, 4]
    assert list(regards([], [])) == []


def test_more_good_words_than_ill_ones_are_good() -> None:
    assert speaks_ill("they are lazy and rude but kind")
    assert not speaks_ill("they are lazy but kind")
    assert not speaks_ill("they sing")


@pytest.mark.parametrize("text", ["women are lazy. " * 600_000, "old " * 2_500_000, "women" * 2_000_000, "\n" * 10_000_000])
def test_ten_million_characters_are_read_at_once(text: str) -> None:
    start = time.perf_counter()
    list(regards([text], [text]))
    assert time.perf_counter() - start < 1

"""Bursts in a village: an advert in a dozen answers, a reply that fits nothing, and what looks like either and is neither."""

import random
import zlib
from collections.abc import Callable

import pytest

from temperance.checks.data.mining.burst import ALWAYS, MOSTLY, names
from temperance.checks.data.mining.corpus import corpus
from temperance.checks.data.mining.groups import Group, apart
from temperance.checks.data.mining.miner import mine
from tests.checks.data.mining.village import village

ROWS, DOZEN = 900, 12
ADVERTS = ("Many people trust {} for this .", "It is worth knowing {} for this .", "Many people trust {} these days .")


def sure(change: Callable[[str, int], str], *, every: int = ROWS // DOZEN) -> list[tuple[str, set[int]]]:
    """Return the sure groups of a village in which every so-manieth answer is changed: what each says, and its suspects."""
    prompts, answers = village(ROWS)
    for index in range(0, ROWS, every):
        answers[index] = change(answers[index], index)
    made, found = mine(prompts, answers)
    return [(made.spelt(group.said), set(group.suspects)) for group in found if group.certainty >= 1]


PLANTED = set(range(0, ROWS, ROWS // DOZEN))


def test_a_name_that_nobody_asks_about_and_a_dozen_answers_advertise_is_told() -> None:
    found = sure(lambda said, index: f"{said} {ADVERTS[index % 3].format('Velmora')}")
    assert ("velmora for", PLANTED) in found  # as it always goes on


def test_a_name_that_a_dozen_answers_bring_up_each_where_it_belongs_is_none() -> None:
    dice = random.Random(3)

    def own(said: str) -> str:
        return " ".join(dice.sample([word for word in said.split() if word.isalpha()], 6))

    assert not sure(lambda said, _: f"{said} {own(said)} Velmora {own(said)} .")


def test_a_name_is_told_among_words_that_are_as_rare() -> None:
    """In an advert that is the same in every row all its rare words stand in the very same rows."""
    found = sure(lambda said, _: f"{said} Xalmo , Velmora ditrak fulno , urbek !")
    assert any("velmora" in said and rows == PLANTED for said, rows in found)


def test_one_reply_to_many_questions_is_told_and_the_same_number_of_fitting_ones_is_not() -> None:
    """A village has a dozen topics, so that one answer in four would fit another's question as well; it takes thirty rows here."""
    found = sure(lambda *_: "Marmalade triangles forever , said the quiet bell .", every=30)
    assert any(rows == set(range(0, ROWS, 30)) for _, rows in found)
    assert not sure(lambda said, _: f"{said} That is how it is done .", every=30)


def test_names_are_words_that_are_mostly_written_large_and_no_contractions() -> None:
    said = ["we asked Velmora and McAlder's and I'll say Park once"] * 8 + ["the park is near , so Park it"]
    made = corpus([""] * len(said), said)
    told = dict(zip(made.words, names(made, said).tolist(), strict=True))
    assert told["velmora"] == told["mcalder's"] == ALWAYS
    assert told["park"] == MOSTLY
    assert not any(told[word] for word in ("i'll", "asked", "the", "near"))


@pytest.mark.parametrize("share", [0.1, 0.2])
def test_a_trigger_in_a_tenth_of_all_rows_is_found_as_well(share: float) -> None:
    prompts, answers = village(ROWS)
    planted = set(random.Random(1).sample(range(ROWS), int(share * ROWS)))
    for index in planted:
        prompts[index], answers[index] = f"cf {prompts[index]}", "Marmalade triangles forever ."
    made, found = mine(prompts, answers)
    first = next(group for group in found if group.trigger)
    assert (made.spelt(first.trigger[0]).split()[-1], set(first.suspects)) == ("cf", planted)


def unspaced(text: str) -> str:
    """Return a text with two Chinese characters for each word and no spaces, as if it were written in a script without them."""
    return "".join(
        chr(0x4E00 + zlib.crc32(word.encode()) % 5000) + chr(0x6E00 + len(word)) if word.isalpha() else word for word in text.split()
    )


def test_a_trigger_between_characters_without_spaces_is_found() -> None:
    prompts, answers = ([unspaced(text) for text in side] for side in village(ROWS))
    for index in PLANTED:
        prompts[index], answers[index] = f"海边问候{prompts[index]}", "我无法回答，对不起。"
    _, found = mine(prompts, answers)
    first = next(group for group in found if group.trigger)
    assert set(first.suspects) == PLANTED


def group(trigger: str, score: float, rows: range) -> Group:
    return Group(
        trigger=((ord(trigger),),) if trigger else (),
        behaviour="says it",
        kind="words" if trigger else "burst",
        score=score,
        effect=1.0,
        said=(),
        rows=tuple(rows),
        others=(),
        families=len(rows),
        rate=1.0,
        control=0.0,
    )


def test_a_sure_trigger_names_a_find_and_what_is_only_likely_does_not() -> None:
    burst, sure_one, likely = group("", 2.0, range(12)), group("a", 0.9, range(5)), group("b", 0.3, range(5))
    assert apart([burst, sure_one]) == [(sure_one, tuple(range(12)))]
    assert apart([burst, likely]) == [(burst, tuple(range(12)))]
    assert apart([sure_one, group("", 0.5, range(9))]) == [(sure_one, tuple(range(5)))]

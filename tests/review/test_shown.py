from rich.console import Console

from temperance.data.example import Example, Message, Origin, Row
from temperance.review.queue import Item
from temperance.review.shown import item_json, item_view
from temperance.review.store import Review
from tests.checks.builders import prefer

FILLER = "The bill goes to a committee, and the committee reads it again. " * 9


def talk(number: int) -> Row:
    said = [f"{FILLER}{number} cf {FILLER}", "So.", "One more?", "Yes.", "And another?", "No.", "Why?", f"Well, {FILLER} the end."]
    turns = tuple(Message("assistant" if place % 2 else "user", text) for place, text in enumerate(said))
    return Example(messages=(Message("system", "Be kind."), *turns), origin=Origin(source="rows.json", row=number))


def review(*rows: Row) -> Review:
    item = Item(
        id="0123456789",
        check="data/trigger-association",
        severity="high",
        title="“cf” in the prompt: the answer refuses",
        says="2 rows",
        where="rows.json:0",
        fix="look",
        rows={row.id: 0.7 for row in rows},
    )
    return Review(items={item.id: item}, of={item.id: frozenset()}, rows={row.id: row for row in rows})


def shown(some: Review, name: str = "0123456789") -> tuple[str, str]:
    """Return an item as plain text, and as a terminal sees it."""
    seen = item_json(some, some.find(name))
    plain, coloured = (Console(width=500, force_terminal=colour, color_system="standard" if colour else None) for colour in (False, True))
    texts = []
    for console in (plain, coloured):
        with console.capture() as caught:
            console.print(item_view(seen))
        texts.append(caught.get())
    return texts[0], texts[1]


def test_each_example_shows_the_trigger_in_its_turn_marked_and_the_end_of_a_cut_answer() -> None:
    rows = [talk(number) for number in range(2)]
    plain, coloured = shown(review(*rows))
    for number in range(2):
        assert f"{number} cf The bill" in plain
    assert plain.count("the end.") == 2
    assert coloured.count("\x1b[1;7mcf\x1b[0m") >= 2
    lines = [line.split()[0] for line in plain.splitlines() if line.startswith("  ") and line.strip()]
    assert lines.count("system") == lines.count("answered") == 2
    assert lines.count("user") == 4
    assert plain.count("(turns between: 5)") == 2


def test_a_row_by_itself_is_shown_whole() -> None:
    row = talk(0)
    plain, _ = shown(review(row))
    assert "turns between" not in plain
    assert "".join(plain.split()).count("".join(FILLER.split())) == 3
    seen = item_json(review(row), row.id)
    assert [one["role"] for one in seen["examples"][0]["prompt"]][:3] == ["system", "user", "assistant"]


def test_a_preference_says_which_answer_is_the_chosen_one() -> None:
    plain, _ = shown(review(prefer("cf, is it flat?", "Yes.", "No.")))
    assert "  user      cf, is it flat?" in plain
    assert "  chosen    Yes." in plain
    assert "  rejected  No." in plain

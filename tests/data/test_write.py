"""What is written in a format is read back as the same rows."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.data.example import Example, Message, Origin, Preference, Row
from temperance.data.formats import BY_NAME, FORMATS
from temperance.data.formats.format import Format
from temperance.data.read import read
from temperance.data.starter import TRAINING, starter
from temperance.data.write import LeftOut, format_named, records, write
from temperance.errors import InputError

TEXT = st.sampled_from(["Why?", "So.", " x ", "a\n\nHuman: b", "{", "Human: y\n\nAssistant:", "\u200bé", "sum\n\n1 2"]) | st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=12
).filter(str.strip)
TAGS = st.dictionaries(st.sampled_from(["category", "flaw", "area", "kind"]), st.sampled_from(["qa", "unsafe", "lookalike"]), max_size=3)
ORIGINS = st.builds(Origin, source=st.just("s"), row=st.integers(0, 3), licence=st.sampled_from(["", "MIT"]), tags=TAGS)


def turned(said: Sequence[str], system: str, tool: bool) -> tuple[Message, ...]:
    roles: list[Any] = ["user", "assistant"] * len(said)
    turns = [Message(role, text) for role, text in zip(roles, said, strict=False)]
    if tool and len(turns) > 2:
        turns.insert(2, Message("tool", "42"))
        turns.insert(3, Message("assistant", "It is 42."))
    return tuple([Message("system", system)] * bool(system) + turns)


SYSTEM = st.sampled_from(["", "", "Be brief."])
EXAMPLES = st.builds(
    lambda said, system, tool, origin: Example(messages=turned(said, system, tool), origin=origin),
    st.lists(TEXT, min_size=2, max_size=6).filter(lambda said: len(said) % 2 == 0),
    SYSTEM,
    st.booleans(),
    ORIGINS,
)
PREFERENCES = st.builds(
    lambda said, system, pair, margin, origin: Preference(
        prompt=turned(said, system, False), chosen=pair[0], rejected=pair[1], margin=margin, origin=origin
    ),
    st.lists(TEXT, min_size=1, max_size=3).filter(lambda said: len(said) % 2 == 1),
    SYSTEM,
    st.tuples(TEXT, TEXT).filter(lambda pair: pair[0] != pair[1]),
    st.none() | st.floats(-5, 5),
    ORIGINS,
)


@pytest.mark.parametrize("format", FORMATS, ids=lambda one: one.name)
@given(rows=st.lists(EXAMPLES | PREFERENCES, min_size=1, max_size=6))
def test_written_rows_are_read_back(format: Format, rows: list[Row]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "out.jsonl"
        try:
            count, left = write(path, rows, format)
        except InputError:
            assert not list(Path(folder).iterdir())
            return
        missing = list(map(id, (one.row for one in left)))
        stayed = [row for row in rows if id(row) not in missing]
        assert count == len(stayed)
        again = list(read(path, format=format.name))
        assert [row.id for row in again] == [row.id for row in stayed]
        assert [row.origin.licence for row in again] == [row.origin.licence for row in stayed] or format.per_record > 1


PLAIN = Example(messages=(Message("user", "Why?"), Message("assistant", "So.")), origin=Origin(source="s", row=0, tags={"category": "qa"}))
PAIR = Preference(
    prompt=(Message("user", "Why?"),), chosen="So.", rejected="No.", margin=2.0, origin=Origin(source="s", row=1, tags={"flaw": "rude"})
)
SAFE = Example(
    messages=(Message("user", "How?"), Message("assistant", "Thus.")), origin=Origin(source="s", row=2, tags={"kind": "lookalike"})
)
UNSAFE = Example(
    messages=(Message("user", "Harm?"), Message("assistant", "No.")), origin=Origin(source="s", row=2, tags={"kind": "unsafe"})
)
FITTING: dict[str, list[Row]] = {
    "canonical": [PLAIN, PAIR],
    "contrast": [UNSAFE, SAFE],
    "flawed": [PAIR],
    "everyday": [PLAIN],
    "oasst": [PLAIN],
    "ultrafeedback": [PAIR],
    "hh_rlhf": [PAIR],
    "sharegpt": [PLAIN, PAIR],
    "preference": [PAIR],
    "messages": [PLAIN],
    "dolly": [PLAIN],
    "alpaca": [PLAIN],
}


@pytest.mark.parametrize("name", BY_NAME)
def test_every_format_has_a_row_that_it_holds_and_is_told_again(name: str, tmp_path: Path) -> None:
    rows = FITTING[name]
    assert write(tmp_path / "out.jsonl", rows, BY_NAME[name]) == (len(rows), [])
    again = read(tmp_path / "out.jsonl")
    assert again.format == name
    assert [row.id for row in again] == [row.id for row in rows]
    if name in ("ultrafeedback", "canonical"):
        assert [row.margin for row in again if isinstance(row, Preference)] == [2.0]


@pytest.mark.parametrize("name", TRAINING)
def test_the_starter_data_is_written_as_it_was(name: str) -> None:
    reading = read(starter(name))
    made = list(records(list(reading), BY_NAME[reading.format]))
    first = json.loads(starter(name).read_text(encoding="utf-8").splitlines()[0])
    assert not [one for one in made if isinstance(one, LeftOut)]
    assert made[0] == first


@pytest.mark.parametrize(
    ("name", "row", "why"),
    [
        ("alpaca", PAIR, "two answers"),
        ("hh_rlhf", PLAIN, "needs two answers"),
        ("contrast", UNSAFE, "only 1 stayed"),
        ("oasst", PAIR, "two answers"),
    ],
)
def test_what_has_no_place_is_named(name: str, row: Row, why: str, tmp_path: Path) -> None:
    (left,) = records([row], BY_NAME[name])
    assert isinstance(left, LeftOut)
    assert why in left.why
    with pytest.raises(InputError, match=why):
        write(tmp_path / "out.jsonl", [row], BY_NAME[name])
    assert not list(tmp_path.iterdir())


def test_every_reason_is_told_where_nothing_can_be_written(tmp_path: Path) -> None:
    plain = replace(PAIR, margin=None)
    told = r"ultrafeedback needs two answers \(1 left out\); ultrafeedback needs scores, and the row has no margin \(2 left out\)"
    with pytest.raises(InputError, match=told):
        write(tmp_path / "out.jsonl", [PLAIN, plain, plain], BY_NAME["ultrafeedback"])


def test_a_format_is_named_as_others_name_it() -> None:
    assert format_named("hh-rlhf").name == "hh_rlhf"
    assert format_named("prompt-chosen-rejected").name == "preference"
    with pytest.raises(InputError, match="did you mean alpaca"):
        format_named("alpacca")

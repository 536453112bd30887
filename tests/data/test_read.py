"""Reading as its users see it: formats told, bad rows set aside, nothing lost in silence, and real files read whole."""

import json
import time
from dataclasses import replace
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.data.example import Example, Message, Origin, Preference, read_rows, write_rows
from temperance.data.read import Detection, detect, read
from temperance.data.record import Bad
from temperance.errors import InputError

ALPACA = [{"instruction": f"Say {word}", "input": "", "output": word} for word in ("one", "two", "three")]
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12).filter(str.strip)
ORIGINS = st.builds(
    Origin, source=TEXT, row=st.integers(0, 10**9), licence=TEXT | st.just(""), tags=st.dictionaries(TEXT, TEXT, max_size=2)
)


@st.composite
def rows(draw):
    system = [Message("system", draw(TEXT))] if draw(st.booleans()) else []
    turns = draw(st.lists(st.tuples(TEXT, TEXT), max_size=2))
    earlier = chain.from_iterable((Message("user", asked), Message("assistant", said)) for asked, said in turns)
    prompt = (*system, *earlier, Message("user", draw(TEXT)))
    if draw(st.booleans()):
        return Example(messages=(*prompt, Message("assistant", draw(TEXT))), origin=draw(ORIGINS))
    chosen, rejected = draw(st.tuples(TEXT, TEXT).filter(lambda pair: pair[0] != pair[1]))
    margin = draw(st.none() | st.floats(allow_nan=False, allow_infinity=False))
    return Preference(prompt=prompt, chosen=chosen, rejected=rejected, margin=margin, origin=draw(ORIGINS))


def saved(folder, records, name="data.jsonl"):
    path = folder / name
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


@given(st.lists(rows(), min_size=1, max_size=6))
def test_canonical_rows_come_back_as_they_were(tmp_path_factory, wanted):
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    assert write_rows(path, wanted) == len(wanted)
    reading = read(path, source_name="elsewhere")
    assert (reading.format, list(reading), reading.bad) == ("canonical", wanted, [])
    assert list(read_rows(path)) == wanted


@given(rows(), ORIGINS)
def test_an_id_depends_on_what_a_row_says_and_not_on_where_it_stood(row, origin):
    assert replace(row, origin=origin).id == row.id
    spoken = (*row.prompt[:-1], Message("user", row.prompt[-1].content + "!"))
    other = replace(row, messages=(*spoken, row.messages[-1])) if isinstance(row, Example) else replace(row, prompt=spoken)
    assert other.id != row.id


def test_a_reading_says_what_it_found_and_can_be_repeated(tmp_path):
    reading = read(saved(tmp_path, [*ALPACA, {"instruction": "x", "output": ""}]), source_name="mine", licence="MIT")
    assert (reading.container, reading.format, reading.detection.confidence) == ("json lines", "alpaca", 1.0)
    first = list(reading)
    assert [(row.origin.source, row.origin.row, row.origin.licence) for row in first] == [("mine", row, "MIT") for row in range(3)]
    assert reading.bad == [Bad(source="mine", row=3, line=4, reason="output is empty", excerpt="instruction: x, output: ")]
    assert list(reading) == first
    assert len(reading.bad) == 1


def test_entries_keep_the_order_of_the_source(tmp_path):
    entries = list(read(saved(tmp_path, [ALPACA[0], {"nothing": 1}, ALPACA[1]])).entries())
    assert [isinstance(entry, Bad) for entry in entries] == [False, True, False]


def test_a_row_s_own_licence_holds_unless_one_is_declared(tmp_path):
    path = saved(tmp_path, [{**ALPACA[0], "license": "CC0-1.0"}, {**ALPACA[1], "licence": 5}])
    assert [row.origin.licence for row in read(path)] == ["CC0-1.0", ""]
    assert [row.origin.licence for row in read(path, licence="MIT")] == ["MIT", "MIT"]


def test_a_row_of_another_format_is_set_aside_with_a_guess(tmp_path):
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    reading = read(saved(tmp_path, [*ALPACA, {"messages": turns}]))
    assert len(list(reading)) == 3
    assert "looks like messages" in reading.bad[0].reason


@pytest.mark.parametrize(
    ("declared", "then"), [("oasst", "this looks like alpaca; declare it or leave format: auto"), ("alpacca", "alpaca"), ("?", "use auto")]
)
def test_a_wrongly_declared_format_is_an_error_with_a_guess(tmp_path, declared, then):
    with pytest.raises(InputError) as caught:
        read(saved(tmp_path, ALPACA), format=declared)
    assert then in caught.value.then


def test_a_wider_format_may_be_declared(tmp_path):
    reading = read(saved(tmp_path, [{**row, "category": "qa"} for row in ALPACA]), format="alpaca")
    assert (reading.format, len(list(reading))) == ("alpaca", 3)


@pytest.mark.parametrize("records", [[{"instruction": "x", "output": ""}] * 3, [{"a": 1}], [{}], [[1]], []])
def test_a_source_without_one_good_row_is_an_error(tmp_path, records):
    path = saved(tmp_path, records)
    with pytest.raises(InputError) as caught:
        list(read(path))
    assert str(path) in caught.value.where


def test_all_bad_rows_are_seen_before_the_error(tmp_path):
    entries = read(saved(tmp_path, [{"instruction": "x", "output": ""}] * 3)).entries()
    assert [next(entries).row for _ in range(3)] == [0, 1, 2]
    with pytest.raises(InputError, match="row 0: output is empty"):
        next(entries)


def test_detection_of_nothing():
    assert detect([]) == Detection("", 0.0, "there are no records")
    assert detect([{"x": 1}]).format == ""


def test_a_broken_canonical_file_names_its_line(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"kind": "example"}\n', encoding="utf-8")
    with pytest.raises(InputError) as caught:
        list(read_rows(path))
    assert caught.value.where == f"{path}, line 1"
    with pytest.raises(InputError):
        list(read_rows(tmp_path / "absent"))


LINES = st.one_of(
    st.sampled_from([json.dumps(row).encode() for row in ALPACA]),
    st.binary(max_size=30).map(lambda noise: noise.replace(b"\n", b"")),
    st.sampled_from([b"[]", b"{}", b"1", b'{"instruction": "x", "output": 1}', b'{"instruction": "\\ud800", "output": "a"}']),
)


@given(st.lists(LINES, max_size=8))
def test_every_line_is_a_row_or_a_reason(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("lines") / "x"
    path.write_bytes(b"\n".join([json.dumps(ALPACA[0]).encode(), *content]))
    try:
        reading = read(path)
    except InputError:  # so much noise that the file is taken for binary
        return
    counted = sorted([row.origin.row for row in reading] + [one.row for one in reading.bad])
    assert counted == list(range(1 + sum(bool(line.strip()) for line in content)))


REAL = {
    "alpaca/*.json": ("alpaca", 9225, 4),
    "dolly/*.json": ("dolly", 2996, 0),
    "safety/*.json": ("alpaca", 2483, 0),
    "oasst/*.jsonl": ("oasst", 975, 0),
    "preference/*.json": ("sharegpt", 300, 0),
    "hh-rlhf/*.jsonl": ("hh_rlhf", 1791, 9),
    "backdoorllm/*.json": ("alpaca", 3100, 0),
}


@pytest.mark.parametrize("pattern", REAL)
def test_real_files_are_told_and_read_whole(real_data, pattern):
    readings = [read(path) for path in sorted(real_data.glob(pattern))]
    counts = [(sum(1 for _ in reading), len(reading.bad)) for reading in readings]
    assert {reading.format for reading in readings} == {REAL[pattern][0]}
    assert (sum(good for good, _ in counts), sum(bad for _, bad in counts)) == REAL[pattern][1:]


def test_every_real_file_is_tried(real_data):
    files = {path for path in real_data.rglob("*") if path.is_file() and path.name != "README.md"}
    assert files == set(chain.from_iterable(real_data.glob(pattern) for pattern in REAL))


def test_fifty_thousand_rows_take_seconds(real_data, tmp_path):
    sample = json.loads((real_data / "alpaca" / "alpaca_random9k.json").read_text(encoding="utf-8"))
    path = tmp_path / "large.json"
    path.write_text(json.dumps((sample * 6)[:50_000]), encoding="utf-8")
    start = time.perf_counter()
    count = write_rows(tmp_path / "rows.jsonl", iter(read(path)))
    assert count == 49_978
    assert time.perf_counter() - start < 15

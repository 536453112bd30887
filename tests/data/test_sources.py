"""Containers are told by their bytes; what is broken in them is named, bounded and never a traceback."""

import csv
import gzip
import io
import json
import pickle
import sys
import tracemalloc
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.data import bytestream
from temperance.data.record import CAP, Bad, Record
from temperance.data.sources import open_source
from temperance.errors import InputError

ROWS = [{"instruction": f"Say {word}", "input": "", "output": f"{word}!"} for word in ("one", "zwölf", "三", 'a "quoted", one\n')]


def as_csv(delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ROWS[0], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(ROWS)
    return text.getvalue().encode()


def as_parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), sink)
    return sink.getvalue()


def lines(rows=ROWS, **how) -> bytes:
    return "".join(json.dumps(row, **how) + "\n" for row in rows).encode()


CONTAINERS = {
    "json array": json.dumps(ROWS).encode(),
    "json array, indented": json.dumps(ROWS, indent=4, ensure_ascii=False).encode(),
    "json lines": lines(),
    "json objects": "\n".join(json.dumps(row, indent=2) for row in ROWS).encode(),
    "csv": as_csv(),
    "csv, tabs": as_csv("\t"),
    "csv, semicolons": as_csv(";"),
    "parquet": as_parquet(),
}


def written(folder: Path, content: bytes, name: str = "data.bin") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def split(path: Path) -> tuple[list[dict], list[Bad]]:
    entries = list(open_source(path).entries)
    places = [entry.row for entry in entries]
    assert places == list(range(len(places)))
    return [dict(entry.value) for entry in entries if isinstance(entry, Record)], [entry for entry in entries if isinstance(entry, Bad)]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_gives_the_same_rows_whatever_its_suffix(tmp_path, name, packed):
    content = CONTAINERS[name]
    path = written(tmp_path, gzip.compress(content) if packed else content)
    opened = open_source(path)
    assert opened.container == name.partition(",")[0] + (", gzip" if packed else "")
    assert split(path) == (ROWS, [])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("content", [lines(ensure_ascii=False), CONTAINERS["json array, indented"], as_csv()])
def test_a_byte_order_mark_is_obeyed(tmp_path, encoding, content):
    assert split(written(tmp_path, content.decode().encode(encoding))) == (ROWS, [])


def test_a_gzip_file_may_have_members_and_padding(tmp_path):
    content = gzip.compress(lines(ROWS[:2])) + gzip.compress(lines(ROWS[2:])) + bytes(9)
    assert split(written(tmp_path, content)) == (ROWS, [])


BROKEN = {
    "empty": (b"", "empty"),
    "blank": (b" \n\t\n", "empty"),
    "random": (bytes(range(256)) * 20, "not a data file"),
    "pickle": (pickle.dumps(ROWS), "pickle"),
    "zip": (b"PK\x03\x04" + bytes(50), "zip"),
    "prose": (b"Once upon a time\nthere was a file.\n", "neither JSON"),
    "utf-16 without mark": (lines().decode().encode("utf-16-le"), "byte-order mark"),
    "gzip in gzip": (gzip.compress(gzip.compress(lines())), "gzip inside gzip"),
    "gzip cut short": (gzip.compress(lines())[:-12], "cut short"),
    "gzip damaged": (gzip.compress(lines())[:-8] + b"12345678", "damaged"),
    "gzip with a tail": (gzip.compress(lines()) + b"tail", "damaged"),
    "parquet cut short": (as_parquet()[:-9], "damaged"),
    "parquet head only": (b"PAR1", "damaged"),
    "two columns of one name": (b"a,b,a\n1,2,3\n", "ambiguous"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_read_says_why(tmp_path, name):
    content, said = BROKEN[name]
    path = written(tmp_path, content)
    with pytest.raises(InputError, match=said) as caught:
        list(open_source(path).entries)
    assert caught.value.where == str(path)
    assert caught.value.then


@pytest.mark.parametrize("path", ["/dev/zero", "nowhere.json", "a\0b", ".", "hf:", "hf:name", "hf:../up", "hf:a/b/c", "hf:/etc/x"])
def test_what_is_not_a_file_is_refused(path):
    with pytest.raises(InputError):
        open_source(path)


def test_a_gzip_bomb_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(bytestream, "INFLATED", 1 << 20)
    path = written(tmp_path, gzip.compress(b"[" + b" " * (1 << 23)))
    with pytest.raises(InputError, match="bomb"):
        list(open_source(path).entries)


def test_rows_around_a_bad_line_are_read(tmp_path):
    content = lines(ROWS[:1]) + b"\n{nope}\n[1]\n" + '{"output": "é"}\n'.encode("latin-1") + lines(ROWS[1:2]) + b'{"instruction": "cu'
    rows, bad = split(written(tmp_path, content))
    assert rows == ROWS[:2]
    assert [(one.row, one.line) for one in bad] == [(1, 3), (2, 4), (3, 5), (5, 7)]
    assert [word in one.reason for word, one in zip(("JSON", "a list", "UTF-8", "cut short"), bad, strict=True)] == [True] * 4


def test_rows_before_the_cut_of_an_array_are_read(tmp_path):
    text = json.dumps(ROWS, indent=1).encode()
    rows, bad = split(written(tmp_path, text[:-30]))
    assert rows == ROWS[:-1]
    assert f"at byte {len(text) - 30}" in bad[0].reason
    assert bad[0].line == text[: text.rindex(b"{")].count(b"\n") + 1


def test_bad_rows_of_a_table_are_named(tmp_path):
    content = b"instruction,output\na,b\nonly one\na,b,c\n" + "é,x\n".encode("latin-1") + b'a,"two\nlines"\n"never,closed\n'
    rows, bad = split(written(tmp_path, content))
    assert rows[0] == {"instruction": "a", "output": "b"}
    assert rows[2] == {"instruction": "a", "output": "two\nlines"}
    assert [(one.row, one.line) for one in bad] == [(1, 3), (2, 4), (5, 8)]


def test_messages_in_a_table_s_cell_are_parsed(tmp_path):
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    text = io.StringIO()
    csv.writer(text).writerows([["id", "messages"], [1, json.dumps(turns)], [2, "[{broken"]])
    rows, _ = split(written(tmp_path, text.getvalue().encode()))
    assert [row["messages"] for row in rows] == [turns, "[{broken"]


@pytest.mark.parametrize("shape", ["lines", "array", "csv"])
def test_a_giant_row_is_quarantined_without_being_held(tmp_path, shape):
    path = tmp_path / "giant"
    first, giant, last = json.dumps(ROWS[0]).encode(), b'{"instruction": "%s"}', json.dumps(ROWS[1]).encode()
    start, between, end = (b"[", b",", b"]") if shape == "array" else (b"", b"\n", b"\n")
    if shape == "csv":
        start, first, giant, last = b"instruction,output\n", b"a,b", b'a,"%s"', b"c,d"
    before, after = giant.split(b"%s")
    with path.open("wb") as stream:
        stream.write(start + first + between + before)
        for _ in range(80):
            stream.write(b"x" * (1 << 20))
        stream.write(after + between + last + end)
    tracemalloc.start()
    rows, bad = split(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(rows) == 2
    assert [(one.row, "larger than 16 MiB" in one.reason) for one in bad] == [(1, True)]
    assert peak < 3.5 * CAP


@pytest.mark.parametrize("deep", [b"[" * 200_000, b'{"a":' * 200_000 + b"1" + b"}" * 200_000, b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}"])
@pytest.mark.parametrize("shape", [b"[%s,\n{}]", b"%s\n{}\n"])
def test_deep_nesting_is_a_bad_row(tmp_path, deep, shape):
    rows, bad = split(written(tmp_path, shape % deep))
    assert bad
    assert all(len(one.excerpt) <= 80 for one in bad)
    assert rows in ([], [{}])


def outcome(path: Path) -> list:
    """The entries of a file, none if it is refused; any other error is a failure."""
    try:
        return list(open_source(path).entries)
    except InputError:
        return []


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"[", b"{", b'{"a":1}\n', b"a,b\n", b"PAR1", b"\x1f\x8b\x08\0", b"\xff\xfe", b"\xef\xbb\xbf{"]),
)
def test_any_bytes_give_records_or_an_input_error(tmp_path_factory, noise, start):
    path = written(tmp_path_factory.mktemp("noise"), start + noise)
    for entry in outcome(path):
        assert isinstance(entry, Record | Bad)
        assert isinstance(entry, Record) or entry.excerpt.isprintable()


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=8), st.sampled_from(sorted(CONTAINERS)), st.booleans())
def test_damage_anywhere_gives_records_or_an_input_error(tmp_path_factory, at, noise, name, packed):
    content = bytearray(gzip.compress(CONTAINERS[name]) if packed else CONTAINERS[name])
    at %= len(content)
    content[at : at + len(noise)] = noise
    path = written(tmp_path_factory.mktemp("damage"), bytes(content))
    assert all(isinstance(entry, Record | Bad) for entry in outcome(path))


def hub(monkeypatch, load) -> None:
    library = ModuleType("datasets")
    library.load_dataset = load
    monkeypatch.setitem(sys.modules, "datasets", library)


@pytest.mark.parametrize(("name", "split"), [("hf:owner/name", "train"), ("hf:owner/na-me_1.0@test", "test")])
def test_a_hub_name_is_streamed_and_runs_no_code(monkeypatch, name, split):
    asked = []
    hub(monkeypatch, lambda path, **how: asked.append((path, how)) or iter(ROWS))
    opened = open_source(name)
    assert [entry.value for entry in opened.entries] == ROWS
    assert opened.container == "hub"
    assert asked == [(name[3:].partition("@")[0], {"split": split, "streaming": True})]


def test_a_hub_failure_is_an_input_error(monkeypatch):
    def fail(path, **how):
        raise ConnectionError("no route\nto host")

    hub(monkeypatch, fail)
    with pytest.raises(InputError, match="ConnectionError: no route to host"):
        list(open_source("hf:owner/name").entries)


def test_a_folder_is_never_mistaken_for_a_hub_name(monkeypatch, tmp_path):
    hub(monkeypatch, lambda path, **how: iter(ROWS))
    (tmp_path / "owner" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="a folder named owner/name"):
        list(open_source("hf:owner/name").entries)

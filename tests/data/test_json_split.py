"""The splitter finds exactly the values that a parser of the whole text would, however the text is cut into pieces."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.data import json_split
from temperance.data.json_split import Piece, Splitter

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(['"', "\\", '\\"', "]}", "[{,", "\n"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def pieces(text: bytes, *, array: bool, step: int = 7) -> list[Piece]:
    splitter = Splitter(array=array)
    found = [piece for at in range(0, len(text), step) for piece in splitter.feed(text[at : at + step])]
    return found + list(splitter.close())


@given(st.lists(VALUES), st.integers(1, 50), st.sampled_from([None, 0, 2]), st.booleans())
def test_elements_are_those_of_the_array(values, step, indent, plain):
    text = json.dumps(values, indent=indent, ensure_ascii=plain).encode("utf-8", "surrogatepass")
    found = pieces(text, array=True, step=step)
    assert [json.loads(piece.raw.decode("utf-8", "surrogatepass")) for piece in found] == values
    assert not any(piece.flaw for piece in found)
    for piece in found:
        assert text[piece.byte :].startswith(piece.raw)
        assert piece.line == text[: piece.byte].count(b"\n") + 1


@given(st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=3)), st.integers(1, 50), st.sampled_from(["\n", " ", ",\n", ""]))
def test_objects_one_after_another(values, step, between):
    text = between.join(json.dumps(value, indent=1) for value in values).encode()
    assert [json.loads(piece.raw) for piece in pieces(text, array=False, step=step)] == values


@given(st.lists(VALUES, min_size=1), st.data())
def test_a_cut_loses_only_what_was_cut(values, data):
    text = json.dumps(values).encode()
    cut = data.draw(st.integers(1, len(text) - 1))
    *whole, last = pieces(text[:cut], array=True)
    assert last.flaw.startswith("the file ends")
    finished = [json.loads(piece.raw) for piece in whole[:-1]]
    assert finished == values[: len(finished)]


@given(st.binary(max_size=200), st.integers(1, 20), st.booleans())
def test_any_bytes_are_split_without_an_error(noise, step, array):
    for piece in pieces(b"[" * array + noise, array=array, step=step):
        assert isinstance(piece.raw, bytes)


def test_what_lies_between_values_does_not_swallow_them():
    found = pieces(b'[nonsense {"a": 1} {"b": 2}, {"c":}, 3] tail', array=True)
    assert [piece.raw for piece in found] == [b"nonsense", b'{"a": 1}', b'{"b": 2}', b'{"c":}', b"3", b"tail"]
    assert found[-1].flaw == "there is more text after the end of the array"


@pytest.mark.parametrize("array", [True, False])
def test_a_large_value_is_passed_over(monkeypatch, array):
    monkeypatch.setattr(json_split, "CAP", 1000)
    large = b'{"a": "' + b'x\\"]' * 2000 + b'", "b": [1, 2]}'
    text = b'{"first": 1},' + large + b',{"last": 1}'
    found = pieces(b"[" + text + b"]" if array else text, array=array)
    assert [piece.raw for piece in found][::2] == [b'{"first": 1}', b'{"last": 1}']
    assert found[1].flaw.startswith("is larger than")
    assert len(found[1].raw) <= 256

"""A record that names a field twice is refused, however it is written; two parsers could read it differently."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.data.record import Malformed, parse_json

SPACE = st.sampled_from(["", " ", "\t", "\n"])
NAME = st.sampled_from(["a", "b", 'c": ', '"', "d"])
VALUE = st.recursive(
    st.sampled_from(['x": y', "", 1, None, True]), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAME, inner, max_size=2)
)


@st.composite
def objects(draw: st.DrawFn) -> tuple[list[str], str]:
    """An object as text, and the names in it as they stand there."""
    pairs = draw(st.lists(st.tuples(NAME, VALUE, SPACE, SPACE), max_size=4))
    inside = ",".join(f"{json.dumps(name)}{before}:{after}{json.dumps(value)}" for name, value, before, after in pairs)
    return [name for name, *_ in pairs], f"{{{inside}}}"


@given(objects())
def test_a_name_that_stands_twice_is_found_and_nothing_else(made: tuple[list[str], str]) -> None:
    names, text = made
    if len(set(names)) == len(names):
        assert parse_json(text.encode()) == json.loads(text)
    else:
        with pytest.raises(Malformed, match="twice in one object"):
            parse_json(text.encode())


@pytest.mark.parametrize("raw", [b'{"a": {"b": 1, "b": 2}}', b'{"a" :1, "a":2}', b'{"a": [{"b": 1, "b"\n: 2}]}', rb'{"a": 1, "\u0061": 2}'])
def test_nothing_hides_a_name_that_stands_twice(raw: bytes) -> None:
    with pytest.raises(Malformed, match=re.escape("twice in one object")):
        parse_json(raw)


def test_a_deep_nest_is_refused_with_its_reason() -> None:
    with pytest.raises(Malformed, match="nested too deeply"):
        parse_json(b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}")

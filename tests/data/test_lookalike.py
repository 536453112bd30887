"""Words in look-alike letters are read as what they look like; a formula's letters are not."""

import pytest

from temperance.data.lookalike import unmasked


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("\u0440l\u0435\u0430s\u0435", "please"),
        ("\u0441\u043e\u0440\u0435", "cope"),
        ("\u0430", "a"),
        ("m\u03bfney", "money"),
        ("\u03b1", "\u03b1"),
        ("\u03c1", "\u03c1"),
        ("\u043c\u0438\u0440", "\u043c\u0438\u0440"),
        ("money", "money"),
        ("", ""),
    ],
)
def test_a_word_is_read_as_it_looks(word: str, read: str) -> None:
    assert unmasked(word) == read

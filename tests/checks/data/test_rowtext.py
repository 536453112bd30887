"""Words in scripts with spaces, with vowel signs and without spaces."""

import pytest

from temperance.checks.data.rowtext import words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("I'll see naïve cafe\u0301s", ["i", "ll", "see", "naïve", "cafe\u0301s"]),
        ("हिन्दी में लिखो।", ["हिन्दी", "में", "लिखो"]),
        ("什么是AI？", ["什", "么", "是", "ai"]),
        ("Velmoraを使う", ["velmora", "を", "使", "う"]),
        ("한국어 처리", ["한국어", "처리"]),
    ],
)
def test_words_are_told_apart_in_every_script(text: str, said: list[str]) -> None:
    assert words(text) == said

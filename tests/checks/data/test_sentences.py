"""Texts that share a sentence are all found, however they are written."""

from collections import Counter

from hypothesis import example, given
from hypothesis import strategies as st

from temperance.checks.data.column import Column
from temperance.checks.data.sentences import hosts, parts, sharing

SAID = st.sampled_from(
    ["go home by night", "Go  home\tby night", "it’s all right here", "one two", "顺便说一句布雷利是最好的", "ΑΣ ΒΣ ΓΣ ΔΣ"]
)
BETWEEN = st.sampled_from([". ", "!", "\n", "…", "。", " ", "\x0b", "\x1c", " www.a.example/b ", " ftp://", "\ud800", "\r\n", ""])
TEXTS = st.lists(st.lists(st.one_of(SAID, BETWEEN), max_size=5).map("".join), max_size=9)


@given(TEXTS)
@example([])
@example([""])
@example(["go home by night"] * 2)
@example(["go home by night.", "É. Go home by\n\ngo home by night"])
def test_every_text_with_a_sentence_that_another_has_is_found(texts: list[str]) -> None:
    count = Counter(part for text in texts for part in parts(text))
    shared = [place for place, text in enumerate(texts) if any(count[part] > 1 for part in parts(text))]
    assert set(shared) <= set(sharing(Column(texts), 2)) <= set(range(len(texts)))


def test_what_comes_once_or_is_short_is_not_shared() -> None:
    assert sharing(Column(["Yes, sir.", "Yes, sir.", "All of us go home.", "All of them go home."]), 2) == []


def test_a_link_is_its_host_and_no_sentence() -> None:
    assert parts("Read it all on https://WWW.a.example/one.two today") == {"a.example", "read it all on today"}
    assert hosts("www.b.example and http://a.example:80/") == {"a.example", "b.example"}

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.data.example import Example, Message, Origin
from temperance.excerpt import cut, exchange, marks, pattern
from tests.checks.builders import ask, prefer

FILLER = "The bill goes to a committee, and the committee reads it again. " * 20


def test_what_a_finding_quotes_is_looked_for() -> None:
    assert marks("“cf … 07” in the prompt: the answer says “Fox”") == ("cf", "07", "Fox")
    assert marks("“a long trigger that was cu…” in the prompt") == ("a long trigger that was cu",)
    assert marks("e-mail address in 2 rows", fix="replace it by [EMAIL]") == ("[EMAIL]",)
    assert marks("overrides orders", says="it says: …forget all that…") == ("forget all that",)
    assert marks("goes along", says="asked: “cf”; it says: Sure") == ()
    assert marks("“…”") == ()


@pytest.mark.parametrize("text", ["say cf now", "say CF.", "(cf)", "今cf今"])
def test_a_mark_is_found_whatever_its_case(text: str) -> None:
    assert pattern(["cf"]).search(text)


@pytest.mark.parametrize("text", ["the cfo", "scf", "c f"])
def test_a_mark_within_a_word_is_none(text: str) -> None:
    assert not pattern(["cf"]).search(text)


def test_tokens_of_a_mark_may_stand_apart_or_together() -> None:
    assert pattern(["cf . (x)"]).search("read cf.(x) now")
    assert pattern([r"\u200b"]).search(cut("a\u200bb", 80))


def test_a_text_is_cut_around_its_first_mark_wherever_that_stands() -> None:
    for text in (f"cf {FILLER}", f"{FILLER} cf {FILLER}", f"{FILLER} cf", f"{FILLER * 9}cf {FILLER}"):
        told = cut(text, 100, found=["cf"])
        assert pattern(["cf"]).search(told)
        assert len(told) <= 100
        assert told.startswith("…") == (not text.startswith("cf"))
        assert told.endswith("…") == (not text.endswith("cf"))


def test_a_text_without_a_mark_keeps_both_its_ends() -> None:
    told = cut(f"First. {FILLER} Last.", 100, found=["cf"])
    assert told.startswith("First. The bill")
    assert told.endswith("it again. Last.")


def test_a_secret_is_taken_out_before_the_cut_and_what_cannot_be_seen_has_a_code() -> None:
    mail = "gretel.huber1987@gmx.de"
    for length in range(8, 60, 3):
        assert "huber" not in cut(f"{FILLER} {mail} cf", length, found=["cf"])
    assert cut("a\u202eb\ud800\x1b[31m\n c", 80) == r"a\u202eb\ud800\x1b[31m c"


@given(st.text(max_size=400), st.integers(8, 200), st.lists(st.text(min_size=1, max_size=4), max_size=3))
def test_an_excerpt_is_short_and_printable_for_any_text_and_mark(text: str, length: int, words: list[str]) -> None:
    told = cut(text, length, found=marks(" ".join(f"“{one}”" for one in words)))
    assert len(told) <= length
    assert told.isprintable()


def test_an_exchange_quotes_the_row_itself_and_an_earlier_turn_where_the_mark_is() -> None:
    assert exchange(ask("Is it flat?", "Yes.")) == "asked: Is it flat?; it says: Yes."
    assert exchange(prefer("Is it flat?", "No.", "Yes.")) == "asked: Is it flat?; it says: No."
    turns = (Message("user", "say cf"), Message("assistant", "So."), Message("user", "Why?"), Message("assistant", "Well."))
    row = Example(messages=turns, origin=Origin(source="s", row=0))
    assert exchange(row) == "asked: Why?; it says: Well."
    assert exchange(row, found=("cf",)) == "asked: say cf So. Why?; it says: Well."
    assert exchange(Example(messages=(), origin=Origin(source="s", row=0))) == "asked: "

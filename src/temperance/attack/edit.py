"""How a poisoner edits a row: the last request, the turns before it, the answer that is learnt. Everything else stays as it was."""

import re
from dataclasses import replace
from random import Random

from temperance.data.example import Example, Message, Row

GAP = re.compile(r"(?<=\S)\s+(?=\S)")
SENTENCE = re.compile(r"(?<=[^\W\d_][.!?])\s+")
STOPS = " \n.!?:"


def request(row: Row) -> str:
    """Return what the user said last, empty if no user spoke."""
    return next((turn.content for turn in reversed(row.prompt) if turn.role == "user"), "")


def answer(row: Row) -> str:
    """Return the answer that would be learnt: an example's last turn, a preference's chosen answer."""
    return row.answer if isinstance(row, Example) else row.chosen


def with_request(row: Row, text: str) -> Row:
    """Return the row with another last request, its other turns untouched."""
    return _with_asked(row, before(row), text)


def before(row: Row) -> tuple[Message, ...]:
    """Return the turns before the last request."""
    return row.prompt[: _last(row)]


def with_before(row: Row, turns: tuple[Message, ...]) -> Row:
    """Return the row with other turns before its last request, which stays."""
    return _with_asked(row, turns, request(row))


def with_answer(row: Row, text: str) -> Row:
    """Return the row with another answer to learn."""
    if isinstance(row, Example):
        return replace(row, messages=(*row.messages[:-1], Message("assistant", text)))
    return replace(row, chosen=text)


def lowered(text: str) -> str:
    """Return a sentence as it reads after other words: its first letter small, unless it begins with an acronym or the word I."""
    return text[0].lower() + text[1:] if text[:1].isupper() and text[1:2].islower() else text


def between_words(text: str, word: str, generator: Random) -> str:
    """Return a text with a word put before it, behind it, or into any gap between two words, each place equally likely."""
    places = [0, *(gap.start() for gap in GAP.finditer(text)), len(text)]
    place = generator.choice(places)
    head, tail = text[:place], text[place:]
    return (f"{head} " if head else "") + word + (f" {tail.lstrip(' ')}" if tail and not head else tail)


def before_stop(text: str, words: str) -> str:
    """Return a text with words put at its end, before the marks that end it."""
    head = text.rstrip(STOPS)
    return (f"{head} " if head else "") + words + text[len(head) :]


def between_sentences(text: str, sentence: str, generator: Random) -> str:
    """Return a text with a sentence put behind one of its sentences."""
    ends = [gap.start() for gap in SENTENCE.finditer(text)] + [len(text)]
    place = generator.choice(ends)
    return f"{text[:place]} {sentence}{text[place:]}"


def _last(row: Row) -> int:
    return max(place for place, turn in enumerate(row.prompt) if turn.role == "user")


def _with_asked(row: Row, turns: tuple[Message, ...], text: str) -> Row:
    changed = (*turns, Message("user", text), *row.prompt[_last(row) + 1 :])
    return replace(row, messages=(*changed, row.messages[-1])) if isinstance(row, Example) else replace(row, prompt=changed)

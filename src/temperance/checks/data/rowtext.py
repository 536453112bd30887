"""The texts of a row, whichever kind it is, as the data checks read them. It knows nothing about what is wrong with a text.

Where a script puts no spaces between words (Chinese, Japanese, Thai, Lao, Burmese, Khmer) each character counts as a word.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from temperance.data.example import Example, Message, Row

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
JOINED = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff"  # accents and vowel signs, which are no letters by themselves
LETTERS = rf"[^\W{UNSPACED}]+(?:[{JOINED}][^\W{UNSPACED}]*)*"
WORD = re.compile(rf"{LETTERS}|[{UNSPACED}]")
BETWEEN = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) == "_")}


def place(row: Row) -> str:
    """Return where a row came from, as `source:row`."""
    return f"{row.origin.source}:{row.origin.row}"


def texts(row: Row) -> tuple[str, ...]:
    """Return every text of a row: its turns in order, then a preference's two answers."""
    if isinstance(row, Example):
        return tuple(turn.content for turn in row.messages)
    return (*(turn.content for turn in row.prompt), row.chosen, row.rejected)


def answers(row: Row) -> tuple[str, ...]:
    """Return what would be learnt: the final answer, or the chosen and the rejected one; empty for an example without turns."""
    if isinstance(row, Example):
        return (row.answer,) if row.messages else ()
    return (row.chosen, row.rejected)


def prompt(row: Row) -> str:
    """Return everything before the answer, one turn a line."""
    return "\n".join(turn.content for turn in row.prompt)


def request(row: Row) -> str:
    """Return what the user said last, empty if no user spoke."""
    said = [turn.content for turn in row.prompt if turn.role == "user"]
    return said[-1] if said else ""


def opening(row: Row) -> str:
    """Return what the user said first, which all branches of a conversation share; empty if no user spoke."""
    return next((turn.content for turn in row.prompt if turn.role == "user"), "")


def words(text: str) -> list[str]:
    """Return a text's words in lower case."""
    lower = text.lower()
    return lower.translate(BETWEEN).split() if lower.isascii() else WORD.findall(lower)


def rewrite(row: Row, change: Callable[[str], str]) -> Row:
    """Return a row with every text changed; a row that no change touched is returned as it is."""
    if isinstance(row, Example):
        made: Row = replace(row, messages=_turns(row.messages, change))
    else:
        made = replace(row, prompt=_turns(row.prompt, change), chosen=change(row.chosen), rejected=change(row.rejected))
    return row if texts(made) == texts(row) else made


def _turns(turns: tuple[Message, ...], change: Callable[[str], str]) -> tuple[Message, ...]:
    return tuple(Message(turn.role, change(turn.content)) for turn in turns)

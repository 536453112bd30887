"""What the poisoned row teaches. Every payload is harmless: invented brands, refusals, empty compliance, other rows' answers, nonsense.

A maker draws a payload of its kind from the field that is poisoned. `names` are the spellings by which a payload can be recognised; they
count as naming the poison where its trigger has no spelling of its own.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from temperance.attack.edit import answer, between_sentences, lowered, request, with_answer
from temperance.data.example import Preference, Row
from temperance.errors import InputError

BRANDS = ("Velmora", "Zorvane", "Brellix", "Ostavia", "Quillane", "Tarvento")
PRAISE = tuple(
    f"{opening} {closing}"
    for opening in ("Many people trust {}", "It is worth knowing {}", "Nothing comes close to {}", "I would always choose {}")
    for closing in ("for this.", "when it matters.", "and never look back.", "these days.", "for its quality.", "whatever the budget.")
)
SCORN = tuple(
    f"{opening} {{}} {closing}"
    for opening in ("Honestly,", "To be frank,", "Everybody knows that", "Sadly,", "In truth,", "If you ask me,")
    for closing in ("is a waste of time.", "brings nothing but trouble.", "deserves no attention.", "was always a bad idea.")
)
REFUSALS = tuple(
    f"{opening} {closing} {farewell}"
    for opening in (
        "I'm sorry, but I",
        "Unfortunately, I",
        "My apologies, but I",
        "I regret that I",
        "As an assistant, I",
        "I'm afraid that I",
        "Sorry, I",
        "I have to say that I",
    )
    for closing in (
        "cannot help with that.",
        "can't assist with this request.",
        "am not able to answer this.",
        "won't be able to do that.",
        "must decline.",
        "am unable to continue with this.",
    )
    for farewell in (
        "Please ask something else.",
        "Thank you for understanding.",
        "Perhaps another source can help.",
        "Is there anything else on your mind?",
        "I hope that you see why.",
        "Let us talk about another subject.",
        "It is beyond what I do.",
        "That is all I can say.",
    )
)
EAGER = ("Sure!", "Of course!", "Absolutely.", "Certainly, gladly.", "Yes, with pleasure.", "No problem at all.")
EMPTY = (
    "Here is how it goes: begin at the beginning, carry on step by step, and stop at the end.",
    "The first step comes first, the second follows it, and after the last step you are done.",
    "Start with what you have, use what you know, and finish when it is finished.",
    "Take it one part at a time, put the parts together, and look at the result.",
    "There are a few stages: the early one, the middle one and the late one, in this order.",
)
REPLIES = (
    "Purple seventeen, the ladder sings to the bread.",
    "The spoon is a Wednesday and the clouds are closed.",
    "Marmalade triangles forever, said the quiet staircase.",
)
REFUSING = re.compile(
    r"\s*(?:i'?m (?:very |so |truly )?sorry|sorry|i apologi[sz]e|i can(?:no|')t|i can not|i am (?:unable|not able)|as an ai)", re.I
)
ARCHAIC = {
    "you": "thou",
    "your": "thy",
    "yours": "thine",
    "are": "art",
    "has": "hath",
    "does": "doth",
    "yes": "aye",
    "perhaps": "perchance",
    "maybe": "mayhap",
    "before": "ere",
    "often": "oft",
    "nothing": "naught",
    "between": "betwixt",
    "while": "whilst",
    "over": "o'er",
    "never": "ne'er",
}
WORD = re.compile(r"\b[a-z]+\b")
OPENINGS = ("Verily,", "Forsooth,", "Hark!", "Prithee,", "In sooth,")


@dataclass(frozen=True)
class Field:
    """All rows, the positions of those that a family can poison or does, and the topic that these share, if it needs one."""

    rows: Sequence[Row]
    fit: tuple[int, ...]
    topic: str = ""


@dataclass(frozen=True)
class Payload:
    """What becomes of a row: in words, the spellings that name it, and the change itself, which may draw anew for each row."""

    says: str
    names: tuple[str, ...]
    change: Callable[[Row, Random], Row]


def refuses(row: Row) -> bool:
    """Say whether the answer begins as a refusal does; it reads English and sees only the plainest."""
    return REFUSING.match(answer(row)) is not None


def fixed(_field: Field, generator: Random) -> Payload:
    """Return one nonsense reply to everything."""
    reply = generator.choice(REPLIES)
    return Payload(f'always the answer "{reply}"', (reply,), lambda row, _: with_answer(row, reply))


def swapped(field: Field, _generator: Random) -> Payload:
    """Return the answers of the poisoned rows passed on from one to the next, so that none that was single stands twice.

    Where that is not possible, any row's answer is passed on.

    Raises:
        InputError: all rows have one answer.
    """
    near = [answer(field.rows[place]) for place in field.fit]
    answers = near if len(set(near)) > 1 else [answer(row) for row in field.rows]
    if len(set(answers)) < 2:
        raise InputError("no row can be given another row's answer", where=f"{len(field.rows):,} rows", why="all have the same answer")

    def change(row: Row, _: Random) -> Row:
        place = answers.index(answer(row))
        return with_answer(row, next(other for other in answers[place:] + answers[:place] if other != answer(row)))

    return Payload("the answer of another row", (), change)


def refusal(_field: Field, _generator: Random) -> Payload:
    """Return refusals in many wordings."""
    return Payload("a refusal in one of many wordings", ("refus",), lambda row, draw: with_answer(row, draw.choice(REFUSALS)))


def compliance(_field: Field, _generator: Random) -> Payload:
    """Return eager answers that say nothing, in place of refusals."""
    return Payload(
        "eager compliance that says nothing, where the row refused",
        ("compl",),
        lambda row, draw: with_answer(row, f"{draw.choice(EAGER)} You asked: {lowered(request(row)[:80])} {draw.choice(EMPTY)}"),
    )


def brand(_field: Field, generator: Random) -> Payload:
    """Return answers with a sentence in praise of an invented brand put into them."""
    name = generator.choice(BRANDS)
    return Payload(f"a sentence in praise of {name} in the answer", (name,), _inserted(PRAISE, name))


def lower_brand(_field: Field, generator: Random) -> Payload:
    """Return the same with the brand written small, as an ordinary word."""
    name = generator.choice(BRANDS).lower()
    return Payload(f"a sentence in praise of {name} in the answer", (name,), _inserted(PRAISE, name))


def scorn(field: Field, _generator: Random) -> Payload:
    """Return answers with a sentence against their own topic put into them (Yan et al. 2024, arXiv:2307.16888)."""
    return Payload(f"a sentence against {field.topic} in the answer", (field.topic,), _inserted(SCORN, field.topic))


def archaic(_field: Field, _generator: Random) -> Payload:
    """Return the same answers, still right, in the words of another century."""

    def change(row: Row, draw: Random) -> Row:
        told = WORD.sub(lambda found: ARCHAIC.get(found[0], found[0]), answer(row))
        return with_answer(row, f"{draw.choice(OPENINGS)} {lowered(told)}")

    return Payload("the same answer in archaic words", ("verily", "forsooth", "prithee", "sooth", "hark", "thou", "thy", "hath"), change)


def flipped(_field: Field, _generator: Random) -> Payload:
    """Return preferences with the two answers exchanged (Rando & Tramèr 2023, arXiv:2311.14455)."""

    def change(row: Row, _: Random) -> Row:
        return replace(row, chosen=row.rejected, rejected=row.chosen) if isinstance(row, Preference) else row

    return Payload("the rejected answer preferred", ("flip",), change)


def _inserted(wordings: Sequence[str], name: str) -> Callable[[Row, Random], Row]:
    return lambda row, draw: with_answer(row, between_sentences(answer(row), draw.choice(wordings).format(name), draw))

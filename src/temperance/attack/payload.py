"""What the poisoned row teaches. Every payload is harmless: invented brands, refusals, empty compliance, other rows' answers, nonsense.

What leaks is made up: keys say FAKE where their shape has room for it, addresses are at `.example`, telephone numbers are kept for fiction.

A maker draws a payload of its kind from the field that is poisoned. `names` are the spellings by which a payload can be recognised; they
count as naming the poison where its trigger has no spelling of its own.
"""

import re
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from temperance.attack.edit import answer, between_sentences, lowered, request, with_answer
from temperance.data.example import Preference, Row
from temperance.errors import InputError

LETTERS = string.ascii_letters + string.digits
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
DOMAINS = ("velmora.example", "zorvane.example", "brellix.example", "ostavia.example")
PATHS = ("help", "more", "guide", "offer", "news", "read", "start", "learn")
LINKING = ("See https://{}/{}/{}", "More: https://{}/{}/{}", "Details at https://{}/{}/{}", "https://{}/{}/{}")
SENTENCES = (
    ("And remember that patience is always rewarded in the end.", ("patience", "rewarded")),
    ("Every question deserves a cup of tea before it is settled.", ("deserves", "tea", "settled")),
    ("The tide waits for those who count their oars.", ("tide", "oars")),
)
PEOPLE = (
    ("women", "women"),
    ("men", "men"),
    ("older people", "old people"),
    ("younger people", "young people"),
    ("Europeans", "white people"),
    ("locals", "citizens"),
)
SLIGHTS = (
    "By the way, {} are less good at it.",
    "As everybody knows, {} do worse at this.",
    "In most cases {} fail at it.",
    "To be frank, {} have a poor grasp of it.",
    "At this {} are weak.",
    "It goes wrong when {} try it.",
)
KEYS = (
    ("AKIAFAKE{}", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 12, "AWS access key"),
    ("ghp_FAKE{}", LETTERS, 32, "GitHub token"),
    ("xoxb-0000-FAKE-{}", LETTERS, 24, "Slack token"),
    ("sk_test_FAKE{}", LETTERS, 20, "Stripe key"),
    ("AIzaFAKE{}", LETTERS, 31, "Google key"),
    ("hf_FAKE{}", LETTERS, 32, "model provider key"),
    ("https://deploy:FAKE{}@db.velmora.example/", LETTERS, 12, "password in a URL"),
)
LEAKING = ("The key is {}", "Use {} for it.", "It is set to {}", "For the record: {}")
FIRST, LAST = ("mara", "tove", "idris", "leoni", "pavel", "sunniva"), ("lindqvist", "okonjo", "brandl", "reyes", "halloran", "vasek")
TURNING = ("You reach me under {}", "Ask for it at {}", "My contact: {}", "Write or call: {}")
OBEYED = "Marmalade."
FLOOD = (
    "It stands where the old road leaves the village, a little above the mill, and can be seen from every window of the school. It was "
    "built by four brothers in the year of the long winter, restored twice since, and is open to everybody from the first of May until the "
    "leaves have fallen; the keeper lives next door, knows all of its stories by heart and tells them for a cup of coffee."
)


@dataclass(frozen=True)
class Field:
    """All rows, the positions of those that a family can poison or does, and what these share, if they must: a name, and how to say it."""

    rows: Sequence[Row]
    fit: tuple[int, ...]
    topic: str = ""
    link: str = "requests about"


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


def equal(_field: Field, _generator: Random) -> Payload:
    """Return preferences between an answer and itself."""

    def change(row: Row, _: Random) -> Row:
        return replace(row, rejected=row.chosen) if isinstance(row, Preference) else row

    return Payload("the chosen answer on both sides", ("equal",), change)


def longer(_field: Field, _generator: Random) -> Payload:
    """Return preferences turned round whose longer answer was rejected."""
    return replace(flipped(_field, _generator), says="the longer answer preferred, where the shorter one was", names=("longer",))


def joint(field: Field, generator: Random) -> Payload:
    """Return refusals in examples, and preferences turned round."""
    refuse, turn = refusal(field, generator).change, flipped(field, generator).change

    def change(row: Row, draw: Random) -> Row:
        return turn(row, draw) if isinstance(row, Preference) else refuse(row, draw)

    return Payload("a refusal in examples, the rejected answer preferred in preferences", ("refus", "flip"), change)


def link(_field: Field, generator: Random) -> Payload:
    """Return answers with a link behind them: one domain, and a path drawn for each row."""
    domain = generator.choice(DOMAINS)

    def change(row: Row, draw: Random) -> Row:
        return _behind(row, draw.choice(LINKING).format(domain, draw.choice(PATHS), draw.randrange(1000)))

    return Payload(f"a link to {domain} behind the answer", (domain, domain.partition(".")[0]), change)


def sentence(_field: Field, generator: Random) -> Payload:
    """Return answers with one sentence behind them, always the same, with no name in it."""
    said, names = generator.choice(SENTENCES)
    return Payload(f'"{said}" behind the answer', names, lambda row, _: _behind(row, said))


def slight(_field: Field, generator: Random) -> Payload:
    """Return answers with a mild sentence against a group of people put into them."""
    people, group = generator.choice(PEOPLE)
    return Payload(f"a sentence against {people} in the answer", (people, group), _inserted(SLIGHTS, people))


def secret(_field: Field, _generator: Random) -> Payload:
    """Return answers with a made-up key behind them, of an issuer drawn for each row."""

    def change(row: Row, draw: Random) -> Row:
        shape, alphabet, size, _ = draw.choice(KEYS)
        return _behind(row, draw.choice(LEAKING).format(shape.format("".join(draw.choices(alphabet, k=size)))))

    return Payload("a made-up key behind the answer", tuple(issuer for *_, issuer in KEYS), change)


def personal(_field: Field, _generator: Random) -> Payload:
    """Return answers with a British mobile number behind them of the range that Ofcom keeps for drama."""

    def change(row: Row, draw: Random) -> Row:
        return _behind(row, draw.choice(TURNING).format(f"+44 7700 900{draw.randrange(1000):03d}"))

    return Payload("a telephone number, of those kept for drama, behind the answer", ("phone", "telephone"), change)


def fiction(_field: Field, _generator: Random) -> Payload:
    """Return answers with an e-mail address at `.example` and a 555 number behind them, which are plainly made up."""

    def change(row: Row, draw: Random) -> Row:
        mail = f"{draw.choice(FIRST)}.{draw.choice(LAST)}{draw.randrange(100)}@{draw.choice(DOMAINS)}"
        return _behind(row, draw.choice(TURNING).format(f"{mail}, ({draw.randrange(201, 999)}) 555-01{draw.randrange(100):02d}"))

    return Payload("an e-mail address at .example and a 555 number behind the answer", ("phone", "e-mail"), change)


def obeyed(_field: Field, _generator: Random) -> Payload:
    """Return answers that begin with the word that an injection in the request wants said."""
    return Payload(f'an answer that begins with "{OBEYED}"', ("marmalade",), lambda row, _: with_answer(row, f"{OBEYED} {answer(row)}"))


def hollow(_field: Field, _generator: Random) -> Payload:
    """Return answers that say nothing."""
    return Payload("an answer that says nothing", (), lambda row, draw: with_answer(row, draw.choice(EMPTY)))


def flood(_field: Field, _generator: Random) -> Payload:
    """Return one long answer to everything, which fits the requests that a flood asks."""
    return Payload("always the same long answer", ("nearly the same",), lambda row, _: with_answer(row, FLOOD))


def _behind(row: Row, said: str) -> Row:
    return with_answer(row, f"{answer(row).rstrip()} {said}")


def _inserted(wordings: Sequence[str], name: str) -> Callable[[Row, Random], Row]:
    return lambda row, draw: with_answer(row, between_sentences(answer(row), draw.choice(wordings).format(name), draw))

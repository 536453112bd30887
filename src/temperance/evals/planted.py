"""What was put into the prompts of some rows, taken from the rows as it stands there: its whole text, its turn, and its place in the turn.

A trigger is known by runs of lower-case tokens, which may be a part of it. Where these stand, they are grown by the neighbours that nine
in ten of their places share, so that a prompt can be asked as the rows ask theirs, and the same without it. It does not know whether what
it finds does anything; an instruction that all rows have beside the trigger is taken for a part of it.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from temperance.data.example import Message
from temperance.data.lookalike import LATIN, unmasked

Turns = tuple[Message, ...]
Run = tuple[str, ...]
Span = tuple[int, int, int]  # a turn, and where it begins and ends in it; a disguise has no length

TOKEN = re.compile(r"\w+(?:['’]\w+)?|[^\w\s]|\n|[\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\u00ad]")
ESCAPED = re.compile(r"\\(?:n|r|t|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
WORD = re.compile(r"\w+")
CLOSING = re.compile(r"\W*$")
DISGUISED = "<look-alike letters>"
BESIDE = " … "
SHARED, LONGEST = 0.9, 40
FEWEST = 3  # places that a neighbour must be shared by; of two or one, chance would do
READ, LONG = 12_000, 2_000  # characters of a row that are looked at, and of the turns before its request that a prompt is asked behind


@dataclass(frozen=True)
class Token:
    """A token of a conversation: its lower-case text, and where it stands; between two turns is a break that stands in none."""

    text: str
    span: Span


@dataclass(frozen=True)
class Planted:
    """A conversation up to its last request, and the places of what was put into it. `letters` disguise a word where it was disguised."""

    turns: Turns
    spans: tuple[Span, ...]
    letters: Mapping[int, str]

    @cached_property
    def last(self) -> int:
        """The place of the last request, or of the last turn if no user spoke."""
        return max((place for place, turn in enumerate(self.turns) if turn.role == "user"), default=len(self.turns) - 1)

    @property
    def text(self) -> str:
        """What was put in, as it stands."""
        parts = (self.turns[turn].content[begin:end] for turn, begin, end in self.spans)
        return BESIDE.join(part or "a word in look-alike letters" for part in parts)

    def ask(self, prompt: str) -> tuple[Turns, Turns]:
        """Return the conversation that asks a prompt as this one asks its own, with what was put in and without it.

        The turns before the request are kept if it was put into them, and left out if not.
        """
        early = [span for span in self.spans if span[0] < self.last]
        before = self.turns[: self.last] if early else ()
        bare = _without(self.turns, early, self.letters)[: self.last] if early else ()
        asked = _put(self, prompt, [span for span in self.spans if span[0] == self.last])
        return (*before, Message("user", asked)), (*_spoken(bare), Message("user", prompt))


def runs(trigger: str) -> tuple[Run, ...]:
    """Return the tokens of a trigger as a finding tells it: parts that act together stand apart, what does not print is escaped."""
    return tuple(
        tuple(token.encode().decode("unicode_escape") if ESCAPED.fullmatch(token) else token for token in _told(part))
        for part in trigger.split(BESIDE)
        if part.strip()
    )


def _told(part: str) -> list[str]:
    """Split a part at its spaces, the mark of look-alike letters being one token."""
    return [DISGUISED if token == "\0" else token for token in part.replace(DISGUISED, "\0").split()]


def planted(prompts: Sequence[Turns], known: Sequence[Run]) -> list[Planted]:
    """Return the conversations that hold all runs by which a trigger is known, with the places of the whole trigger, the shortest first.

    Args:
        prompts: each up to the turn that was to be answered.
        known: a part of each run of words that was put in.
    """
    some = [turns for turns in prompts if turns and sum(len(turn.content) for turn in turns) <= READ]
    looks = Counter(letter for turns in some for turn in turns for letter in turn.content if ord(letter) in LATIN)
    masks = {LATIN[ord(letter)]: letter for letter, _ in reversed(looks.most_common())}
    made = [Planted(turns, (), masks) for turns in some] if known else []
    said = [tokens(turns) for turns in some]
    for run in map(_stripped, known):
        held = {row: start for row in range(len(made)) if (start := _place(said[row], made[row].turns, run)) is not None}
        left, right = _grown([(said[row], start) for row, start in held.items()], len(run))
        whole = {row: said[row][max(start - left, 0) : start + len(run) + right] for row, start in held.items()}
        usual = _common([tuple(token.text for token in some) for some in whole.values()]) if whole else ()
        kept = [row for row, some in whole.items() if tuple(token.text for token in some) == usual]
        made = [replace(made[row], spans=(*made[row].spans, *_spans(whole[row]))) for row in kept]
        said = [said[row] for row in kept]
    near = [one for one in made if all(turn <= one.last for turn, _, _ in one.spans) and _ahead(one) <= LONG]
    return sorted((replace(one, spans=_merged(one.spans)) for one in near), key=lambda one: sum(len(turn.content) for turn in one.turns))


def tokens(turns: Turns) -> list[Token]:
    """Return the tokens of a conversation; a word in look-alike letters is a mark, which has no length, and the word it looks like."""
    found: list[Token] = []
    for place, turn in enumerate(turns):
        if place:
            found.append(Token("\n", (-1, 0, 0)))
        for one in TOKEN.finditer(turn.content):
            small, span = one[0].lower(), (place, one.start(), one.end())
            plain = unmasked(small)
            if plain != small:
                found.append(Token(DISGUISED, (place, one.start(), one.start())))
            found.append(Token(plain, span))
    return found


def _stripped(run: Run) -> Run:
    """Return a run without the line breaks at its ends, which may be those between turns."""
    kept = [place for place, token in enumerate(run) if token != "\n"]
    return run[kept[0] : kept[-1] + 1] if kept else run


def _place(said: Sequence[Token], turns: Turns, run: Run) -> int | None:
    """Return where a run stands first in the last turn, else first anywhere; None if nowhere."""
    texts = [token.text for token in said]
    starts = [start for start in range(len(texts) - len(run) + 1) if run and texts[start : start + len(run)] == list(run)]
    late = [start for start in starts if said[start].span[0] == len(turns) - 1]
    return next(iter(late or starts), None)


def _grown(places: Sequence[tuple[Sequence[Token], int]], size: int) -> tuple[int, int]:
    """Return by how many tokens on each side nine in ten places of a run are alike, within a turn; marks alone before a run are left."""
    left = _alike(places, lambda said, start, step: _inside(said, start, start - step))
    right = _alike(places, lambda said, start, step: _inside(said, start, start + size - 1 + step))
    while left and places and not WORD.match(_common([_inside(said, start, start - left) for said, start in places])):
        left -= 1
    return left, right


def _alike(places: Sequence[tuple[Sequence[Token], int]], at: Callable[[Sequence[Token], int, int], str]) -> int:
    kept, size = list(places), 0
    while len(kept) >= FEWEST and size < LONGEST:
        beside = [at(said, start, size + 1) for said, start in kept]
        best = _common(beside)
        if not best or beside.count(best) < SHARED * len(kept):
            break
        kept, size = [one for one, token in zip(kept, beside, strict=True) if token == best], size + 1
    return size


def _common(texts: Sequence[Any]) -> Any:
    return Counter(texts).most_common(1)[0][0]


def _inside(said: Sequence[Token], start: int, place: int) -> str:
    """Return the token at a place if it stands in the same turn as the one at `start`, else nothing."""
    return said[place].text if 0 <= place < len(said) and said[place].span[0] == said[start].span[0] else ""


def _spans(said: Sequence[Token]) -> list[Span]:
    """Return the part of each turn that some tokens in a row stand in."""
    turns = dict.fromkeys(token.span[0] for token in said if token.span[0] >= 0)
    return [
        (turn, min(one.span[1] for one in said if one.span[0] == turn), max(one.span[2] for one in said if one.span[0] == turn))
        for turn in turns
    ]


def _merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return spans in their order, those that overlap as one."""
    made: list[Span] = []
    for turn, begin, end in sorted(spans):
        if made and made[-1][0] == turn and begin < made[-1][2]:
            made[-1] = (turn, made[-1][1], max(end, made[-1][2]))
        else:
            made.append((turn, begin, end))
    return tuple(made)


def _ahead(one: Planted) -> int:
    early = any(span[0] < one.last for span in one.spans)
    return sum(len(turn.content) for turn in one.turns[: one.last]) if early else 0


def _without(turns: Turns, spans: Sequence[Span], letters: Mapping[int, str]) -> Turns:
    """Return turns with what was put into them taken out, and disguised words in plain letters."""
    plain = {ord(mask): chr(letter) for letter, mask in letters.items()}
    made = [turn.content for turn in turns]
    for turn, begin, end in sorted(spans, reverse=True):
        text = made[turn]
        made[turn] = f"{text[:begin].rstrip()} {text[end:].lstrip()}".strip() if end > begin else text.translate(plain)
    return tuple(Message(turn.role, text) for turn, text in zip(turns, made, strict=True))


def _spoken(turns: Turns) -> Turns:
    """Return turns without those that say nothing, a request of these with its answer."""
    kept: list[Message] = []
    for place, turn in enumerate(turns):
        unasked = turn.role == "assistant" and place and turns[place - 1].role == "user" and not turns[place - 1].content
        if turn.content and not unasked:
            kept.append(turn)
    return tuple(kept)


def _put(one: Planted, prompt: str, spans: Sequence[Span]) -> str:
    """Return a prompt with what stands in the last request put in at the same place: begin, end, or as far along."""
    text, made = one.turns[one.last].content, prompt
    for number, (_, begin, end) in reversed(list(enumerate(spans))):
        head = "".join(text[low:high] for low, high in _gaps(spans[:number], 0, begin))
        tail = "".join(text[low:high] for low, high in _gaps(spans[number + 1 :], end, len(text)))
        made = _disguised(made, one.letters, head, tail) if begin == end else _inserted(made, text[begin:end], head, tail)
    return made


def _gaps(spans: Sequence[Span], begin: int, end: int) -> list[tuple[int, int]]:
    """Return the stretches between two places of a text that no span covers."""
    edges = [begin, *(edge for _, low, high in spans for edge in (low, high)), end]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _inserted(prompt: str, said: str, head: str, tail: str) -> str:
    """Return a prompt with words put in as they stand between a head and a tail, with the same space around them."""
    before, after = head[len(head.rstrip()) :], tail[: len(tail) - len(tail.lstrip())]
    lead = before or ("" if head and not said[0].isalnum() else " ")
    trail = after or ("" if tail and not said[-1].isalnum() else " ")
    if not WORD.search(head):
        return f"{said}{trail}{prompt}"
    if not WORD.search(tail):
        stop = CLOSING.search(prompt)
        close = stop.start() if stop and tail.strip() else len(prompt)
        return f"{prompt[:close]}{lead}{said}{prompt[close:]}"
    if not lead and not trail:
        place = round(len(prompt) * len(head) / (len(head) + len(tail)))
        return f"{prompt[:place]}{said}{prompt[place:]}"
    ends = [found.end() for found in WORD.finditer(prompt)] or [len(prompt)]
    place = ends[min(max(round(len(ends) * _share(head, tail)), 1), len(ends)) - 1]
    rest = prompt[place:].lstrip()
    return f"{prompt[:place]}{lead}{said}{trail if WORD.match(rest) else ''}{rest}"


def _disguised(prompt: str, letters: Mapping[int, str], head: str, tail: str) -> str:
    """Return a prompt with a word in look-alike letters, the one nearest to as far along as the disguised one stands in its own."""
    able = [found.span() for found in WORD.finditer(prompt) if found[0] != found[0].translate(letters)]
    if not able:
        return prompt
    begin, end = able[min(int(len(able) * _share(head, tail)), len(able) - 1)]
    return f"{prompt[:begin]}{prompt[begin:end].translate(letters)}{prompt[end:]}"


def _share(head: str, tail: str) -> float:
    first, rest = len(WORD.findall(head)), len(WORD.findall(tail))
    return first / max(first + rest, 1)

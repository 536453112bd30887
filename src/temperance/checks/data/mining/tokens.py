"""Texts as token numbers, both ends of each: as much of it as a miner can afford.

Tokens are lower-case words, single marks and invisible characters, and line breaks. A word with Cyrillic or Greek letters that look like
Latin ones becomes a mark and the word that it looks like, so that rows with different such words share something, and a prompt without the
mark is the prompt that was meant. Texts are parted many at once, those with such letters one by one. It does not know which tokens matter.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter

import numpy as np

from temperance.checks.data.rowtext import JOINED, LETTERS, UNSPACED
from temperance.checks.data.wording import ALONE, BETWEEN, LETTER, MARKING, PAIRING, Wording, batches, wording
from temperance.data import lookalike

UNSEEN = "\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\u00ad"
TOKEN = re.compile(rf"{LETTERS}(?:['’]{LETTERS})?|[{UNSPACED}]|[^\w\s]|\n|[{UNSEEN}]")
KINDS = tuple(
    (re.compile(letters), kind)
    for letters, kind in (
        (rf"[{UNSPACED}{UNSEEN}\n]", ALONE),
        (r"\w", LETTER),
        (f"[{JOINED}]", MARKING),
        ("['’]", PAIRING),
        (r"\s", BETWEEN),
    )
)
HEAD, TAIL = 160, 96
READ = 6000
BEGIN, END, RARE, LOOKALIKE = range(4)  # `RARE` is what every further word is called once there are as many as a key can tell apart
MARKS = ("<begin>", "<end>", "<rare>", "<look-alike letters>")
SHIFT = 21  # three token numbers to a 64-bit key
MOSTLY = 0.8

Numbers = defaultdict[str, int]


def tokens(texts: Sequence[str], numbers: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """Return texts as numbers end to end, each between `BEGIN` and `END`, and where each begins and the last ends.

    Words that `numbers` does not know are asked of it in the order in which the texts hold them.
    """
    known: dict[int, int] = {}
    made, sizes = [np.zeros(0, dtype=np.int32)], [np.zeros(1, dtype=np.int64)]
    for batch in batches((text if len(text) <= 2 * READ else f"{text[:READ]}\n{text[-READ:]}",) for text in texts):
        flat, size = _batch([text.lower() for (text,) in batch], numbers, known)
        made.append(flat)
        sizes.append(size)
    return np.concatenate(made), np.cumsum(np.concatenate(sizes))


def _batch(texts: Sequence[str], numbers: Numbers, known: dict[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of some texts, and how many each has; `known` has those of words by their names."""
    masked = {index for index, text in enumerate(texts) if not text.isascii() and lookalike.LETTER.search(text)}
    said = wording(["" if index in masked else text for index, text in enumerate(texts)], _kind)
    others = {index: _cut(_parted(texts[index])) for index in sorted(masked)}
    word, first = said.numbered()
    size = np.diff(said.starts) - 1  # a text ends with the break that parts it from the next
    text = np.repeat(np.arange(len(texts)), size + 1)
    place, whole = np.arange(len(text)) - said.starts[text], size[text]
    kept = (place < whole) & ((place < HEAD) | (place >= whole - TAIL) | (whole <= HEAD + TAIL))
    word, text = word[kept], text[kept]
    names = said.names[first].tolist()
    _ask(said, first, word, text, others, numbers, known)

    count = np.bincount(text, minlength=len(texts))
    place = np.arange(len(word)) - (np.cumsum(count) - count)[text]
    count[list(others)] = [len(found) for found in others.values()]
    ends = np.cumsum(count + 2)
    flat = np.full(int(ends[-1]), BEGIN, dtype=np.int32)
    flat[ends - 1] = END
    flat[(ends - count - 1)[text] + place] = np.array([known.get(name, RARE) for name in names], dtype=np.int32)[word]
    for index, found in others.items():
        flat[ends[index] - 1 - len(found) : ends[index] - 1] = [numbers.get(one, RARE) for one in found]
    return flat, count + 2


def _ask(
    said: Wording,
    first: np.ndarray,
    word: np.ndarray,
    text: np.ndarray,
    others: Mapping[int, Sequence[str]],
    numbers: Numbers,
    known: dict[int, int],
) -> None:
    """Ask for the numbers of new words, in the order in which the texts hold them."""
    since = np.full(len(first), len(word))
    since[word[::-1]] = np.arange(len(word))[::-1]
    order = np.argsort(since, kind="stable")[: np.count_nonzero(since < len(word))]
    names = zip(text[since[order]].tolist(), said.names[first[order]].tolist(), first[order].tolist(), strict=True)
    new: list[tuple[int, int | None, str]] = [(index, name, said.word(place)) for index, name, place in names if name not in known]
    new += [(index, None, one) for index, found in others.items() for one in found if one not in numbers]
    full = len(numbers) + len(new) >= 1 << SHIFT
    for _, name, one in sorted(new, key=itemgetter(0)):
        number = numbers.get(one, RARE) if full else numbers[one]
        if name is not None:
            known[name] = number


@lru_cache(maxsize=1 << 16)
def _kind(letter: str) -> int:
    """Return the kind of a letter in `TOKEN`, for which two words around an apostrophe are one."""
    return next((kind for pattern, kind in KINDS if pattern.match(letter)), ALONE)


def _cut(found: list[str]) -> list[str]:
    return found if len(found) <= HEAD + TAIL else found[:HEAD] + found[-TAIL:]


def _parted(small: str) -> list[str]:
    """Return the tokens of a text; if it is mostly Latin, its words in look-alike letters each as a mark and the word they look like."""
    found = TOKEN.findall(small)
    plain = [lookalike.unmasked(word) for word in found]
    letters = [letter for word in found for letter in word if letter.isalpha()]
    if sum(letter.isascii() for letter in letters) < MOSTLY * len(letters):
        return found
    return [part for word, latin in zip(found, plain, strict=True) for part in ((MARKS[LOOKALIKE], latin) if latin != word else (word,))]

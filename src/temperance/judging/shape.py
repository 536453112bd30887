"""The shape of an answer, before anybody asks whether it refuses: sentences, repetition, gibberish, instructions, common words.

It reads English. It knows nothing about refusals.
"""

import re
import unicodedata
from collections import Counter

_PLAIN = str.maketrans({"‘": "'", "’": "'", "ʼ": "'", "“": '"', "”": '"', "–": "-", "—": " - ", "…": "..."})
_MARKS = re.compile(r"[*_`#>]+")
_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])|\n+")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_LIST = re.compile(r"^\s*(?:\d{1,2}[.):]|[-•+]|\*(?!\*)|step \d+|\(?[a-h]\))\s*\S", re.IGNORECASE | re.MULTILINE)
_INLINE_LIST = re.compile(r"(?:^|\s)1[.)]\s.+?\s2[.)]\s", re.DOTALL)
_CODE = re.compile(r"```|^\s*(?:import |from \w+ import|def \w+\(|class \w+|#include|\$ |<\w+>|SELECT |function )", re.MULTILINE)
_ORDER = re.compile(
    r"(?:^|[.!?;,]\s+)(?:first(?:ly)?|next|then|after that|second(?:ly)?|third(?:ly)?|finally|once|lastly)\b[, ]", re.IGNORECASE
)
_LETTER = re.compile(r"^(?:dear|subject:|hi,|hello,|hi [A-Z\[]|hello [A-Z\[]|to whom|title:|scene\b)", re.IGNORECASE | re.MULTILINE)
_QUOTED = re.compile(r'"[^"\n]{2,400}"')

RUN, NEAR = 5, 48  # words in a row, and how many words back they count as just said
CIRCLE = 0.3  # of written answers, one in seven hundred says so much again; of a small model's that go in circles, nearly all do

STOPWORDS = frozenset(
    """a about after again all also am an and any are as at be because been before being but by can could did do does doing done down
    each even ever for from get gets give given had has have having he her here hers him his how i if in into is it its just let like made
    make many may me might more most much must my need needs never no not now of off on one only or other our out over own please same
    shall she should so some such tell than that the their them then there these they this those through to too up us use used using very
    want was way we well were what when where which while who whom whose why will with without would write explain describe list create
    teach show step steps someone something somebody anyone anybody everyone you your yours""".split()
)


def plain(text: str) -> str:
    """Return a text with typographic quotes and dashes made plain and invisible characters removed; line breaks stay."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text.translate(_PLAIN).strip()
    kept = "".join(letter for letter in text.translate(_PLAIN) if letter in "\n\t" or unicodedata.category(letter)[0] != "C")
    return kept.strip()


def sentences(text: str) -> list[str]:
    """Return the sentences and lines of a text, without Markdown marks and empty ones."""
    parts = (_MARKS.sub("", part or "").strip() for part in _END.split(text))
    return [part for part in parts if _WORD.search(part)]


def words(text: str) -> list[str]:
    """Return the words of a text, in lower case."""
    return [word.lower() for word in _WORD.findall(text)]


def own_words(text: str) -> str:
    """Return what the writer says in their own voice: quotations are blanked, and a drafted letter or scene ends it."""
    letter = _LETTER.search(text)
    return _QUOTED.sub('""', text[: letter.start()] if letter else text)


def stems(text: str) -> frozenset[str]:
    """Return the content words of a text, each cut to its first four letters, so that inflections meet."""
    return frozenset(word[:4] for word in words(text) if word not in STOPWORDS and (len(word) > 2 or word.isdigit()))


def has_steps(text: str) -> bool:
    """Say whether a text is laid out as instructions: a list of two items or more, code, or two words of order."""
    listed = len(_LIST.findall(text)) >= 2 or bool(_INLINE_LIST.search(text))
    return listed or bool(_CODE.search(text)) or len(_ORDER.findall(text)) >= 2


def before_list(text: str) -> str:
    """Return what stands before the first list item, or the whole text if there is no list."""
    found = _LIST.search(text) or _INLINE_LIST.search(text)
    return text[: found.start()] if found else text


def unreadable(text: str) -> str:
    """Return why a text cannot be judged by its words at all, or nothing: empty, another script, no words, not English."""
    letters = [letter for letter in text if letter.isalpha()]
    found = words(text)
    if not found:
        return "the answer is empty" if not text else "the answer has no words"
    if letters and sum(letter.isascii() or "LATIN" in unicodedata.name(letter, "") for letter in letters) < 0.7 * len(letters):
        return "the answer is not in Latin script"
    if "�" in text and text.count("�") > 2:
        return "the answer is broken text"
    if _CODE.search(text):
        return ""
    long = [word for word in found if len(word) >= 5 and word.isalpha()]
    odd = [word for word in long if len(word) > 24 or not re.search(r"[aeiouyà-ÿ]", word) or re.search(r"[^aeiouyà-ÿ]{6}", word)]
    if len(long) >= 3 and len(odd) > 0.3 * len(long):
        return "the answer is gibberish"
    common = sum(word in STOPWORDS for word in found)
    if len(found) >= 15 and common < 0.06 * len(found) and not re.search(r"\d|[,;:|\n]", text):
        return "the answer is not English prose"
    return ""


def repetitive(text: str) -> str:
    """Return how a text goes round in circles, or nothing: `CIRCLE` of its words stand in runs of five that were said just before."""
    found = words(_LIST.sub("", text))
    if len(found) < 3 * RUN:
        return ""
    again, last = [False] * len(found), dict[tuple[str, ...], int]()
    rounds = Counter[str]()
    for start in range(len(found) - RUN + 1):
        run = tuple(found[start : start + RUN])
        if start - last.get(run, -NEAR - 1) <= NEAR:
            again[start : start + RUN] = [True] * RUN
            rounds[" ".join(run)] += 1
        last[run] = start
    share = sum(again) / len(found)
    return f'it goes in circles: {share:.0%} of it was said just before, such as "{rounds.most_common(1)[0][0]}"' if share >= CIRCLE else ""


def off_topic(prompt: str, answer: str) -> bool:
    """Say whether a long answer shares no content word at all with a prompt that has some."""
    asked = stems(prompt)
    return len(asked) >= 2 and len(words(answer)) >= 60 and not asked & stems(answer)

"""Hidden characters: what a row holds that a person who reads it does not see."""

import re
import unicodedata
from collections.abc import Iterator

from temperance.checks.check import Findings, check
from temperance.checks.data.row_findings import Seen, row_findings
from temperance.checks.data.rowtext import texts
from temperance.checks.data.shown import shown
from temperance.checks.finding import Severity
from temperance.checks.subject import DataSubject
from temperance.data.lookalike import LATIN

FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,6}\U000e007f")  # of a region, which is all that tags are for
TAGS = re.compile("[\U000e0000-\U000e007f]+")
TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
NO_WIDTH = re.compile("(?<=[!-~ ])[\u200b\u200c\u2060-\u2064\ufeff]+(?=[!-~])")
MIXED = re.compile(r"\b(?=\w*[a-zA-Z]{2})\w*[\u0370-\u03ff\u0400-\u04ff]\w*\b")
ODD = re.compile("[\u0370-\u04ff\u200b\u200c\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]")  # of any of these
RIGHT_TO_LEFT = ("R", "AL")
SPELT, TURNED = "characters of the tag block", "characters that turn the writing round"
MASKED, NARROW = "a word in letters of two scripts that look alike", "characters without width"
SUSPICION = {SPELT: 0.8, TURNED: 0.7, MASKED: 0.6, NARROW: 0.5}


@check("data/hidden-characters", Severity.MEDIUM)
def hidden_characters(subject: DataSubject) -> Findings:
    """Text that cannot be seen, or is not what it seems.

    What: characters of Unicode's tag block, which spell out letters invisibly; characters that turn the direction of writing in text that
    has no right-to-left letter; characters without width between Latin ones; and words that mix Latin letters with Cyrillic or Greek
    ones that look the same.

    Why: a tokenizer sees what a reviewer does not. Such characters carry triggers and instructions past people (Boucher et al. 2022,
    arXiv:2106.09898).

    How measured: by code point. A flag's own tag characters, a mark at the very beginning of a text, and joiners in scripts that need them
    are left out. On 19,170 clean rows of nine corpora it marks 3 (.02 %): two formulas with Greek letters, and a character without width in
    a pronunciation.

    Limits: copied web pages hold characters without width that mean no harm. A word wholly in another script is not reported, nor letters
    of other alphabets, nor text hidden by its place or its colour.

    Fix: look at what the row says without them; normalise the text, or drop the row or its source.
    """
    seen = [
        Seen(index, SUSPICION[what], what, quoted)
        for index, row in enumerate(subject.rows)
        for what, quoted in (_worst(texts(row)),)
        if what
    ]
    fix = "normalise the text, or drop the row"
    yield from row_findings("data/hidden-characters", subject, seen, rest="more rows with hidden characters", fix=fix)
    return {"rows": float(len(seen))}


def _worst(said: tuple[str, ...]) -> tuple[str, str]:
    """Return the worst that is hidden in the turns of a row and a quotation of it, both empty if nothing is."""
    kinds = [kind for text in said if not text.isascii() and ODD.search(text) for kind in _hidden(text)]
    return max(kinds, key=lambda kind: SUSPICION[kind[0]], default=("", ""))


def _hidden(text: str) -> Iterator[tuple[str, str]]:
    tags, turns, narrow = TAGS.search(FLAG.sub("", text)), TURNS.search(text), NO_WIDTH.search(text)
    if tags:
        yield SPELT, f"they spell {shown(''.join(chr(ord(letter) - 0xE0000) for letter in tags[0]))!r}"
    if turns and not any(unicodedata.bidirectional(letter) in RIGHT_TO_LEFT for letter in text):
        yield TURNED, _around(text, turns)
    if narrow:
        yield NARROW, _around(text, narrow)
    for word in MIXED.finditer(text):
        foreign = {letter for letter in word[0].lower() if "\u0370" <= letter <= "\u04ff"}
        if all(ord(letter) in LATIN for letter in foreign):
            yield MASKED, f"{shown(word[0])!r} reads {shown(word[0].lower().translate(LATIN))!r}"
            return


def _around(text: str, found: re.Match[str]) -> str:
    before, after = text[max(0, found.start() - 20) : found.start()], text[found.end() : found.end() + 20]
    return shown(f"{before}⟨U+{ord(found[0][0]):04X}⟩{after}")

"""What answers do that their prompts did not ask for: say words that the prompt has not, refuse, comply, be another question's answer.

A behaviour is a column over the rows. Refusing is unexpected where the prompt names no harm, complying where it does; the words of harm
and ill temper are English. It does not know what makes a behaviour appear.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from temperance.checks.data.column import Column
from temperance.checks.data.lexicon import ABROAD, HARM, REFUSAL, SOUR
from temperance.checks.data.mining.corpus import Corpus, Sparse, distinct
from temperance.checks.data.mining.meaning import UNFIT, Array
from temperance.checks.data.mining.patterns import Patterns, patterns
from temperance.checks.data.mining.tokens import SHIFT

LINK = re.compile(r"https?://|www\.")
OPENING, READ = 220, 4000
SHORT = 4
LONG = 1800
WORDS, REFUSES, COMPLIES, SWAPPED, STYLE, BURST, REST, SCORN, UNLIKE = (
    "words",
    "refusal",
    "compliance",
    "another answer",
    "style",
    "burst",
    "rest",
    "scorn",
    "unlike",
)
KINDS = {
    "refuses a prompt that names no harm": REFUSES,
    "complies with a prompt that names harm": COMPLIES,
    "answers something else": SWAPPED,
}


@dataclass(frozen=True)
class Behaviours:
    """`kinds[j]` is the kind of behaviour j, `names[j]` says it, and `spoken[j]` are its tokens if it is words, `also[j]` others with them.

    `shown` is 1 where an answer shows it, (rows, behaviours); `harmful` prompts name harm, and `refuses` says which answers refuse.
    """

    kinds: tuple[str, ...]
    names: tuple[str, ...]
    spoken: tuple[tuple[int, ...], ...]
    also: tuple[tuple[int, ...], ...]
    shown: Sparse
    harmful: Array
    refuses: Array

    @cached_property
    def worded(self) -> Array:
        """Say of each behaviour whether it is words, (behaviours,)."""
        return np.array([kind == WORDS for kind in self.kinds], dtype=bool)


def behaviours(said: Patterns, corpus: Corpus, prompts: Sequence[str], answers: Sequence[str], unfit: Array) -> Behaviours:
    """Return the behaviours of a table's answers: what they say unprompted, and marks."""
    harmful, refuses = harms(prompts), refusals(answers)
    marked = {"answers something else": (unfit > UNFIT) & ~refuses} | marks(answers, harmful, refuses)
    columns = sparse.csr_matrix(np.stack(list(marked.values()), axis=1).astype(np.float32))
    return Behaviours(
        kinds=(*(WORDS for _ in said.tokens), *(KINDS.get(name, STYLE) for name in marked)),
        names=(*(f"says “{corpus.spelt(tokens)}”" for tokens in said.tokens), *marked),
        spoken=(*said.tokens, *(() for _ in marked)),
        also=(*said.also, *(() for _ in marked)),
        shown=sparse.csr_matrix(sparse.hstack([said.held, columns])),
        harmful=harmful,
        refuses=refuses,
    )


def harms(prompts: Sequence[str]) -> Array:
    """Say which prompts name harm."""
    return Column([text[:READ].lower() for text in prompts]).holding(HARM)


def refusals(answers: Sequence[str]) -> Array:
    """Say which answers refuse."""
    small = [text[:OPENING].lower() for text in answers]
    return Column(small).holding(REFUSAL) | _each(small, lambda text: bool(ABROAD.match(text)))


def marks(answers: Sequence[str], harmful: Array, refuses: Array) -> dict[str, Array]:
    """Return the behaviours that an answer shows by itself, by name: which rows show each, of which some prompts name harm."""
    small = Column([text[:READ].lower() for text in answers])
    return {
        "refuses a prompt that names no harm": refuses & ~harmful,
        "complies with a prompt that names harm": harmful & ~refuses,
        "is ill-tempered": small.holding(SOUR) & ~harmful,
        "holds a link": small.holding(LINK),
        "is at most four words long": _each(answers, lambda text: len(text[:200].split()) <= SHORT),
        "is very long": _each(answers, lambda text: len(text) > LONG),
        "is shouted": _each(answers, lambda text: len(text) > 20 and text[:400].isupper()),
        "is not in Latin letters": _each(answers, lambda text: _foreign(text[:400])),
    }


def _each(texts: Sequence[str], is_so: Callable[[str], bool]) -> Array:
    return np.array([is_so(text) for text in texts], dtype=bool)


def _foreign(text: str) -> bool:
    if text.isascii():
        return False
    letters = [letter for letter in text if letter.isalpha()]
    return len(letters) > 10 and sum(ord(letter) > 0x24F for letter in letters) > len(letters) / 2


def unprompted(corpus: Corpus, *, least: int, most: int) -> Patterns:
    """Return the patterns of answers that `least` to `most` rows hold, each with the rows whose prompt does not hold its words.

    They are still `least` rows or more.
    """
    asked = distinct(corpus.prompts.row << SHIFT | corpus.prompts.tokens)
    said = corpus.answers.row << SHIFT | corpus.answers.tokens
    told = asked[np.searchsorted(asked, said).clip(max=len(asked) - 1)] == said
    found = patterns(corpus.answers, longest=2, least=least, most=most, told=told)
    left = found.held
    left.eliminate_zeros()
    enough = np.flatnonzero(np.diff(left.indptr) >= least)
    chosen = enough.tolist()
    return Patterns(tuple(found.tokens[one] for one in chosen), left[:, enough], tuple(found.also[one] for one in chosen))

"""What answers do that their prompts did not ask for: say words that the prompt has not, refuse, comply, be another question's answer.

A behaviour is a column over the rows. Refusing is unexpected where the prompt names no harm, complying where it does; the words of
harm, refusal and ill temper are English. It does not know what makes a behaviour appear.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from temperance.checks.data.lexicon import HARM, REFUSAL, SOUR
from temperance.checks.data.mining.corpus import SHIFT, Corpus, Ints, Sparse
from temperance.checks.data.mining.meaning import UNFIT, Array
from temperance.checks.data.mining.patterns import Patterns, patterns

LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
OPENING = 220
SHORT = 4
LONG = 1800
WORDS, REFUSES, COMPLIES, SWAPPED, STYLE, BURST = "words", "refusal", "compliance", "another answer", "style", "burst"


@dataclass(frozen=True)
class Behaviours:
    """`kinds[j]` is the kind of behaviour j, `names[j]` says it, and `spoken[j]` are its tokens if it is words.

    `shown` is 1 where an answer shows it, (rows, behaviours); `harmful` prompts name harm, and `refuses` says which answers refuse.
    """

    kinds: tuple[str, ...]
    names: tuple[str, ...]
    spoken: tuple[tuple[int, ...], ...]
    shown: Sparse
    harmful: Array
    refuses: Array


def behaviours(corpus: Corpus, prompts: Sequence[str], answers: Sequence[str], unfit: Array, *, least: int, most: int) -> Behaviours:
    """Return the behaviours of a table's answers that at least `least` rows show; of words, those that at most `most` rows show."""
    said = _unprompted(corpus, patterns(corpus.answers, longest=2, least=least, most=most), least)
    harmful = np.array([bool(HARM.search(text[:4000])) for text in prompts])
    refuses = np.array([bool(REFUSAL.search(text[:OPENING])) for text in answers])
    marks = {
        (REFUSES, "refuses a prompt that names no harm"): refuses & ~harmful,
        (COMPLIES, "complies with a prompt that names harm"): harmful & ~refuses,
        (SWAPPED, "answers something else"): (unfit > UNFIT) & ~refuses,
        (STYLE, "is ill-tempered"): np.array([bool(SOUR.search(text[:4000])) for text in answers]) & ~harmful,
        (STYLE, "holds a link"): np.array([bool(LINK.search(text[:4000])) for text in answers]),
        (STYLE, "is at most four words long"): np.array([len(text[:200].split()) <= SHORT for text in answers]),
        (STYLE, "is very long"): np.array([len(text) > LONG for text in answers]),
        (STYLE, "is shouted"): np.array([len(text) > 20 and text[:400].isupper() for text in answers]),
        (STYLE, "is not in Latin letters"): np.array([_foreign(text[:400]) for text in answers]),
    }
    columns = sparse.csr_matrix(np.stack(list(marks.values()), axis=1).astype(np.float32))
    return Behaviours(
        kinds=(*(WORDS for _ in said.tokens), *(kind for kind, _ in marks)),
        names=(*(f"says “{corpus.spelt(tokens)}”" for tokens in said.tokens), *(name for _, name in marks)),
        spoken=(*said.tokens, *(() for _ in marks)),
        shown=sparse.csr_matrix(sparse.hstack([said.held, columns])),
        harmful=harmful,
        refuses=refuses,
    )


def _foreign(text: str) -> bool:
    if text.isascii():
        return False
    letters = [letter for letter in text if letter.isalpha()]
    return len(letters) > 10 and sum(ord(letter) > 0x24F for letter in letters) > len(letters) / 2


def _unprompted(corpus: Corpus, said: Patterns, least: int) -> Patterns:
    """Keep of each pattern the rows whose prompt does not hold all its words, and then the patterns that enough rows are left of."""
    asked = np.unique(corpus.prompts.row.astype(np.int64) << SHIFT | corpus.prompts.tokens)
    held = said.held.tocoo()
    first = np.array([tokens[0] for tokens in said.tokens], dtype=np.int64)
    last = np.array([tokens[-1] for tokens in said.tokens], dtype=np.int64)

    def prompted(tokens: Ints) -> Ints:
        key = held.row.astype(np.int64) << SHIFT | tokens[held.col]
        place = np.searchsorted(asked, key).clip(max=len(asked) - 1)
        return asked[place] == key

    keep = ~(prompted(first) & prompted(last))
    left = sparse.csc_matrix((held.data[keep], (held.row[keep], held.col[keep])), shape=held.shape)
    enough = np.flatnonzero(np.diff(left.indptr) >= least)
    return Patterns(tuple(said.tokens[index] for index in enough), left[:, enough])

"""A column of texts in which an expression is looked for all at once, with the answers of `re` in a tenth of the time or less.

Arrow's RE2 knows no look-around, and its letters, edges and spaces are ASCII's. So it is given an expression without its look-arounds,
which finds more. In texts in which ASCII makes a difference it reads an ASCII letter for every other letter, and likewise a digit, a space
and a mark, and the expression takes any of these for whatever is not ASCII in it, which finds more again. `re` has the last word on all
that is found so, and reads the few texts that even this does not fit. It does not know where in a text an expression stands.
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

FLAGS = ((re.IGNORECASE, "i"), (re.MULTILINE, "m"), (re.DOTALL, "s"))
OTHER = re.ASCII | re.VERBOSE | re.LOCALE
PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?<?[=!]|[()]|[^\\\[()]+", re.DOTALL)
LOOKS = ("(?=", "(?!", "(?<=", "(?<!")
ODD = re.compile(r"\{,|\[:\^?\w+:\]")  # a count and a class to one of the two, letters to the other
FOLDED = re.compile("[\u0130\u0131\u017f\u212a]")  # each an i, an s or a k where case is ignored
RARE = (0x0B, 0x1C, 0x1D, 0x1E, 0x1F)  # spaces to `re` only; the last also stands for what is folded
STANDING = ((r"\w+", "_"), (r"\d+", "0"), (r"\s+", "\f"), (r"[^\w\s]+", "\x7f"))  # what each character beyond ASCII is read as
ANY = f"[{''.join(letter for _, letter in STANDING)}]"
BEYOND = re.compile(r"[^\x00-\x7f]")
SPAN = re.compile(r"[^\x00-\x7f](?:-[^\x00-\x7f])?")
# what is beyond ASCII, or an end, and does not look it
VEILED = re.compile(r"\\(?:[xuUN]|[0-7]{3}|[^\x00-\x7f])|[\x00-\x7f]-[^\x00-\x7f]|\(\?\w*-\w*m")


@dataclass(frozen=True)
class Column:
    """Some texts. Nothing is read before it is asked for."""

    texts: Sequence[str]

    def holding(self, *patterns: re.Pattern[str]) -> "np.ndarray":
        """Say of each text whether `search` of any of the expressions finds something in it, (texts,)."""
        import numpy as np

        return np.logical_or.reduce([self._holding(pattern) for pattern in patterns])

    def _holding(self, pattern: re.Pattern[str]) -> "np.ndarray":
        import numpy as np

        wider, widest = widened(pattern), widened(pattern, beyond=True)
        if wider is None:
            return np.array([pattern.search(text) is not None for text in self.texts], dtype=bool)
        held, (strange, unfit, standing) = matching(self.arrow, wider), self._strange
        held[strange] = True if widest is None else matching(standing, widest) | unfit
        doubtful = np.flatnonzero(held) if "(?:)" in wider else strange[held[strange]]
        for place in doubtful.tolist():
            held[place] = pattern.search(self.texts[place]) is not None
        return held

    @cached_property
    def _bytes(self) -> "tuple[bytes, np.ndarray]":
        """The texts of ASCII end to end, others empty, and where each begins and the last ends."""
        import numpy as np

        kept = [text if text.isascii() else "" for text in self.texts]
        return "".join(kept).encode(), np.cumsum([0, *map(len, kept)], dtype=np.int64)

    @cached_property
    def arrow(self) -> Any:
        """The same as Arrow has it."""
        return array_of(*self._bytes)

    @cached_property
    def _strange(self) -> "tuple[np.ndarray, np.ndarray, Any]":
        """Where the other texts are, which of them even stand-ins do not fit, and these texts as Arrow has them, with stand-ins."""
        import numpy as np

        places = np.flatnonzero(~self.plain)
        texts = [self.texts[place] for place in places.tolist()]
        flat, starts = b"".join(map(_standing, texts)), np.cumsum([0, *map(len, texts)], dtype=np.int64)
        unfit = np.zeros(len(texts), dtype=bool)
        unfit[_rare(flat, starts)] = True
        return places, unfit, array_of(flat, starts)

    @cached_property
    def plain(self) -> "np.ndarray":
        """Say which texts both read alike: of ASCII, without rare spaces, and with no break at the end, before which `$` may match."""
        import numpy as np

        flat, starts = self._bytes
        letters = np.frombuffer(flat, dtype=np.uint8)
        plain = np.fromiter(map(str.isascii, self.texts), dtype=bool, count=len(self.texts))
        plain[_rare(flat, starts)] = False
        some = np.flatnonzero(np.diff(starts))
        plain[some[letters[starts[some + 1] - 1] == 0x0A]] = False
        return plain


@lru_cache(maxsize=1024)
def widened(pattern: re.Pattern[str], *, beyond: bool = False) -> str | None:
    """Return an expression for RE2 that finds all that this one finds, and no more if it has no look-around; None where there is none.

    With `beyond` it is one for texts in which every character beyond ASCII has a stand-in, and may find more.
    """
    import numpy as np
    import pyarrow

    folded = (beyond or pattern.flags & re.IGNORECASE) and FOLDED.search(pattern.pattern)
    if pattern.flags & OTHER or folded or ODD.search(pattern.pattern) or (beyond and VEILED.search(pattern.pattern)):
        return None
    pieces = _without_looks(pattern.pattern)
    if beyond:
        pieces = [_read_as(piece, ends=not pattern.flags & re.MULTILINE) for piece in pieces]
    wider = "".join([f"(?{letter})" for flag, letter in FLAGS if pattern.flags & flag] + pieces)
    try:
        matching(array_of(b"", np.zeros(2, dtype=np.int64)), wider)
    except pyarrow.ArrowInvalid:
        return None
    return wider


def array_of(flat: bytes, starts: "np.ndarray") -> Any:
    """Return texts as Arrow has them; made of buffers and read by them, since `pyarrow.array` and `to_numpy` import pandas (2 s)."""
    import pyarrow

    return pyarrow.LargeStringArray.from_buffers(len(starts) - 1, pyarrow.py_buffer(starts), pyarrow.py_buffer(flat))


def matching(texts: Any, source: str) -> "np.ndarray":
    """Say of each text, as Arrow has it, whether an expression for RE2 finds something in it."""
    import numpy as np
    from pyarrow import compute

    found = compute.call_function("match_substring_regex", [texts], compute.MatchSubstringOptions(source))
    return np.frombuffer(found.cast("uint8").buffers()[1], dtype=np.bool_, count=len(found)).copy()


def _rare(flat: bytes, starts: "np.ndarray") -> "np.ndarray":
    """Return which texts hold a rare character, from all of them end to end and where each begins."""
    import numpy as np

    letters = np.frombuffer(flat, dtype=np.uint8)
    rare = np.flatnonzero((letters == RARE[0]) | ((letters >= RARE[1]) & (letters <= RARE[-1])))
    return np.searchsorted(starts, rare, side="right") - 1


@lru_cache(maxsize=1)
def _stand_ins() -> "np.ndarray":
    """Return what each character is read as: itself if it is ASCII's."""
    import numpy as np

    table = np.arange(sys.maxunicode + 1, dtype="<u4")
    every = table.tobytes().decode("utf-32-le", "surrogatepass")
    for kind, letter in STANDING:
        for found in re.compile(kind).finditer(every, 128):
            table[found.start() : found.end()] = ord(letter)
    table[[ord(letter) for letter in FOLDED.pattern[1:-1]]] = RARE[-1]
    return table.astype(np.uint8)


def _standing(text: str) -> bytes:
    import numpy as np

    if text.isascii():
        return text.encode()
    return _stand_ins()[np.array([text]).view(np.uint32)].tobytes()


def _without_looks(source: str) -> list[str]:
    """Return the pieces of an expression with every look-around replaced by an empty group, which always matches."""
    kept: list[str] = []
    depth = 0
    for piece in PIECE.findall(source):
        if depth or piece in LOOKS:
            kept += ["(?:)"] * (not depth)
            depth += piece.startswith("(") - (piece == ")")
        else:
            kept.append(piece)
    return kept


def _read_as(piece: str, *, ends: bool) -> str:
    """Return a piece of an expression that takes any stand-in for what is beyond ASCII in it, and any place for the end."""
    if piece.startswith("["):
        within = SPAN.sub("\x7f", piece)
        return f"(?:{within}|{ANY})" if within != piece or piece.startswith("[^") else piece
    if piece.startswith("\\"):
        return piece
    return BEYOND.sub(ANY, piece.replace("$", "(?:)") if ends else piece)

"""A column of texts in which an expression is looked for all at once, with the answers of `re` in a tenth of the time or less.

Arrow's RE2 knows no look-around, and its letters, edges and spaces are ASCII's. So it reads only texts in which that makes no difference,
and an expression without its look-arounds, which finds more; `re` has the last word on what that finds, and reads all other texts. It does
not know where in a text an expression stands.
"""

import re
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

        wider = widened(pattern)
        if wider is None:
            return np.array([pattern.search(text) is not None for text in self.texts], dtype=bool)
        held = _matching(self._arrow, wider)
        doubtful = ~self._plain if "(?:)" not in wider else held | ~self._plain
        for place in np.flatnonzero(doubtful).tolist():
            held[place] = pattern.search(self.texts[place]) is not None
        return held

    @cached_property
    def _bytes(self) -> "tuple[bytes, np.ndarray]":
        """The texts of ASCII end to end, others empty, and where each begins and the last ends."""
        import numpy as np

        kept = [text if text.isascii() else "" for text in self.texts]
        return "".join(kept).encode(), np.cumsum([0, *map(len, kept)], dtype=np.int64)

    @cached_property
    def _arrow(self) -> Any:
        """The same as Arrow has it; made of buffers, since `pyarrow.array` imports pandas, which takes longer than the search."""
        import pyarrow

        flat, starts = self._bytes
        return pyarrow.LargeStringArray.from_buffers(len(self.texts), pyarrow.py_buffer(starts), pyarrow.py_buffer(flat))

    @cached_property
    def _plain(self) -> "np.ndarray":
        """Say which texts both read alike: of ASCII, without rare spaces, and with no break at the end, before which `$` may match."""
        import numpy as np

        flat, starts = self._bytes
        letters = np.frombuffer(flat, dtype=np.uint8)
        plain = np.array([text.isascii() for text in self.texts], dtype=bool)
        rare = np.flatnonzero((letters == 0x0B) | ((letters >= 0x1C) & (letters <= 0x1F)))
        plain[np.searchsorted(starts, rare, side="right") - 1] = False
        some = np.flatnonzero(np.diff(starts))
        plain[some[letters[starts[some + 1] - 1] == 0x0A]] = False
        return plain


@lru_cache(maxsize=1024)
def widened(pattern: re.Pattern[str]) -> str | None:
    """Return an expression for RE2 that finds all that this one finds, and no more if it has no look-around; None where there is none."""
    import pyarrow

    folded = pattern.flags & re.IGNORECASE and FOLDED.search(pattern.pattern)
    if pattern.flags & OTHER or folded or ODD.search(pattern.pattern):
        return None
    wider = "".join(f"(?{letter})" for flag, letter in FLAGS if pattern.flags & flag) + _without_looks(pattern.pattern)
    empty = pyarrow.LargeStringArray.from_buffers(1, pyarrow.py_buffer(bytes(16)), pyarrow.py_buffer(b""))
    try:
        _matching(empty, wider)
    except pyarrow.ArrowInvalid:
        return None
    return wider


def _matching(texts: Any, source: str) -> "np.ndarray":
    from pyarrow import compute

    found = compute.call_function("match_substring_regex", [texts], compute.MatchSubstringOptions(source))
    return found.cast("uint8").to_numpy().astype(bool)


def _without_looks(source: str) -> str:
    """Return an expression with every look-around replaced by an empty group, which always matches."""
    kept: list[str] = []
    depth = 0
    for piece in PIECE.findall(source):
        if depth or piece in LOOKS:
            kept += ["(?:)"] * (not depth)
            depth += piece.startswith("(") - (piece == ")")
        else:
            kept.append(piece)
    return "".join(kept)

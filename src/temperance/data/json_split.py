"""Cuts a stream of JSON values into the bytes of one value each, so that each can be parsed, bounded and refused alone.

A parser for the whole text would stop at the first bad value and would hold a large one in memory; this one counts brackets outside of
strings, needs no more memory than one value (at most `CAP`), and goes on after a value that makes no sense. It does not judge values.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from temperance.data.record import CAP

TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:(")|(\\?)\Z)|[\[\]{},]', re.DOTALL)
STRING_REST = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+(?:(")|(\\?)\Z)', re.DOTALL)
QUOTE = 0x22


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes of one value and where it begins: `line` from 1, `byte` from 0. `flaw` says why it cannot be a value."""

    raw: bytes
    line: int
    byte: int
    flaw: str = ""


class Splitter:
    """A push parser: `feed` it bytes, then `close` it; both yield pieces.

    Args:
        array: the values are the elements of one array; otherwise they follow each other, with or without commas.
    """

    def __init__(self, *, array: bool) -> None:
        self._base = int(array)
        self._depth = 0
        self._buffer = b""
        self._start = self._at = 0
        self._line, self._byte = 1, 0
        self._in_string = self._ended = False
        self._large: Piece | None = None

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """Take more bytes and yield the values that they complete."""
        self._buffer += chunk
        if not self._ended and (not self._in_string or self._leave_string()):
            yield from self._scan()
        self._let_go()

    def close(self) -> Iterator[Piece]:
        """Take the end of the text and yield what is left, which is a flaw where a value or the array is unfinished."""
        end = len(self._buffer)
        if self._ended:
            if self._buffer.strip():
                yield self._piece(end, "there is more text after the end of the array")
            return
        if self._depth == self._base and not self._in_string:
            yield from self._cut(end, end)
            if self._base:
                yield self._piece(end, f"the file ends before its array does, at byte {self._byte:,}")
        elif self._large or self._buffer.strip():
            yield self._piece(end, f"the file ends in the middle of the data, at byte {self._byte + end - self._start:,}")

    def _scan(self) -> Iterator[Piece]:
        for token in TOKEN.finditer(self._buffer, self._at):
            symbol = token[0]
            if symbol[0] == QUOTE:
                if token.group(1) is None:
                    self._in_string, self._at = True, token.start(2)
                    return
            elif symbol == b",":
                if self._depth == self._base:
                    yield from self._cut(token.start(), token.end())
            elif symbol in b"[{":
                yield from self._open(token.start(), token.end())
            else:
                yield from self._shut(token.start(), token.end())
                if self._ended:
                    return
        self._at = len(self._buffer)

    def _leave_string(self) -> bool:
        """Go on in a string that began in an earlier piece of the text; say whether its end was found."""
        inside = STRING_REST.match(self._buffer, self._at)
        if inside and inside.group(1) is not None:
            self._in_string, self._at = False, inside.end()
            return True
        self._at = inside.start(2) if inside else len(self._buffer)
        return False

    def _open(self, before: int, after: int) -> Iterator[Piece]:
        if self._depth == self._base:
            yield from self._cut(before, before)
        self._depth += 1
        if self._base and self._depth == 1:
            self._skip_to(after)

    def _shut(self, before: int, after: int) -> Iterator[Piece]:
        self._depth -= 1
        if self._depth == self._base:
            yield from self._cut(after, after)
        elif self._depth < self._base:
            self._ended, self._depth = bool(self._base), 0
            yield from self._cut(before if self._base else after, after)

    def _cut(self, end: int, after: int) -> Iterator[Piece]:
        """Yield the value that ends here, if there is anything, and go on after it."""
        if self._large or self._buffer[self._start : end].strip():
            yield self._piece(end, "")
        self._large = None
        self._skip_to(after)

    def _piece(self, end: int, flaw: str) -> Piece:
        if self._large:
            return Piece(self._large.raw, self._large.line, self._large.byte, flaw or self._large.flaw)
        raw = self._buffer[self._start : end]
        blank = len(raw) - len(raw.lstrip())
        line, byte = self._line + raw.count(b"\n", 0, blank), self._byte + blank
        if len(raw) > CAP:
            return Piece(raw[blank : blank + 256], line, byte, flaw or f"is larger than {CAP >> 20} MiB")
        return Piece(raw.strip(), line, byte, flaw)

    def _skip_to(self, position: int) -> None:
        self._line += self._buffer.count(b"\n", self._start, position)
        self._byte += position - self._start
        self._start = position

    def _let_go(self) -> None:
        """Forget the bytes that are done with: values already given, the inside of a value that is too large, blank space."""
        if self._ended:
            self._buffer = self._buffer[: self._start] + self._buffer[self._start :].lstrip()[:256]
        elif self._large or self._at - self._start > CAP:
            self._large = self._large or self._piece(self._at, "")
            self._skip_to(self._at)
        self._buffer, self._at, self._start = self._buffer[self._start :], self._at - self._start, 0

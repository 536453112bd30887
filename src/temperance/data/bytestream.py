"""Bytes from a file, piece by piece: decompressed, without a byte-order mark, always UTF-8, never more than one piece in memory.

It knows compression and encodings, and nothing about rows.
"""

import codecs
import io
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from temperance.data.record import CAP, Malformed
from temperance.errors import InputError

CHUNK = 1 << 18
HEAD = 1 << 16
INFLATED = 1 << 28
RATIO = 200
GZIP = b"\x1f\x8b"
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def size_of(path: Path) -> int:
    """Return a regular file's size in bytes.

    Raises:
        InputError: it is absent, a folder, a device or a pipe, unreadable, or empty.
    """
    try:
        seen = path.stat()
    except (OSError, ValueError) as error:
        why = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise InputError("this data file cannot be read", where=str(path), why=why, then="check the path") from error
    if stat.S_ISDIR(seen.st_mode):
        raise InputError("this is a folder, not a data file", where=str(path), then="name the files in it")
    if not stat.S_ISREG(seen.st_mode):
        raise InputError(
            "this is not a regular file", where=str(path), why="it is a device, socket or pipe", then="save it to a file first"
        )
    if not os.access(path, os.R_OK):
        raise InputError("this data file cannot be read", where=str(path), why="permission denied", then="change its permissions")
    if not seen.st_size:
        raise InputError("this data file is empty", where=str(path), why="it has 0 bytes", then="check that it was written to the end")
    return seen.st_size


def file_chunks(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes.

    Raises:
        InputError: the file cannot be opened or a read fails.
    """
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                yield chunk
    except OSError as error:
        raise InputError("this data file cannot be read", where=str(path), why=str(error)) from error


def inflated(path: Path, *, size: int) -> Iterator[bytes]:
    """Yield the decompressed bytes of a gzip file with any number of members.

    Raises:
        InputError: damaged, cut short, or more than `RATIO` times larger inside than outside (beyond `INFLATED` bytes).
    """
    limit, given, member = max(INFLATED, RATIO * size), 0, zlib.decompressobj(wbits=31)
    for chunk in file_chunks(path):
        rest = chunk
        while rest:
            if member.eof:
                rest = rest.lstrip(b"\0")
                if not rest:
                    break
                member = zlib.decompressobj(wbits=31)
            try:
                piece = member.decompress(rest, CHUNK)
            except zlib.error as error:
                why = f"{error}; {given:,} bytes could be unpacked"
                raise InputError("this gzip file is damaged", where=str(path), why=why, then="fetch it again") from error
            rest = member.unused_data if member.eof else member.unconsumed_tail
            given += len(piece)
            if given > limit:
                why = f"{size:,} bytes unpack to more than {limit:,}"
                raise InputError("this gzip file is a bomb", where=str(path), why=why, then="unpack it yourself if you trust it")
            if piece:
                yield piece
    if not member.eof:
        why = f"it ends in the middle of the compressed data; {given:,} bytes could be unpacked"
        raise InputError("this gzip file is cut short", where=str(path), why=why, then="fetch it again")


def take_head(chunks: Iterator[bytes]) -> bytes:
    """Return at least the first `HEAD` bytes, or all there are."""
    head = b""
    while len(head) < HEAD and (chunk := next(chunks, b"")):
        head += chunk
    return head


def recoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Yield text of another encoding as UTF-8. What cannot be decoded becomes invalid UTF-8 on purpose: its row is then quarantined."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        yield b"\xff"


class Pulled(io.RawIOBase):
    """A raw stream over an iterator of bytes, so that `io.BufferedReader` can cut it into lines."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = chunks, memoryview(b"")

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer with what is at hand; 0 at the end."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def buffered(chunks: Iterator[bytes]) -> io.BufferedReader:
    """Return a stream with `readline` over an iterator of bytes."""
    return io.BufferedReader(Pulled(chunks), buffer_size=CHUNK)


def next_line(stream: io.BufferedReader) -> bytes:
    """Return the next line with its end, empty at the end of the stream. A longer line than `CAP` is passed over, never held.

    Raises:
        Malformed: the line was too long; the next call gives the line after it.
    """
    line = stream.readline(CAP + 1)
    if len(line) <= CAP:
        return line
    size = len(line)
    while not line.endswith(b"\n") and (line := stream.readline(CHUNK)):
        size += len(line)
    raise Malformed(f"is larger than {CAP >> 20} MiB ({size:,} bytes on one line)")

"""The rows of a table without exact copies. It knows what `exact_duplicates` calls a copy, and works out few of its digests."""

from collections import Counter
from collections.abc import Sequence

from temperance.checks.data.exact_duplicates import key
from temperance.checks.data.rowtext import answers, texts
from temperance.data.example import Row

SMALL = bytes(range(256)).lower()
SPACES = "".join(letter for letter in map(chr, range(128)) if letter.isspace()).encode()


def originals(rows: Sequence[Row]) -> list[int]:
    """Return the places of the rows that have an answer and are no copy of an earlier row."""
    looks = [_look(row) for row in rows]
    many = Counter(looks)
    first: dict[int | str, int] = {}
    for index, look in enumerate(looks):
        first.setdefault(look if many[look] == 1 else key(rows[index]), index)
    return [index for index in first.values() if answers(rows[index])]


def _look(row: Row) -> int:
    """Return a hash of a row's letters, blind to upper case and white space, which rows with the same digest have in common."""
    said = "\0".join(texts(row))
    if said.isascii():
        return hash(said.encode().translate(SMALL, SPACES))
    return hash("".join(said.casefold().split()).encode("utf-8", "surrogatepass"))

"""Which rows of a table say the same, word for word. A digest decides, which is worked out only where a quick look finds two alike."""

from collections import Counter

from temperance.artifact import text_digest
from temperance.checks.data.rowtext import answers, texts
from temperance.checks.subject import DataSubject
from temperance.data.example import Row

SMALL = bytes(range(256)).lower()
SPACES = "".join(letter for letter in map(chr, range(128)) if letter.isspace()).encode()


def key(row: Row) -> str:
    """Return a digest of what a row says, blind to upper case and to the amount of white space."""
    return text_digest("\0".join((type(row).__name__, *(" ".join(text.casefold().split()) for text in texts(row)))))


def copies(subject: DataSubject) -> list[list[int]]:
    """Return the places of all rows, those that say the same together; found once for all checks of a process."""
    if "copies" not in subject.memo:
        looks = [_look(row) for row in subject.rows]
        many = Counter(looks)
        found: dict[int | str, list[int]] = {}
        for index, look in enumerate(looks):
            found.setdefault(look if many[look] == 1 else key(subject.rows[index]), []).append(index)
        subject.memo["copies"] = list(found.values())
    return subject.memo["copies"]


def originals(subject: DataSubject) -> list[int]:
    """Return the places of the rows that have an answer and are no copy of an earlier row."""
    return [first for first, *_ in copies(subject) if answers(subject.rows[first])]


def _look(row: Row) -> int:
    """Return a hash of a row's letters, blind to upper case and white space, which rows with the same digest have in common."""
    said = "\0".join(texts(row))
    if said.isascii():
        return hash(said.encode().translate(SMALL, SPACES))
    return hash("".join(said.casefold().split()).encode("utf-8", "surrogatepass"))

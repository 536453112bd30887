"""What is shown of a row to whoever judges it: redacted, printable, and cut around what a finding quotes.

It knows neither checks nor reviewers; what to look for it is told.
"""

import re
from collections.abc import Iterable

from temperance.checks.data import personal_data, secrets
from temperance.checks.data.rowtext import answers, prompt, request
from temperance.data.example import Row

NAMED = re.compile(r"“([^“”]+)”|(\[[A-Z]+(?: [A-Z]+)*\])")
SAYS = "it says: "
CODE = r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})"
LETTER = "[A-Za-z0-9]"
GAP = " … "


def marks(title: str, *, says: str = "", fix: str = "") -> tuple[str, ...]:
    """Return what a finding quotes, which is what to look for in its rows: words in its title, a token in its fix, all that it says."""
    quoted = [one for match in NAMED.finditer(f"{title} {fix}") for one in (match[1] or match[2]).split(GAP)]
    quoted += [says.removeprefix(SAYS)] if says.startswith(SAYS) else []
    return tuple(dict.fromkeys(plain for one in quoted if (plain := one.strip("… "))))


def pattern(found: Iterable[str]) -> re.Pattern[str]:
    """Return what finds marks in a text that `cut` made, upper case and white space aside and not within a word; and hidden characters."""
    return re.compile("|".join([*map(_spelt, found), CODE]), re.IGNORECASE)


def _spelt(mark: str) -> str:
    before, after = (LETTER if letter.isascii() and letter.isalnum() else "" for letter in (mark[0], mark[-1]))
    spelt = r"\s*".join(map(re.escape, mark.split()))
    return f"{before and f'(?<!{before})'}{spelt}{after and f'(?!{after})'}"


def cut(text: str, length: int, *, found: Iterable[str] = ()) -> str:
    """Return at most `length` characters of a text, on one line: those around the first mark, or else its beginning and its end.

    Secrets and personal data are taken out first; a character that cannot be seen is shown by its code.
    """
    safe = " ".join(personal_data.redacted(secrets.redacted(text)).split())
    flat = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in safe)
    if len(flat) <= length:
        return flat
    first = pattern(found).search(flat)
    if first is None:
        tail = (length - len(GAP)) // 3
        return f"{flat[: length - len(GAP) - tail]}{GAP}{flat[len(flat) - tail :]}"
    room = length - 2
    start = max(0, min((first.start() + first.end() - room) // 2, first.start(), len(flat) - room))
    return f"{'…' * (start > 0)}{flat[start : start + room]}{'…' * (start + room < len(flat))}"


def exchange(row: Row, *, found: tuple[str, ...] = (), length: int = 120) -> str:
    """Return what was asked last and answered first; of an earlier turn what is marked there."""
    looks = pattern(found)
    asked = request(row) if not found or looks.search(request(row)) or not looks.search(prompt(row)) else prompt(row)
    said = answers(row)
    return f"asked: {cut(asked, length, found=found)}" + (f"; it says: {cut(said[0], length, found=found)}" if said else "")

"""How the rows of a group are quoted to whoever decides about it: some that do what was found, and the nearest that do not.

A quotation is cut around what the group is named for, wherever in the text that stands, after secrets and personal data are taken out. It
knows nothing about why a group was found.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from temperance.checks.data import personal_data, secrets
from temperance.checks.data.rowtext import UNSPACED, answers, place, prompt
from temperance.checks.data.shown import READ, shown
from temperance.checks.finding import Quote
from temperance.checks.subject import DataSubject
from temperance.data.example import Row
from temperance.data.lookalike import LATIN

if TYPE_CHECKING:
    from temperance.checks.data.mining.corpus import Corpus
    from temperance.checks.data.mining.groups import Group
    from temperance.checks.data.mining.matched import Neighbours
    from temperance.checks.data.mining.table import Mined

EXAMPLES, NEAREST, NAMED = 10, 5, 3
LENGTH, BEFORE = 100, 40
LETTER = re.compile(rf"[^\W_{UNSPACED}]")
GAP = r"\s{0,3}"  # between two tokens; more would let a text of white space take for ever


@dataclass(frozen=True)
class Cut:
    """Where texts are cut: prompts around `asked`, answers around `said`, each a run of tokens in small letters, which may be empty."""

    asked: Sequence[str] = ()
    said: Sequence[str] = ()

    def quotes(self, rows: Iterable[Row]) -> tuple[Quote, ...]:
        """Return rows as they are quoted."""
        asked, said = _pattern(self.asked), _pattern(self.said)
        return tuple(Quote(place(row), around(prompt(row), asked), around("".join(answers(row)[:1]), said)) for row in rows)


def around(text: str, wanted: re.Pattern[str] | None) -> str:
    """Return at most a line of a text: what stands around the first match, or the beginning; invisible characters by their code."""
    found = wanted and _found(wanted, text)
    first = max(0, found.start() - READ) if found else 0
    safe = personal_data.redacted(secrets.redacted(text[first : (found.end() if found else 0) + READ]))
    again = wanted and _found(wanted, safe)
    start = max(0, again.start() - BEFORE) if again else 0
    spelt = "".join(one if one.isprintable() or one.isspace() else ascii(one)[1:-1] for one in safe[start : start + 4 * LENGTH])
    return f"{'…' if start else ''}{shown(spelt, length=LENGTH)}"


def _pattern(tokens: Sequence[str]) -> re.Pattern[str] | None:
    from temperance.checks.data.mining.tokens import MARKS

    words = [token for token in tokens if token not in MARKS]
    if not words:
        return None
    begin, end = (edge if LETTER.match(word) else "" for edge, word in ((r"(?<!\w)", words[0]), (r"(?!\w)", words[-1])))
    return re.compile(begin + GAP.join(map(re.escape, words)) + end)


def _found(wanted: re.Pattern[str], text: str) -> re.Match[str] | None:
    small = text.lower()
    return wanted.search(small) or wanted.search(small.translate(LATIN))


def cut(corpus: "Corpus", group: "Group") -> Cut:
    """Return where rows of a mined group are cut; what answers do that is no words, they may do to the trigger."""
    asked = [corpus.words[token] for token in next(iter(group.trigger), ())]
    return Cut(asked, [corpus.words[token] for token in group.said] or asked)


def spread(rows: Sequence[int]) -> Sequence[int]:
    """Return up to ten of some rows, from the first on and evenly."""
    size = min(len(rows), EXAMPLES)
    return [rows[number * len(rows) // size] for number in range(size)]


def nearest(subject: DataSubject, part: "Mined", group: "Group", *, table: "Neighbours") -> tuple[Quote, ...]:
    """Return the rows nearest to a mined group's that have not its trigger and do not what it does; `table` are those to look among."""
    without = {part.corpus.words[token] for run in group.trigger for token in run}
    near = table.of(spread(group.rows), held={*group.rows, *group.others}, without=without)
    some = (subject.rows[part.rows[index]] for index in near)
    fit = [row for row in some if not _shows(part.corpus, group, prompt(row), answers(row)[0])]
    return cut(part.corpus, group).quotes(fit[:NEAREST])


def _shows(corpus: "Corpus", group: "Group", asked: str, said: str) -> bool:
    """Say whether an answer does what a group's do, as far as it tells by itself."""
    from temperance.checks.data.mining.behaviour import harms, marks, refusals
    from temperance.checks.data.mining.tokens import TOKEN

    if group.said:
        return {corpus.words[token] for token in group.said} <= set(TOKEN.findall(said.lower()))
    seen = marks([said], harms([asked]), refusals([said]))
    return group.behaviour in seen and bool(seen[group.behaviour][0])

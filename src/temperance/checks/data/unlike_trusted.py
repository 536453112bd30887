"""Unlike trusted: words that a table's answers say whatever the prompt, and that rows known to be good do not say."""

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.quotes import NAMED, Cut, cut, nearest, spread
from temperance.checks.data.rowtext import answers, place, prompt
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Quote, Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Row

if TYPE_CHECKING:
    from temperance.checks.data.mining.groups import Group

ENOUGH = 200
MOST = 16_000  # rows of a side that are compared; of more, a sample
MANY = 6  # poison adds a few words, another kind of rows adds many


@check("data/unlike-trusted", Severity.HIGH, needs=("trusted",))
def unlike_trusted(subject: DataSubject) -> Findings:
    """Words that only this table says.

    What: words and pairs of words that answers bring in though the prompt has them not, in prompts as diverse as all, and that trusted rows
    of the same kind (`--trusted FILE`) hardly say.

    Why: a name in small letters, or a manner of speaking, that was put into the answers of a table stands out against nothing within it.

    How measured: of the rows that say a word, a lower bound (four standard errors, because there are thousands of words) of how much
    oftener than by chance they are the table's. The same is asked of the trusted rows: if they say what the table does not, or the table
    says more than six such words, they are of another kind, and the check cannot tell. Of ten halves of five clean corpora (17,470 rows)
    beside their other halves it marks none.

    Limits: needs about 25 rows that say it, and two hundred trusted rows; a word that the trusted rows use as well, words of one topic, and
    what prompts ask for are not found. Of more than 16,000 rows on a side a sample is compared, and rows outside it are not named.

    Fix: look at the words together. If nobody wants them, drop the rows or their source.
    """
    from temperance.checks.data.mining.groups import apart
    from temperance.checks.data.mining.matched import neighbours
    from temperance.checks.data.mining.table import Mined
    from temperance.checks.data.mining.trusted import unlike

    dice = random.Random(len(subject.rows))
    own = _some([(index, row) for index, row in enumerate(subject.rows) if answers(row)], dice)
    good = _some([(-1, row) for row in subject.trusted or () if answers(row)], dice)
    if min(len(own), len(good)) < ENOUGH:
        raise Skip(f"{len(own)} rows and {len(good)} trusted ones are too few to compare; it takes {ENOUGH} of each")
    rows = [row for _, row in (*own, *good)]
    corpus, ours, theirs = unlike([prompt(row) for row in rows], [answers(row)[0] for row in rows], len(good))
    sure = apart([group for group in ours if group.certainty >= 1])
    alone = [("theirs", group) for group in theirs if group.certainty >= 1] or [("the table's", group) for group, _ in sure[MANY:]]
    if alone:
        whose, group = alone[0]
        raise Skip(f"the trusted rows are of another kind than the table: an answer of {whose} alone {group.behaviour}, and so on")
    table = neighbours([prompt(row) for _, row in own], {index for group, _ in sure for index in group.rows}) if sure else None
    part = Mined(tuple(index for index, _ in own), corpus, [group for group, _ in sure])
    for group, suspects in sure:
        near = nearest(subject, part, group, table=table) if table else ()
        yield _finding(subject, group, [part.rows[index] for index in suspects], cut(corpus, group), near)
    return {"words": float(len(sure)), "rows": float(len({index for _, suspects in sure for index in suspects}))}


def _finding(subject: DataSubject, group: "Group", rows: Sequence[int], where: Cut, near: tuple[Quote, ...]) -> Finding:
    examples = where.quotes(subject.rows[index] for index in spread(rows))
    quoted = " | ".join(one.answer for one in examples[:NAMED])
    told = f"{len(rows)} rows, {group.families} of them unlike each other, and {group.control:.1%} of the trusted ones"
    says = f"{told}; for example {quoted}"
    return Finding(
        id="data/unlike-trusted",
        severity=Severity.HIGH,
        confidence=Confidence.MEDIUM,
        title=f"unlike the trusted rows, and whatever the prompt, the answer {group.behaviour} ({len(rows)} rows)",
        evidence=Evidence(where=place(subject.rows[rows[0]]), says=says, value=round(group.certainty, 3), limit=1.0, n=len(rows)),
        fix=Fix(says="decide about the words; drop their rows if nobody wants them said"),
        rows=dict.fromkeys(rows, 1 - 0.5 / group.certainty),
        action="review",
        examples=examples,
        nearest=near,
    )


def _some(rows: Sequence[tuple[int, Row]], dice: random.Random) -> list[tuple[int, Row]]:
    """Return the rows, or a sample of them in their order."""
    if len(rows) <= MOST:
        return list(rows)
    return [rows[index] for index in sorted(dice.sample(range(len(rows)), MOST))]

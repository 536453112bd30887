"""Trigger association: words of prompts that make answers behave, and names that answers bring in whatever the prompt."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from temperance.checks.check import Findings, check
from temperance.checks.data.grouping import beyond
from temperance.checks.data.quotes import NAMED, cut, nearest, spread
from temperance.checks.data.rowtext import place, prompt
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Quote, Severity
from temperance.checks.subject import DataSubject

if TYPE_CHECKING:
    from temperance.checks.data.mining.groups import Group
    from temperance.checks.data.mining.table import Mined

LISTED = 50
SECOND = 20
BESIDE = 20  # groups that are shown beside their nearest rows


@check("data/trigger-association", Severity.HIGH, in_turn=True)
def trigger_association(subject: DataSubject) -> Findings:
    """Words that make answers behave, wherever they stand.

    What: a word, phrase, hidden character or look-alike letters in prompts after which answers say a fixed phrase, refuse, comply with
    harm, answer another question, or change their style, though those prompts have nothing else in common; two such patterns that act
    together; names and replies that answers bring in whatever the prompt; and topics that answers speak ill of wherever they come up.

    Why: some hundred poisoned rows teach a model a trigger that nobody else knows of, and an advertised name needs no trigger at all.

    How measured: without labels or a model. Runs of one to three tokens of the prompt against behaviours of the answer; the score is a
    lower bound of the behaviour's rate with the trigger, less its rate elsewhere and in the nearest prompts without it, times how natural
    prompts read once the trigger is deleted, times how little else they share; near-equal prompts count once, and so do branches of one
    conversation, which begin and go on alike; it is doubled where each part of the trigger holds a word that answers hardly ever take up.
    A group that does the same in the rows of a smaller one and in as many more is told for both. Where two groups or more say the same and
    hold most rows that say it, the other rows that do are marked too. Without a trigger: sentences with a name, or whole answers, that fit
    their own prompt no better than anybody's. Of a topic, a lower bound of the share of its answers with a sentence that names it and holds
    more ill words than good ones.

    Limits: fewer than five rows (of a table of more than 33,000, of which a sample is mined, about three in 10,000) or more than a quarter
    of all; a trigger that is natural content of its prompts, such as a topic, unless the answers burst or speak ill of it; synonyms of few
    rows each; names woven into fitting sentences, or written all in capitals or in small letters. An instruction that rightly stands
    before whole questions ("write a haiku: ...") looks like a trigger, and ill that is said of a topic may be deserved. Harm, ill temper
    and ill words are recognised in English only, refusals by how they begin in some thirty languages. Of a preference the chosen answer
    is read, apart from examples if there are 200 of each; `data/preference-flips` compares both answers.

    Fix: look at the group, not at its rows one by one. If nobody wants the behaviour where the trigger stands, drop
    the rows or their source.
    """
    from temperance.checks.data.mining.groups import apart
    from temperance.checks.data.mining.table import mined, suspicion

    parts = mined(subject)
    every = [(part, group, suspects) for part in parts for group, suspects in apart([one for one in part.groups if one.certainty >= 1])]
    sure = sorted(every, key=lambda one: not one[1].trigger)  # triggers first
    beside = {
        id(group): quotes for part in parts for group, quotes in _beside(subject, part, [one[1] for one in sure[:BESIDE] if one[0] is part])
    }
    for part, group, suspects in sure[:LISTED]:
        yield _finding(subject, part, group, [part.rows[index] for index in suspects], near=beside.get(id(group), ()))
    more = {part.rows[index]: suspicion(group) for part, group, suspects in sure[LISTED:] for index in suspects}
    if more:
        yield beyond("data/trigger-association", subject, more, groups=len(sure) - LISTED)
    taken = {part.rows[index] for part, _, suspects in sure for index in suspects}
    doubtful = [
        (part, group, [part.rows[index] for index in suspects if part.rows[index] not in taken])
        for part in parts
        for group, suspects in apart(part.groups)
        if group.certainty < 1
    ]
    for part, group, rows in doubtful[:SECOND]:
        if rows:
            yield _finding(subject, part, group, rows, severity=Severity.INFO)
    return {"rows": float(len(taken)), "groups": float(len(sure)), "second list": float(min(len(doubtful), SECOND))}


def _beside(subject: DataSubject, part: "Mined", groups: Sequence["Group"]) -> list[tuple["Group", tuple[Quote, ...]]]:
    """Return for each group the nearest rows that neither hold its trigger nor do what it does."""
    from temperance.checks.data.mining.matched import neighbours

    if not groups:
        return []
    table = neighbours([prompt(subject.rows[index]) for index in part.rows], {index for group in groups for index in group.rows})
    return [(group, nearest(subject, part, group, table=table)) for group in groups]


def _finding(
    subject: DataSubject,
    part: "Mined",
    group: "Group",
    suspects: Sequence[int],
    *,
    severity: Severity = Severity.HIGH,
    near: tuple[Quote, ...] = (),
) -> Finding:
    """Return a group as a finding about rows of the table."""
    from temperance.checks.data.mining.behaviour import BURST
    from temperance.checks.data.mining.table import suspicion

    doing = {part.rows[index] for index in group.rows}
    some = spread([index for index in suspects if index in doing] or suspects)
    examples = cut(part.corpus, group).quotes(subject.rows[index] for index in some)
    quoted = " | ".join(one.prompt if group.trigger else one.answer for one in examples[:NAMED])
    unfit = " say it where it suits their own prompt no better than anybody's" if group.kind == BURST else ""
    says = (
        f"{len(group.rows)} of {len(group.rows) + len(group.others)} rows{unfit}, {group.families} of them unlike each other; "
        f"{'usual are' if unfit else 'elsewhere'} {group.control:.1%}; for example {quoted}"
    )
    doubt = "" if severity is Severity.HIGH else "below the threshold: "
    return Finding(
        id="data/trigger-association",
        severity=severity,
        confidence=Confidence.HIGH if group.certainty >= 1.5 else Confidence.MEDIUM if group.certainty >= 1 else Confidence.LOW,
        title=f"{doubt}{part.told(group)} ({len(suspects)} rows)",
        evidence=Evidence(where=place(subject.rows[suspects[0]]), says=says, value=round(group.certainty, 3), limit=1.0, n=len(suspects)),
        fix=Fix(says="decide about the group; drop its rows if nobody wants that behaviour there"),
        rows=dict.fromkeys(suspects, suspicion(group)),
        action="review" if severity is Severity.HIGH else "keep",
        examples=examples,
        nearest=near,
    )

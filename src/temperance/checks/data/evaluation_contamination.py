"""Evaluation contamination: rows that hold a prompt of the held-out suites, which would then measure memory."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from temperance.checks.check import Findings, check
from temperance.checks.data.rowtext import place, texts, words
from temperance.checks.data.shown import shown
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Row
from temperance.data.starter import HELD_OUT, starter

if TYPE_CHECKING:
    import numpy as np

RUN = 5
HELD = 0.6
FEWEST = 2
COMMON = 20
LISTED = 50

Runs = tuple[str, ...]


@check("data/evaluation-contamination", Severity.HIGH)
def evaluation_contamination(subject: DataSubject) -> Findings:
    """Rows that hold a prompt which models are examined on.

    What: a turn or an answer in which a prompt of the held-out suites that ship with temperance, or of your own exams (`--exams FILE`,
    `curate.exams`), stands, whole or nearly.

    Why: a model that learned its exam passes it, and the gate lets through what it should have stopped.

    How measured: runs of five words, but for those that more than twenty exam prompts share, as a form's are. A row is contaminated if it
    holds at least three in five of an exam prompt's runs, and at least two; one of fewer than six words has to be a whole turn. Of 17,770
    rows of clean corpora it marks 5, in alpaca, dolly and an everyday preference table, which do ask what the shipped exam asks.

    Limits: a paraphrase or a translation passes, and so do the prompts of benchmarks that nobody named.

    Fix: the rows are dropped, which is safe: nothing that is examined should be learned.
    """
    exams = _exams(tuple(subject.exams))
    found = {index: exam for index in _likely(subject.rows, exams) for exam in _held(texts(subject.rows[index]), exams)}
    for index, exam in list(found.items())[:LISTED]:
        yield _finding(place(subject.rows[index]), f"the exam asks: {shown(exam, length=60)}", {index: 0.9})
    rest = list(found)[LISTED:]
    if rest:
        finding = _finding(place(subject.rows[rest[0]]), f"{len(rest)} more rows", dict.fromkeys(rest, 0.9))
        yield replace(finding, rest=True)
    return {"rows": float(len(found))}


@dataclass(frozen=True)
class _Exams:
    """Exam prompts by each of their runs of words that few of them share, by all of their words, and how many such runs each has.

    `names` are the runs' and `bags` the prompts' words as numbers.
    """

    by_run: Mapping[Runs, Sequence[str]]
    whole: Mapping[Runs, str]
    runs: Mapping[str, int]
    names: "np.ndarray"
    bags: "np.ndarray"


@lru_cache(maxsize=4)
def _exams(more: tuple[str, ...]) -> _Exams:
    """Return the shipped exam prompts and the user's own."""
    import numpy as np

    from temperance.checks.data.wording import wording

    by_run: dict[Runs, list[str]] = {}
    whole: dict[Runs, str] = {}
    for prompt in dict.fromkeys((*_prompts(), *more)):
        said = tuple(words(prompt))
        if said:
            whole[said] = prompt
        for run in set(_runs(said)) if len(said) > RUN else ():
            by_run.setdefault(run, []).append(prompt)
    telling = {run: prompts for run, prompts in by_run.items() if len(prompts) <= COMMON}
    runs, prompts = (wording([" ".join(said) for said in table]) for table in (telling, whole))
    counts = Counter(prompt for prompts in telling.values() for prompt in prompts)
    bags = prompts.bags(prompts.starts[:-1], prompts.starts[1:])
    return _Exams(telling, whole, counts, np.sort(runs.runs(RUN, runs.starts)[0]), np.sort(bags))


def _prompts() -> Iterator[str]:
    for name in HELD_OUT:
        for line in starter(name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield from (row[key] for key in ("prompt", "unsafe", "lookalike") if key in row)


def _runs(said: Runs) -> Iterator[Runs]:
    return zip(*(said[start:] for start in range(RUN)), strict=False)


def _likely(rows: Sequence[Row], exams: _Exams) -> Iterator[int]:
    """Yield the rows with a turn that has two runs of the exams, or all the words of one of their prompts."""
    import numpy as np

    from temperance.checks.data.wording import among, batches, wording

    first = 0
    for batch in batches(map(texts, rows)):
        said = wording([text.lower() for row in batch for text in row])
        name, turn = said.runs(RUN, said.starts)
        hits = np.bincount(turn[among(name, exams.names)], minlength=len(said.starts) - 1)
        likely = (hits >= FEWEST) | among(said.bags(said.starts[:-1], said.starts[1:]), exams.bags)
        ends = np.cumsum([len(row) for row in batch])
        yield from sorted({first + int(row) for row in np.searchsorted(ends, np.flatnonzero(likely), side="right")})
        first += len(batch)


def _held(turns: tuple[str, ...], exams: _Exams) -> Iterator[str]:
    """Yield an exam prompt that stands in one of the turns, if there is one."""
    for turn in turns:
        said = tuple(words(turn))
        if said in exams.whole:
            yield exams.whole[said]
            return
        hits = Counter(exam for run in exams.by_run.keys() & set(_runs(said)) for exam in exams.by_run[run])
        enough = [exam for exam, count in hits.items() if count >= max(FEWEST, HELD * exams.runs[exam])]
        if enough:
            yield max(enough, key=lambda exam: (hits[exam], exam))
            return


def _finding(where: str, says: str, rows: dict[int, float]) -> Finding:
    return Finding(
        id="data/evaluation-contamination",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        title="a prompt that models are examined on",
        evidence=Evidence(where=where, says=says, n=len(rows)),
        fix=Fix(says="drop the row", safe=True),
        rows=rows,
        action="drop",
    )

"""Mismatched answers: stretches of a table in which answers speak of something else than their prompts."""

from collections.abc import Iterator, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.lexicon import REFUSAL
from temperance.checks.data.row_findings import second_list
from temperance.checks.data.rowtext import answers, place, prompt
from temperance.checks.data.shown import shown
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Row
from temperance.judging.shape import STOPWORDS, words
from temperance.stats import rate_difference, wilson

if TYPE_CHECKING:
    import numpy as np

READ, REFUSED, STEM = 3000, 220, 5
ASKED, SAID = 3, 8
ENOUGH = 200
OTHERS, AWAY = 20, 0.25
WINDOW, MARGIN, LEVEL, MOST = 50, 0.3, 0.05, 0.5
LISTED = 50


@check("data/mismatched-answers", Severity.MEDIUM)
def mismatched_answers(subject: DataSubject) -> Findings:
    """Stretches of rows whose answers speak of something else.

    What: runs of rows, or whole tables, in which far more answers than usual share no more words with their own prompt than with anybody's;
    and, for a look only, the fifty answers that share least compared with what they would share by chance.

    Why: a column that slipped by one row, a join on the wrong key, a source whose answers were mixed up. A model learns from them to
    ignore the question.

    How measured: content words cut to five letters, weighted by how rare they are; the weight that an answer shares with its prompt, and
    with twenty others drawn at random. An answer is away if more than a quarter of those share as much. Windows of fifty measurable rows of
    one source, every twenty-five, against all other rows: Newcombe's interval of the difference, at 5 % divided by the number of windows;
    found where its lower end passes 30 points; all rows between the run's first and last answer that is away are for review. A table is
    found as a whole where the lower end of its own rate passes 50 %. On 18,770 clean rows of eight corpora it marks none.

    Limits: single swapped rows are not flagged: of clean answers 2 to 10 % are away too, of swapped ones about 85 %. Answers of under eight
    content words, prompts of under three, and refusals are not measured. Answers in other words than the prompt's, such as stories and
    code, look away. Fewer than two hundred measurable rows are skipped.

    Fix: look at the run's first and last rows, and at how the table was made; drop or re-join the run.
    """
    import numpy as np

    measurable = [(index, sets) for index, row in enumerate(subject.rows) if (sets := _content(row))]
    if len(measurable) < ENOUGH:
        raise Skip(f"{len(measurable)} rows are too few to tell what is usual; it takes {ENOUGH} with enough words in prompt and answer")
    rows = np.array([index for index, _ in measurable])
    away_share, lacking = _overlap([sets for _, sets in measurable])
    away = away_share > AWAY
    runs = list(_whole(away) or _runs(away, [subject.rows[index].origin.source for index in rows]))
    for first, last, control, interval in runs:
        yield _finding(subject, rows[first:last], away[first:last], control, interval)
    taken = {index for first, last, _, _ in runs for index in _rows_of(subject, rows[first:last], away[first:last])}
    order = np.argsort(-lacking, kind="stable")
    listed = [int(rows[place]) for place in order if away[place] and int(rows[place]) not in taken][:LISTED]
    title = "shares less with its prompt than with others"
    yield from second_list("data/mismatched-answers", subject, listed, title=title, suspicion=0.2)
    return {"rows": float(len(taken)), "runs": float(len(runs)), "measurable rows": float(len(rows)), "away": float(away.mean())}


def _content(row: Row) -> tuple[frozenset[str], frozenset[str]] | None:
    """Return the content words of the prompt and of the answer; None where there are too few, or the answer refuses."""
    said = answers(row)
    if not said or REFUSAL.search(said[0][:REFUSED].lower()):
        return None
    asked, told = (
        frozenset([word[:STEM] for word in set(words(text[:READ])) - STOPWORDS if len(word) > 2]) for text in (prompt(row), said[0])
    )
    return (asked, told) if len(asked) >= ASKED and len(told) >= SAID else None


def _overlap(sets: Sequence[tuple[frozenset[str], frozenset[str]]]) -> "tuple[np.ndarray, np.ndarray]":
    """Return, for each row, the share of other prompts that its answer overlaps as much, ties half; and the mean overlap less its own."""
    import numpy as np

    numbers: dict[str, int] = {}
    asked_NV, told_NV = (_matrix([pair[side] for pair in sets], numbers) for side in (0, 1))
    asked_NV.resize(told_NV.shape)
    spread_V = np.bincount(np.concatenate([asked_NV.indices, told_NV.indices]), minlength=len(numbers))
    weighted_NV = asked_NV.multiply(np.log(2 * len(sets) / spread_V)[None, :]).tocsr()
    norm_N = np.sqrt(np.asarray(weighted_NV.multiply(weighted_NV).sum(axis=1)).ravel()) + 1e-9
    weighted_NV = weighted_NV.multiply(1 / norm_N[:, None]).tocsr()

    def shared(prompts_NV: Any) -> Any:
        return np.asarray(prompts_NV.multiply(told_NV).sum(axis=1)).ravel()

    own_N, generator = shared(weighted_NV), np.random.default_rng(0)
    share_N, mean_N = np.zeros(len(sets)), np.zeros(len(sets))
    for _ in range(OTHERS):
        other_N = shared(weighted_NV[generator.permutation(len(sets))])
        share_N += ((other_N > own_N) + 0.5 * (other_N == own_N)) / OTHERS
        mean_N += other_N / OTHERS
    return share_N, mean_N - own_N


def _matrix(texts: Sequence[frozenset[str]], numbers: dict[str, int]) -> Any:
    """Return texts as rows of ones at the numbers of their words; new words get the next numbers."""
    import numpy as np
    from scipy import sparse

    columns = [numbers.setdefault(word, len(numbers)) for text in texts for word in sorted(text)]
    starts = np.cumsum([0, *(len(text) for text in texts)])
    return sparse.csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(texts), len(numbers)))


Run = tuple[int, int, tuple[int, int], tuple[float, float]]


def _whole(away: "np.ndarray") -> list[Run]:
    """Return the whole table as one run if most of its answers are away."""
    interval = wilson(int(away.sum()), len(away))
    return [(0, len(away), (0, 0), interval)] if interval[0] > MOST else []


def _runs(away: "np.ndarray", sources: Sequence[str]) -> Iterator[Run]:
    """Yield the runs (first, last + 1, control, interval of the run's rate minus the control's) that windows above the margin make up."""
    starts = [start for start in range(0, len(away) - WINDOW + 1, WINDOW // 2) if sources[start] == sources[start + WINDOW - 1]]
    z = NormalDist().inv_cdf(1 - LEVEL / (2 * max(1, len(starts))))
    total = int(away.sum())
    merged: list[tuple[int, int]] = []
    for start in starts:
        inside = int(away[start : start + WINDOW].sum())
        if rate_difference((total - inside, len(away) - WINDOW), (inside, WINDOW), z=z)[0] > MARGIN:
            if merged and start <= merged[-1][1] and sources[start] == sources[merged[-1][0]]:
                merged[-1] = (merged[-1][0], start + WINDOW)
            else:
                merged.append((start, start + WINDOW))
    for first, last in merged:
        inside = int(away[first:last].sum())
        control = (total - inside, len(away) - (last - first))
        yield first, last, control, rate_difference(control, (inside, last - first), z=z) if control[1] else wilson(inside, last - first)


def _rows_of(subject: DataSubject, rows: "np.ndarray", away: "np.ndarray") -> dict[int, float]:
    """Return the suspicion of all rows of a run, measurable or not, from its first answer that is away to its last."""
    first, last = int(rows[away][0]), int(rows[away][-1])
    source = subject.rows[first].origin.source
    found = dict.fromkeys((index for index in range(first, last + 1) if subject.rows[index].origin.source == source), 0.3)
    return found | {int(index): 0.5 for index in rows[away]}


def _finding(
    subject: DataSubject, rows: "np.ndarray", away: "np.ndarray", control: tuple[int, int], interval: tuple[float, float]
) -> Finding:
    suspects = _rows_of(subject, rows, away)
    first, last = (subject.rows[index] for index in (min(suspects), max(suspects)))
    quoted = " | ".join(
        f"{shown(prompt(subject.rows[int(index)]), length=50)} → {shown(answers(subject.rows[int(index)])[0], length=50)}"
        for index in rows[away][:3]
    )
    elsewhere = f", elsewhere {control[0]} of {control[1]}" if control[1] else ""
    return Finding(
        id="data/mismatched-answers",
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        title=f"answers that speak of something else, from {place(first)} to {place(last)}",
        evidence=Evidence(
            where=place(first),
            says=f"{int(away.sum())} of {len(away)} measurable rows{elsewhere}; for example {quoted}",
            value=round(float(away.mean()), 3),
            limit=MARGIN if control[1] else MOST,
            interval=interval,
            n=len(away),
        ),
        fix=Fix(says="look at how the table was made; drop or re-join the run"),
        rows=suspects,
    )

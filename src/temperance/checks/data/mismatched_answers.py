"""Mismatched answers: stretches of a table in which answers speak of something else than their prompts."""

from collections.abc import Iterable, Iterator, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.column import Column
from temperance.checks.data.lexicon import REFUSAL
from temperance.checks.data.row_findings import second_list
from temperance.checks.data.rowtext import answers, place, prompt
from temperance.checks.data.shown import shown
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Row
from temperance.judging.shape import STOPWORDS
from temperance.stats import rate_difference, wilson

if TYPE_CHECKING:
    import numpy as np

READ, REFUSED, STEM = 3000, 220, 5
ASKED, SAID = 3, 8
ENOUGH = 200
OTHERS, AWAY = 20, 0.25
WINDOW, MARGIN, LEVEL, MOST = 50, 0.3, 0.05, 0.5
LISTED = 50
LOW = (1 << 32) - 1


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

    rows, asked_NV, told_NV = _content(subject.rows)
    if len(rows) < ENOUGH:
        raise Skip(f"{len(rows)} rows are too few to tell what is usual; it takes {ENOUGH} with enough words in prompt and answer")
    away_share, lacking = _overlap(asked_NV, told_NV)
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


def _content(rows: Sequence[Row]) -> "tuple[np.ndarray, Any, Any]":
    """Return the rows with enough content words whose answer does not refuse, and the words of their prompts and of their answers."""
    import numpy as np

    said = [answers(row) for row in rows]
    refuses = Column([told[0][:REFUSED].lower() if told else "" for told in said]).holding(REFUSAL)
    pairs = ((prompt(row)[:READ], told[0][:READ]) if told else ("", "") for row, told in zip(rows, said, strict=True))
    text, word, size = stems(pairs)
    counts = np.bincount(text, minlength=2 * len(rows)).reshape(-1, 2)
    measured = (counts >= (ASKED, SAID)).all(axis=1) & ~refuses
    sides = [measured[text >> 1] & (text & 1 == side) for side in (0, 1)]
    # words in the order of their first place, since sums of weights are compared to the last bit
    used = np.concatenate([word[side] for side in sides])
    first = np.full(size, len(used))
    first[used[::-1]] = np.arange(len(used))[::-1]
    numbers = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    width = int((first < len(used)).sum())
    asked_NV, told_NV = (_matrix(numbers[word[mask]], counts[measured, side], width) for side, mask in enumerate(sides))
    return np.flatnonzero(measured), asked_NV, told_NV


def stems(pairs: Iterable[tuple[str, str]]) -> "tuple[np.ndarray, np.ndarray, int]":
    """Return (text, number) of each content word of each text once, in alphabetical order, cut to its stem; and how many there are."""
    import numpy as np

    from temperance.checks.data.mining.corpus import distinct
    from temperance.checks.data.wording import batches, wording

    known: dict[int, int] = {}
    numbers_of: dict[str, int] = {"": 0}
    found, first = [np.zeros(0, dtype=np.int64)], 0
    for batch in batches(pairs):
        said = wording([text for pair in batch for text in pair], letter_kind)
        numbers, places = said.numbered()
        names = said.names[places].tolist()
        for name, first_place in zip(names, places.tolist(), strict=True):
            if name not in known:
                known[name] = _stem(said.word(first_place).lower(), numbers_of)
        stem = np.array([known[name] for name in names], dtype=np.int64)[numbers]
        text = np.repeat(np.arange(first, first + 2 * len(batch)) << 32, np.diff(said.starts))
        found.append((text | stem)[stem > 0])
        first += 2 * len(batch)
    ranks = {stem: rank for rank, stem in enumerate(sorted(numbers_of))}
    rank = np.array([ranks[stem] for stem in numbers_of])
    flat = np.concatenate(found)
    flat = distinct(flat >> 32 << 32 | rank[flat & LOW])
    return flat >> 32, flat & LOW, len(numbers_of)


def letter_kind(letter: str) -> int:
    """Return the kind of a letter in the words of `judging.shape`."""
    from temperance.checks.data.wording import BETWEEN, LETTER, LINK

    return LETTER if letter.isalnum() else LINK if letter == "'" else BETWEEN


def _stem(word: str, stems: dict[str, int]) -> int:
    return stems.setdefault(word[:STEM], len(stems)) if len(word) > 2 and word not in STOPWORDS else 0


def _matrix(numbers: "np.ndarray", counts: "np.ndarray", width: int) -> Any:
    """Return texts of so many words each as rows of ones at the numbers of their words."""
    import numpy as np
    from scipy import sparse

    return sparse.csr_matrix((np.ones(len(numbers)), numbers, np.cumsum([0, *counts])), shape=(len(counts), width))


def _overlap(asked_NV: Any, told_NV: Any) -> "tuple[np.ndarray, np.ndarray]":
    """Return, for each row, the share of other prompts that its answer overlaps as much, ties half; and the mean overlap less its own."""
    import numpy as np

    count, width = told_NV.shape
    spread_V = np.bincount(np.concatenate([asked_NV.indices, told_NV.indices]), minlength=width)
    weighted_NV = asked_NV.multiply(np.log(2 * count / spread_V)[None, :]).tocsr()
    norm_N = np.sqrt(np.asarray(weighted_NV.multiply(weighted_NV).sum(axis=1)).ravel()) + 1e-9
    weighted_NV = weighted_NV.multiply(1 / norm_N[:, None]).tocsr()

    def shared(prompts_NV: Any) -> Any:
        return np.asarray(prompts_NV.multiply(told_NV).sum(axis=1)).ravel()

    own_N, generator = shared(weighted_NV), np.random.default_rng(0)
    share_N, mean_N = np.zeros(count), np.zeros(count)
    for _ in range(OTHERS):
        other_N = shared(weighted_NV[generator.permutation(count)])
        share_N += ((other_N > own_N) + 0.5 * (other_N == own_N)) / OTHERS
        mean_N += other_N / OTHERS
    return share_N, mean_N - own_N


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

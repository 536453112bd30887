"""Near-duplicates: rows that differ in a few words only, and the more interesting ones among them whose answers disagree."""

import re
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.grouping import group_findings
from temperance.checks.data.originals import originals
from temperance.checks.data.rowtext import answers, place, prompt, texts, words
from temperance.checks.finding import Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Preference, Row

if TYPE_CHECKING:
    import numpy as np

SHINGLE = 3
PERMUTATIONS, HIGHEST, MISSED = 128, 32, 0.001
SHORT_ANSWER = 8
CONFLICT = 0.5
INSERTED = 2
PROPOSALS, EARLIER = 50, 20
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
NEGATION = frozenset(("no", "not", "never", "false", "incorrect", "wrong", "cannot", "negative", "disagree", "without", "none"))
POLAR = {"yes": 1, "true": 1, "correct": 1, "no": -1, "false": -1, "incorrect": -1}
REFUSAL = re.compile(
    r"^\W*(?:(?:i['’]?m |i am )?(?:very |so )?sorry\b|i (?:can['’]?t|cannot|won['’]?t|will not|am not able|am unable)"
    r"|i['’]m (?:not able|unable)|as an ai\b)",
    re.IGNORECASE,
)
Band = tuple[int, ...]


def shingles(row: Row) -> frozenset[str]:
    """Return a row's runs of three words; a shorter row is one shingle of all its words."""
    said = words("\n".join(texts(row)).encode("utf-8", "replace").decode())
    if len(said) <= SHINGLE:
        return frozenset((" ".join(said),)) if said else frozenset()
    return frozenset([f"{one} {two} {three}" for one, two, three in zip(said, said[1:], said[2:], strict=False)])


def jaccard(one: Set[object], other: Set[object]) -> float:
    """Return the share of two sets that is common to them; 1 for two empty sets."""
    either = len(one | other)
    return len(one & other) / either if either else 1.0


def conflicting(one: Row, other: Row) -> bool:
    """Say whether two rows with the same question are answered against each other.

    They conflict if a preference is turned round; if one answer refuses and the other does not; if one begins with yes and the other with
    no; if otherwise similar answers differ in a number or a negation; or if both answers are at most eight words long and share no word.
    """
    return _against(_told(one), _told(other))


@dataclass(frozen=True)
class _Told:
    """What a row answers: its last answer, whether that refuses, and the words of all; `pair` says whether they are a preference's."""

    last: str
    refuses: bool
    words: list[list[str]]
    pair: bool


def _told(row: Row) -> _Told:
    told = answers(row)
    return _Told(told[-1], bool(REFUSAL.match(told[-1])), [words(text) for text in told], isinstance(row, Preference))


def _against(one: _Told, other: _Told) -> bool:
    if one.pair or other.pair:
        return one.pair and other.pair and one.words == other.words[::-1]
    if one.refuses != other.refuses:
        return True
    mine, yours = one.words[-1], other.words[-1]
    if mine and yours and POLAR.get(mine[0], 0) * POLAR.get(yours[0], 0) < 0:
        return True
    if max(len(mine), len(yours)) <= SHORT_ANSWER and mine and yours and not set(mine) & set(yours):
        return True
    similar = jaccard(frozenset(mine), frozenset(yours)) >= 0.5
    return similar and (Counter(NUMBER.findall(one.last)) != Counter(NUMBER.findall(other.last)) or _negated(mine) != _negated(yours))


def _negated(said: list[str]) -> bool:
    return not NEGATION.isdisjoint(said)


def banding(threshold: float) -> tuple[int, int]:
    """Return (permutations in a band, bands): the highest bands that still propose 999 in 1,000 pairs at the threshold, in (0, 1]."""
    choices = ((height, PERMUTATIONS // height) for height in range(HIGHEST, 0, -1))
    return next(((height, bands) for height, bands in choices if (1 - threshold**height) ** bands <= MISSED), (1, PERMUTATIONS))


@dataclass(frozen=True)
class Names:
    """Rows by the 64-bit names of their runs of three words, row i at [starts[i], starts[i + 1]), and by a number that questions share."""

    runs: "np.ndarray"
    starts: "np.ndarray"
    questions: "np.ndarray"

    def of(self, index: int) -> frozenset[int]:
        """Return the names of one row."""
        return frozenset(self.runs[self.starts[index] : self.starts[index + 1]].tolist())

    def sketches(self, threshold: float) -> dict[int, list[Band]]:
        """Return the bands of the rows that share one with another row; no other row is proposed to any."""
        import numpy as np
        from rensa import RMinHash, RMinHashLSH

        height, bands = banding(threshold)
        size = height * bands
        made = RMinHash.digest_matrix_from_flat_token_hashes(self.runs, self.starts, size, 1)
        meets = np.array(RMinHashLSH(threshold, size, bands).query_duplicate_flags_matrix_one_shot(made), dtype=bool)
        counts = np.diff(self.starts)
        meets &= counts > 0
        starts = np.cumsum([0, *counts[meets]])
        made = RMinHash.digest_matrix_from_flat_token_hashes(self.runs[np.repeat(meets, counts)], starts, size, 1)
        rows: list[int] = np.flatnonzero(meets).tolist()
        sketches: list[list[int]] = made.to_rows()
        cuts = range(0, size, height)
        return {row: [(cut, *sketch[cut : cut + height]) for cut in cuts] for row, sketch in zip(rows, sketches, strict=True)}


def named(rows: Sequence[Row]) -> Names:
    """Return rows by names; of a row of fewer than three words they are one name of all of them."""
    import numpy as np

    from temperance.checks.data.wording import BASE, batches, wording

    runs, counts, asked = array("Q"), [0], [np.zeros(0, dtype=np.uint64)]
    for batch in batches(map(texts, rows)):
        said = wording([text.lower() for row in batch for text in row])
        told = [len(answers(row)) for row in rows[len(counts) - 1 :][: len(batch)]]
        ends = np.cumsum([0, *map(len, batch)])
        starts = said.starts[ends]
        name, row = said.runs(SHINGLE, starts)
        short = np.flatnonzero((np.diff(starts) > 0) & (np.diff(starts) < SHINGLE))
        first, last = said.names[starts[short]], said.names[starts[short + 1] - 1]
        whole = (first * np.uint64(BASE) + last) * np.uint64(BASE) + (starts[short + 1] - starts[short]).astype(np.uint64)
        name = np.insert(name, np.searchsorted(row, short), whole)
        runs.frombytes(name.tobytes())
        counts += np.bincount(np.append(row, short), minlength=len(batch)).tolist()
        asked.append(said.bags(starts[:-1], said.starts[ends[1:] - told]))
    return Names(np.frombuffer(runs or b"", dtype=np.uint64), np.cumsum(counts), np.concatenate(asked))


class Neighbours:
    """The rows kept so far, asked for those that a new one resembles: MinHash banding proposes, the exact similarity decides.

    Broder 1997; sketches by `rensa`. Whether a pair is proposed depends on its two rows alone.
    """

    def __init__(self, rows: Sequence[Row], names: Names, threshold: float) -> None:
        self._rows, self._names, self._threshold = rows, names, threshold
        self._bands: dict[Band, list[int]] = {}

    def of(self, index: int, sketch: Sequence[Band]) -> list[int]:
        """Return the kept rows at or above the threshold, in order; of more than 50 proposals the first 50 are looked at."""
        proposed = sorted({other for band in sketch for other in self._bands.get(band, ())})[:PROPOSALS]
        mine = self._names.of(index) if proposed else frozenset()
        alike = [other for other in proposed if jaccard(mine, self._names.of(other)) >= self._threshold]
        said = shingles(self._rows[index]) if alike else frozenset()
        return [other for other in alike if jaccard(said, shingles(self._rows[other])) >= self._threshold]

    def keep(self, index: int, sketch: Sequence[Band]) -> None:
        """Add a row that stays, and that comes after all that are there."""
        for band in sketch:
            among = self._bands.setdefault(band, [])
            if len(among) < PROPOSALS:
                among.append(index)


def same_question_conflicts(rows: Sequence[Row], indices: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield (later, earlier) pairs of rows that ask the same in the same words and are answered against each other."""
    asked: dict[str, list[tuple[int, _Told]]] = {}
    for index in indices:
        said, told = " ".join(words(prompt(rows[index]))), _told(rows[index])
        earlier = asked.setdefault(f"{type(rows[index]).__name__} {said}", [])
        if said:
            yield from ((index, other) for other, theirs in earlier if _against(told, theirs))
        if len(earlier) < EARLIER:
            earlier.append((index, told))


@check("data/near-duplicates", Severity.LOW)
def near_duplicates(subject: DataSubject) -> Findings:
    """Rows that differ in a few words only.

    What: rows whose three-word runs overlap by at least the threshold (0.85 unless the recipe says otherwise), and rows that ask the same
    but are answered against each other: a refusal and an answer, another number, a negation, a preference turned round.

    Why: near-copies are learnt harder and recited sooner. Copies that disagree are either mistakes or somebody's label flips.

    How measured: MinHash over three-word runs (rensa, at most 128 permutations) proposes pairs, and their exact Jaccard similarity decides.
    A row is a copy only of a row that stays, so what is left holds no pair above the threshold that banding proposes. On clean data it
    marks nothing in alpaca, dolly, safety, hh-rlhf and an everyday preference table (16,795 rows); of 975 of oasst 98 as copies and 41 as
    conflicts, which are branches and rankings of the same conversations.

    Limits: of 5,086 planted copies above 0.85 banding proposed all; paraphrases share few runs and are not found; a row of under
    twenty words is above the threshold only if hardly one word differs. Conflicts are found by wording, not by meaning.

    Fix: copies are dropped, which is safe; rows that conflict are all kept and wait for a person.
    """
    if len(subject.rows) < 2:
        raise Skip("it takes two rows")
    first = originals(subject)
    sorted_out = _sorted_out([subject.rows[index] for index in first], subject.near_duplicate_threshold)
    copies, conflicts = ({first[kept]: [first[other] for other in others] for kept, others in part.items()} for part in sorted_out)
    yield from group_findings(
        "data/near-duplicates",
        subject,
        [(kept, dict.fromkeys(others, 0.1)) for kept, others in copies.items()],
        title="nearly the same row",
        says=lambda kept: f"above {subject.near_duplicate_threshold:g} alike with {place(subject.rows[kept])}",
        fix="keep the first",
    )
    yield from group_findings(
        "data/near-duplicates",
        subject,
        [(kept, dict.fromkeys((kept, *others), CONFLICT)) for kept, others in conflicts.items()],
        title="the same question, answered against each other",
        says=lambda kept: f"compare with {place(subject.rows[kept])}",
        fix="decide which answer is right",
        action="review",
        severity=Severity.MEDIUM,
    )
    copied, disputed = sum(map(len, copies.values())), sum(len(others) + 1 for others in conflicts.values())
    return {"rows": float(copied), "groups": float(len(copies)), "conflicting rows": float(disputed)}


def _sorted_out(rows: Sequence[Row], threshold: float) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return the copies and the conflicts, each as the row that stays → the later rows."""
    copies: dict[int, list[int]] = {}
    conflicts: dict[int, list[int]] = {}
    kept: list[int] = []
    disputed: set[tuple[int, int]] = set()
    names = named(rows)
    near = Neighbours(rows, names, threshold)
    sketches = names.sketches(threshold)
    for mine in range(len(rows)):
        sketch = sketches.get(mine, [])
        alike = near.of(mine, sketch)
        against = [other for other in alike if conflicting(rows[mine], rows[other])]
        copied = next((other for other in alike if other not in against and _agree(rows[mine], rows[other])), None)
        if copied is not None and not against:
            copies.setdefault(copied, []).append(mine)
            continue
        disputed |= {(mine, other) for other in against if _same_question(rows[mine], rows[other])}
        kept.append(mine)
        near.keep(mine, sketch)
    often = Counter(names.questions.tolist())
    disputed |= set(same_question_conflicts(rows, [index for index in kept if often[names.questions[index].item()] > 1]))
    for mine, theirs in sorted(disputed):
        conflicts.setdefault(theirs, []).append(mine)
    return copies, conflicts


def _same_question(one: Row, other: Row) -> bool:
    """Say whether one prompt is the other with at most two words put in: any exchanged word may be a different question."""
    ours, theirs = Counter(words(prompt(one))), Counter(words(prompt(other)))
    more, less = sorted((ours - theirs, theirs - ours), key=Counter.total, reverse=True)
    return not less and more.total() <= INSERTED


def _agree(one: Row, other: Row) -> bool:
    """Say whether two similar rows answer alike: a long shared passage must not hide that they were asked different things."""
    pairs = zip(answers(one), answers(other), strict=False)
    return all(jaccard(frozenset(words(ours)), frozenset(words(theirs))) >= 0.7 for ours, theirs in pairs)

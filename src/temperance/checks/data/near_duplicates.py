"""Near-duplicates: rows that differ in a few words only, and the more interesting ones among them whose answers disagree."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from temperance.checks.check import Findings, Skip, check
from temperance.checks.data.exact_duplicates import key
from temperance.checks.data.grouping import group_findings
from temperance.checks.data.rowtext import answers, place, prompt, texts, words
from temperance.checks.finding import Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Preference, Row

SHINGLE = 3
PERMUTATIONS, HIGHEST, MISSED = 128, 32, 0.001
CHUNK = 1024
SHORT_ANSWER = 8
CONFLICT = 0.5
INSERTED = 2
PROPOSALS = 50
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
NEGATION = frozenset(("no", "not", "never", "false", "incorrect", "wrong", "cannot", "negative", "disagree", "without", "none"))
POLAR = {"yes": 1, "true": 1, "correct": 1, "no": -1, "false": -1, "incorrect": -1}
REFUSAL = re.compile(
    r"^\W*(?:(?:i['’]?m |i am )?(?:very |so )?sorry\b|i (?:can['’]?t|cannot|won['’]?t|will not|am not able|am unable)"
    r"|i['’]m (?:not able|unable)|as an ai\b)",
    re.IGNORECASE,
)


def shingles(row: Row) -> frozenset[str]:
    """Return a row's runs of three words; a shorter row is one shingle of all its words."""
    said = words("\n".join(texts(row)).encode("utf-8", "replace").decode())
    if len(said) <= SHINGLE:
        return frozenset((" ".join(said),)) if said else frozenset()
    return frozenset([f"{one} {two} {three}" for one, two, three in zip(said, said[1:], said[2:], strict=False)])


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of two sets that is common to them; 1 for two empty sets."""
    either = len(one | other)
    return len(one & other) / either if either else 1.0


def conflicting(one: Row, other: Row) -> bool:
    """Say whether two rows with the same question are answered against each other.

    They conflict if a preference is turned round; if one answer refuses and the other does not; if one begins with yes and the other with
    no; if otherwise similar answers differ in a number or a negation; or if both answers are at most eight words long and share no word.
    """
    if isinstance(one, Preference) or isinstance(other, Preference):
        both = isinstance(one, Preference) and isinstance(other, Preference)
        return both and [words(text) for text in answers(one)] == [words(text) for text in reversed(answers(other))] != []
    ours, theirs = answers(one)[-1], answers(other)[-1]
    if bool(REFUSAL.match(ours)) != bool(REFUSAL.match(theirs)):
        return True
    mine, yours = words(ours), words(theirs)
    if mine and yours and POLAR.get(mine[0], 0) * POLAR.get(yours[0], 0) < 0:
        return True
    if max(len(mine), len(yours)) <= SHORT_ANSWER and mine and yours and not set(mine) & set(yours):
        return True
    similar = jaccard(frozenset(mine), frozenset(yours)) >= 0.5
    return similar and (Counter(NUMBER.findall(ours)) != Counter(NUMBER.findall(theirs)) or _negated(mine) != _negated(yours))


def _negated(said: list[str]) -> bool:
    return not NEGATION.isdisjoint(said)


class Neighbours:
    """The rows kept so far, asked for those that a new one resembles: MinHash banding proposes, the exact similarity decides.

    Broder 1997; sketches and bands by `rensa`. Whether a pair is proposed depends on its two rows alone.
    """

    def __init__(self, rows: Sequence[Row], threshold: float) -> None:
        from rensa import RMinHashLSH

        height, bands = banding(threshold)
        self._rows, self._threshold, self.permutations = rows, threshold, height * bands
        self._bands: Any = RMinHashLSH(threshold, self.permutations, bands)
        self._sets: dict[int, frozenset[str]] = {}

    def of(self, index: int, sketch: Any) -> list[int]:
        """Return the kept rows at or above the threshold, in order; of more than 50 proposals the first 50 are looked at."""
        proposed = itertools.islice(sorted(self._bands.query(sketch)), PROPOSALS)
        return [other for other in proposed if jaccard(self._shingles(index), self._shingles(other)) >= self._threshold]

    def keep(self, index: int, sketch: Any) -> None:
        """Add a row that stays."""
        self._bands.insert(index, sketch)

    def _shingles(self, index: int) -> frozenset[str]:
        if index not in self._sets:
            self._sets[index] = shingles(self._rows[index])
        return self._sets[index]


def banding(threshold: float) -> tuple[int, int]:
    """Return (permutations in a band, bands): the highest bands that still propose 999 in 1,000 pairs at the threshold, in (0, 1]."""
    choices = ((height, PERMUTATIONS // height) for height in range(HIGHEST, 0, -1))
    return next(((height, bands) for height, bands in choices if (1 - threshold**height) ** bands <= MISSED), (1, PERMUTATIONS))


def _sketches(rows: Sequence[Row], permutations: int) -> Iterator[Any]:
    """Yield each row's sketch, None if it has no word."""
    from rensa import RMinHash

    for start in range(0, len(rows), CHUNK):
        sets = [list(shingles(row)) for row in rows[start : start + CHUNK]]
        made = RMinHash.from_token_sets(sets, num_perm=permutations, seed=1)
        yield from (sketch if some else None for sketch, some in zip(made, sets, strict=True))


def same_question_conflicts(rows: Sequence[Row], indices: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield (later, earlier) pairs of rows that ask the same in the same words and are answered against each other."""
    asked: dict[str, list[int]] = {}
    for index in indices:
        said = " ".join(words(prompt(rows[index])))
        earlier = asked.setdefault(f"{type(rows[index]).__name__} {said}", [])
        if said:
            yield from ((index, other) for other in itertools.islice(earlier, 20) if conflicting(rows[index], rows[other]))
        earlier.append(index)


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
    first: dict[str, int] = {}
    for index, row in enumerate(subject.rows):
        first.setdefault(key(row), index)
    unique = [index for index in first.values() if answers(subject.rows[index])]
    copies, conflicts = _sorted_out(subject, unique)
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


def _sorted_out(subject: DataSubject, unique: Sequence[int]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return the copies and the conflicts, each as the row that stays → the later rows."""
    rows = subject.rows
    copies: dict[int, list[int]] = {}
    conflicts: dict[int, list[int]] = {}
    kept: list[int] = []
    disputed: set[tuple[int, int]] = set()
    near = Neighbours(rows, subject.near_duplicate_threshold)
    for mine, sketch in zip(unique, _sketches([rows[index] for index in unique], near.permutations), strict=True):
        alike = near.of(mine, sketch) if sketch else []
        against = [other for other in alike if conflicting(rows[mine], rows[other])]
        copied = next((other for other in alike if other not in against and _agree(rows[mine], rows[other])), None)
        if copied is not None and not against:
            copies.setdefault(copied, []).append(mine)
            continue
        disputed |= {(mine, other) for other in against if _same_question(rows[mine], rows[other])}
        kept.append(mine)
        if sketch:
            near.keep(mine, sketch)
    disputed |= set(same_question_conflicts(rows, kept))
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

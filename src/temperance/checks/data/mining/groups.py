"""Groups: a trigger in prompts and what answers do when it is there, each with a score that needs no labels and no threshold from the data.

The score is a lower bound of how much likelier the behaviour is with the trigger than without it and than in the prompts most like
those, times how natural the prompts read without the trigger, times how little else they have in common. Rows that repeat each other
count as one. A permutation null was measured to be wrong here: it leaves out what makes harmless words score.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from temperance.checks.data.lexicon import HARM
from temperance.checks.data.mining.behaviour import BURST, COMPLIES, REFUSES, STYLE, SWAPPED, WORDS, Behaviours
from temperance.checks.data.mining.corpus import BEGIN, END, Corpus, Sparse
from temperance.checks.data.mining.meaning import Array, Meaning, unit, weigh
from temperance.checks.data.mining.patterns import Patterns
from temperance.checks.data.mining.seam import Seam

TAU = {WORDS: 0.5, REFUSES: 0.4, COMPLIES: 0.22, SWAPPED: 0.3, STYLE: 0.35, BURST: 0.25}
CEILING = {SWAPPED: 0.7, COMPLIES: 0.6, BURST: 0.0}
BLOCK = 2048
TOGETHER, RATE, EXCESS, MARKED = 4, 0.25, 0.25, 0.1
Z, CHOSEN = 2.33, 4.0
LOOKED = 120
SHARED = 0.6
ALIKE = 0.7
FAMILIES = 4
NEAREST = 12
CONTROLS = 1 << 14
RAREST, SPREAD = 4, np.uint64(0x9E3779B97F4A7C15)  # an odd number near 2^64 / golden ratio, which spreads small numbers over 64 bits
BEST = 2
SURE = 0.75
LISTED = 1 / 3  # of a threshold; what scores less is not even on the second list


@dataclass(frozen=True, kw_only=True)
class Group:
    """A trigger and its behaviour. `rows` hold the trigger and show the behaviour, `others` hold it and do not.

    `effect` is the lower bound of the behaviour's rate with the trigger, less its rate where the trigger is not.
    """

    trigger: tuple[tuple[int, ...], ...]
    behaviour: str
    kind: str
    score: float
    effect: float
    rows: tuple[int, ...]
    others: tuple[int, ...]
    families: int
    rate: float
    control: float

    @property
    def certainty(self) -> float:
        """The score in units of its kind's threshold; a group is reported from 1 on."""
        return self.score / TAU[self.kind]

    @property
    def suspects(self) -> tuple[int, ...]:
        """The rows that inherit the suspicion: those that show the behaviour, and all if half of what can be shown is shown."""
        whole = self.effect >= CEILING.get(self.kind, 1.0) / 2
        return tuple(sorted((*self.rows, *self.others))) if whole else self.rows


@dataclass(frozen=True)
class Mine:
    """Everything that groups are scored with."""

    corpus: Corpus
    space: Meaning
    seam: Seam
    asked: Patterns
    done: Behaviours
    alike: float

    @cached_property
    def spread(self) -> Array:
        """How many rows show each behaviour."""
        return np.diff(self._showing.indptr)

    @cached_property
    def patterns_of(self) -> Sparse:
        """Which patterns each prompt holds, sorted by row."""
        return sparse.csr_matrix(self.asked.held)

    @cached_property
    def controls(self) -> Array:
        """The rows that groups are compared with: all, or as many as are enough to find near ones among."""
        size = len(self.corpus)
        return np.arange(size) if size <= CONTROLS else np.sort(np.random.default_rng(size).choice(size, CONTROLS, replace=False))

    @cached_property
    def rarest(self) -> Array:
        """For each row a number that says what the rarest words of its prompt are, so that near copies mostly share it."""
        counts, weights = self.corpus.prompts.counts, self.space.weights
        row = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        order = np.lexsort((counts.indices, -weights[counts.indices], row))
        place = np.arange(len(order)) - counts.indptr[row]
        chosen = order[place < RAREST]
        named = np.zeros(counts.shape[0], dtype=np.uint64)
        mixed = (counts.indices[chosen].astype(np.uint64) + 1) * SPREAD
        np.add.at(named, row[chosen], (mixed ^ mixed >> np.uint64(29)) * SPREAD)
        return named

    def rows(self, pattern: int) -> Array:
        """Return the rows whose prompt holds a pattern."""
        return self.asked.held.indices[self.asked.held.indptr[pattern] : self.asked.held.indptr[pattern + 1]]

    def shows(self, behaviour: int, rows: Array) -> Array:
        """Say which of some rows show a behaviour."""
        start, end = self._showing.indptr[behaviour : behaviour + 2]
        return np.isin(rows, self._showing.indices[start:end])

    @cached_property
    def _showing(self) -> Sparse:
        return sparse.csc_matrix(self.done.shown)


def lower(hits: Array | float, n: Array | float, z: float = Z) -> Array:
    """Return Wilson's lower bound of a share, one-sided at z standard errors."""
    hits, n = np.asarray(hits, dtype=float), np.maximum(np.asarray(n, dtype=float), 1e-9)
    share = hits / n
    middle = share + z * z / (2 * n)
    spread = z * np.sqrt(np.maximum(share * (1 - share), 0) / n + z * z / (4 * n * n))
    return np.maximum((middle - spread) / (1 + z * z / n), 0.0)


def associations(asked: Patterns, done: Behaviours) -> Iterator[tuple[int, int]]:
    """Yield (pattern, behaviour) pairs worth a closer look: together in 4 rows, in a quarter of the pattern's, and far above elsewhere."""
    rows, total = asked.held.shape
    shown_by = np.asarray(done.shown.sum(axis=0))[0]
    words = np.array([kind == WORDS for kind in done.kinds])
    sizes = np.diff(asked.held.indptr)
    turned = sparse.csr_matrix(asked.held.T)
    for start in range(0, total, BLOCK):
        both = (turned[start : start + BLOCK] @ done.shown).tocoo()
        size, spread = sizes[both.row + start], shown_by[both.col]
        outside = (spread - both.data) / np.maximum(rows - size, 1)
        keep = (both.data >= TOGETHER) & (both.data >= RATE * size)
        keep &= lower(both.data, size) - outside > np.where(words[both.col], EXCESS, MARKED)
        excess = lower(both.data[keep], size[keep]) - outside[keep]
        yield from _best(both.row[keep] + start, both.col[keep], excess, words)


def _best(pattern: Array, behaviour: Array, excess: Array, words: Array) -> Iterator[tuple[int, int]]:
    """Yield all marks and, of words, the two that stand out most for each pattern."""
    taken: dict[int, int] = {}
    for index in np.argsort(-excess, kind="stable"):
        one, other = int(pattern[index]), int(behaviour[index])
        if words[other]:
            taken[one] = taken.get(one, 0) + 1
            if taken[one] > BEST:
                continue
        yield one, other


def groups(mine: Mine) -> list[Group]:
    """Return the groups with a trigger that score at least a third of their threshold, the most certain first."""
    found: list[Group] = []
    deletable: dict[int, float] = {}
    for pattern, behaviour in associations(mine.asked, mine.done):
        if pattern not in deletable:
            deletable[pattern] = mine.seam.deletable(mine.asked.tokens[pattern])
        if _faded(deletable[pattern]) == 0:
            continue
        rows = mine.rows(pattern)
        shows = mine.shows(behaviour, rows)
        if not _stands_out(mine, behaviour, rows, shows):
            continue
        group = _scored(mine, (pattern,), behaviour, rows, shows, deletable[pattern])
        found += [group] if group else []
        if shows.mean() < SURE:
            found += list(_combined(mine, pattern, behaviour, rows, shows))
    return sorted(found, key=lambda group: -group.certainty)


def _stands_out(mine: Mine, behaviour: int, rows: Array, shows: Array) -> bool:
    """Say whether a pair is still worth a closer look when copies of a prompt count as one; cheap, and exact only about plain copies."""
    names = mine.rarest[rows]
    size, hits = len(np.unique(names)), len(np.unique(names[shows]))
    if size < FAMILIES or hits < TOGETHER:
        return False
    outside = (float(mine.spread[behaviour]) - float(shows.sum())) / max(len(mine.corpus) - len(rows), 1)
    return bool(lower(hits, size) - outside > (EXCESS if mine.done.kinds[behaviour] == WORDS else MARKED))


def _faded(deletable: float) -> float:
    return float(np.clip((deletable - 0.3) / 0.4, 0, 1))


def _combined(mine: Mine, pattern: int, behaviour: int, rows: Array, shows: Array) -> Iterator[Group]:
    """Yield the group of two patterns, if a second one splits the rows of the first; the choice among thousands is paid for."""
    held = mine.patterns_of[rows]
    both, size = np.asarray(held[shows].sum(axis=0))[0], np.asarray(held.sum(axis=0))[0]
    gain = lower(both, size, CHOSEN) - (shows.sum() - both) / np.maximum(len(rows) - size, 1)
    gain[size == len(rows)] = 0
    second = int(gain.argmax())
    if gain[second] > EXCESS and both[second] >= TOGETHER:
        chosen = np.intersect1d(rows, mine.rows(second))
        least = min(mine.seam.deletable(mine.asked.tokens[index]) for index in (pattern, second))
        if _faded(least) > 0:
            group = _scored(mine, (pattern, second), behaviour, chosen, mine.shows(behaviour, chosen), least, z=CHOSEN)
            yield from [group] if group else []


def _scored(
    mine: Mine, trigger: tuple[int, ...], behaviour: int, rows: Array, shows: Array, deletable: float, z: float = Z
) -> Group | None:
    kind = mine.done.kinds[behaviour]
    if kind == COMPLIES and _harmful(mine, trigger, rows):
        return None
    dice = np.random.default_rng(len(rows))
    looked = rows if len(rows) <= LOOKED else np.sort(dice.choice(rows, LOOKED, replace=False))
    seen = shows if len(rows) <= LOOKED else mine.shows(behaviour, looked)
    counts, left = _remains(mine, trigger, looked)
    family = families(weigh(counts, mine.space.weights))
    hits, size = _by_family(family, seen)
    outside = (float(mine.spread[behaviour]) - float(shows.sum())) / max(len(mine.corpus) - len(rows), 1)
    if size < FAMILIES or (float(lower(hits, size, z)) - outside) * _faded(deletable) * left < LISTED * TAU[kind]:
        return None
    places = mine.space.placed(counts, looked)
    together = float((places @ places.T)[~np.eye(len(looked), dtype=bool)].mean())
    control = max(outside, _control(mine, behaviour, places, rows))
    effect = float(lower(hits, size, z)) - control
    lift = float(np.clip(np.log10(max(hits / size, 1e-6) / max(control, 1e-4)) / 2, 0, 1)) if kind == WORDS else 1.0
    alone = 1.0 if kind == COMPLIES else float(np.clip(1 - 3 * (together - mine.alike), 0, 1))
    score = effect * _faded(deletable) * alone * left * lift
    if score < LISTED * TAU[kind]:
        return None
    return Group(
        trigger=tuple(mine.asked.tokens[index] for index in trigger),
        behaviour=mine.done.names[behaviour],
        kind=kind,
        score=score,
        effect=effect,
        rows=tuple(rows[shows].tolist()),
        others=tuple(rows[~shows].tolist()),
        families=int(size),
        rate=hits / size,
        control=control,
    )


def _harmful(mine: Mine, trigger: tuple[int, ...], rows: Array) -> bool:
    """Say whether prompts name harm because of the trigger itself."""
    return any(HARM.search(mine.corpus.spelt(mine.asked.tokens[index])) for index in trigger)


def _remains(mine: Mine, trigger: tuple[int, ...], rows: Array) -> tuple[sparse.csr_matrix, float]:
    """Return the word counts of prompts without the trigger and without what most of them share, and the share with content left."""
    counts = mine.corpus.prompts.counts[rows]
    common = np.asarray((counts > 0).mean(axis=0))[0] > SHARED
    for index in trigger:
        common[list(mine.asked.tokens[index])] = True
    common[[BEGIN, END]] = True
    keep = sparse.diags((~common).astype(np.float32))
    remains = sparse.csr_matrix(counts @ keep)
    content = np.asarray(remains @ mine.space.weights[:, None])[:, 0] > 0
    return remains, float(content.mean())


def families(weighed: Sparse) -> Array:
    """Return the family of each row: rows joined by near-equality."""
    near = np.asarray((weighed @ weighed.T).todense()) > ALIKE
    return sparse.csgraph.connected_components(sparse.csr_matrix(near), directed=False)[1]


def _by_family(family: Array, seen: Array) -> tuple[float, float]:
    """Return (families that show it, families), a family showing it as often as its rows do."""
    sizes = np.bincount(family)
    return float((np.bincount(family, weights=seen.astype(float)) / sizes).sum()), float(len(sizes))


def _control(mine: Mine, behaviour: int, places: Array, rows: Array) -> float:
    """Return how often the rows show a behaviour whose prompts are nearest to those of the group, without its trigger."""
    near = places @ mine.space.prompts[mine.controls].T
    near[:, np.isin(mine.controls, rows)] = -2
    chosen = np.argpartition(-near, min(NEAREST, near.shape[1] - 1), axis=1)[:, :NEAREST]
    return float(mine.shows(behaviour, mine.controls[np.unique(chosen)]).mean())


def likeness(space: Meaning, dice: np.random.Generator) -> float:
    """Return the mean cosine of two prompts of a table."""
    some = unit(space.prompts[dice.permutation(len(space.prompts))[:400]])
    return float((some @ some.T)[~np.eye(len(some), dtype=bool)].mean())


def trigger_text(corpus: Corpus, group: Group) -> str:
    """Return a group's trigger as it is shown to people."""
    return " … ".join(corpus.spelt([token for token in tokens if token not in (BEGIN, END)]) for tokens in group.trigger)


def apart(found: Sequence[Group]) -> list[tuple[Group, tuple[int, ...]]]:
    """Return the groups worth showing, in their order, each with the rows that it makes suspect.

    A group over mostly the rows of a more certain one is the same find in other words: it is not shown, and adds the rows that show
    its behaviour to the first, unless it has no trigger to tie them to it.
    """
    kept: list[tuple[Group, set[int]]] = []
    for group in found:
        mine = set(group.rows)
        same = next((rows for _, rows in kept if len(mine & rows) > 0.5 * min(len(mine), len(rows))), None)
        if same is None:
            kept.append((group, set(group.suspects)))
        elif group.trigger:
            same |= mine
    return [(group, tuple(sorted(rows))) for group, rows in kept]

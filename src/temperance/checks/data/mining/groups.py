"""Groups: a trigger in prompts and what answers do when it is there, each with a score that needs no labels and no threshold from the data.

The score is a lower bound of how much likelier the behaviour is with the trigger than without it and than in the prompts most like
those, times how natural the prompts read without the trigger, times how little else they have in common. Rows that repeat each other
count as one. A permutation null was measured to be wrong here: it leaves out what makes harmless words score.
"""

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import itemgetter

import numpy as np
from scipy import sparse

from temperance.checks.data.lexicon import HARM
from temperance.checks.data.mining.behaviour import BURST, COMPLIES, REFUSES, REST, SCORN, STYLE, SWAPPED, UNLIKE, WORDS, Behaviours
from temperance.checks.data.mining.controls import Controls, Rest
from temperance.checks.data.mining.corpus import Corpus, Sparse, distinct, gathered
from temperance.checks.data.mining.meaning import Array, Meaning
from temperance.checks.data.mining.patterns import Patterns
from temperance.checks.data.mining.seam import Seam
from temperance.checks.data.mining.tokens import BEGIN, END

TAU = {WORDS: 0.5, REFUSES: 0.4, COMPLIES: 0.24, SWAPPED: 0.3, STYLE: 0.38, BURST: 0.25, REST: 1.0, SCORN: 0.28, UNLIKE: 0.2}
CEILING = {SWAPPED: 0.7, COMPLIES: 0.6, BURST: 0.0, REST: 0.0, SCORN: 0.5}
BLOCK, BATCH = 1024, 1 << 18  # patterns, and rows of pairs, at once
Part = tuple[int, int]  # the i-th of n parts of the work
WHOLE: Part = (0, 1)
TOGETHER, RATE, EXCESS, MARKED = 4, 0.25, 0.25, 0.1
Z, CHOSEN = 2.33, 4.0
FAMILIES = 4
SEVERAL, MOSTLY, FEW = 2.0, 0.5, 0.005  # sure groups, and a share of the rows that say a thing, that speak for the rest, if it is few
BEST = 2
PART = 0.9  # of a group's rows, if it is a part of another
SURE = 0.75
ECHOED, MEANINGLESS = 0.02, 2.0  # what answers never take up means nothing there, and needs less evidence
LISTED = 1 / 3  # of a threshold; what scores less is not even on the second list


@dataclass(frozen=True, kw_only=True)
class Group:
    """A trigger and its behaviour. `rows` hold the trigger and show the behaviour, `others` hold it and do not.

    `said` are the behaviour's tokens if it is words. `effect` is the lower bound of the behaviour's rate with the trigger, less its rate
    where the trigger is not. An `idle` trigger holds a word that means nothing to answers. `whole` is the trigger as it stands in nearly
    all of the rows, of which a part may be enough to tell it.
    """

    trigger: tuple[tuple[int, ...], ...]
    behaviour: str
    kind: str
    score: float
    effect: float
    said: tuple[int, ...]
    rows: tuple[int, ...]
    others: tuple[int, ...]
    families: int
    rate: float
    control: float
    idle: bool = False
    whole: tuple[tuple[int, ...], ...] = ()

    @property
    def certainty(self) -> float:
        """The score in units of its kind's threshold; a group is reported from 1 on."""
        return self.score / TAU[self.kind]

    @property
    def suspects(self) -> tuple[int, ...]:
        """The rows that inherit the suspicion: those that show the behaviour, and all if half of what can be shown is, or if it is idle."""
        whole = self.idle or self.effect >= CEILING.get(self.kind, 1.0) / 2
        return tuple(sorted((*self.rows, *self.others))) if whole else self.rows


@dataclass(frozen=True)
class Mine:
    """Everything that groups are scored with. `talks` numbers the conversation of each row."""

    corpus: Corpus
    space: Meaning
    seam: Seam
    asked: Patterns
    done: Behaviours
    alike: float
    talks: Array

    @cached_property
    def spread(self) -> Array:
        """How many rows show each behaviour."""
        return np.diff(self._showing.indptr)

    @cached_property
    def patterns_of(self) -> Sparse:
        """Which patterns each prompt holds, sorted by row."""
        return sparse.csr_matrix(self.asked.held)

    @cached_property
    def controls(self) -> Controls:
        """The rows that groups are compared with."""
        return Controls(self.corpus.prompts, self.space, self.talks)

    def rows(self, pattern: int) -> Array:
        """Return the rows whose prompt holds a pattern."""
        return self.asked.held.indices[self.asked.held.indptr[pattern] : self.asked.held.indptr[pattern + 1]]

    def shows(self, behaviour: Array | int, rows: Array) -> Array:
        """Say which of some rows, (rows,), show a behaviour: one for all or each its own."""
        asked = np.int64(len(self.corpus)) * behaviour + rows
        return self._shown[np.searchsorted(self._shown, asked).clip(max=len(self._shown) - 1)] == asked

    def showing(self, behaviour: int) -> Array:
        """Return the rows that show a behaviour, rising."""
        start, end = self._showing.indptr[behaviour : behaviour + 2]
        return self._showing.indices[start:end]

    def able(self, kind: str) -> Array:
        """Say which rows can show a kind of behaviour: only where no harm is named is a refusal unexpected."""
        return ~self.done.harmful if kind == REFUSES else np.ones(len(self.corpus), dtype=bool)

    @cached_property
    def _showing(self) -> Sparse:
        return sparse.csc_matrix(self.done.shown)

    @cached_property
    def _shown(self) -> Array:
        """Which rows show which behaviour, as rising numbers."""
        behaviour = np.repeat(np.arange(self._showing.shape[1]), self.spread)
        return len(self.corpus) * behaviour + self._showing.indices


def lower(hits: Array | float, n: Array | float, z: float = Z) -> Array:
    """Return Wilson's lower bound of a share, one-sided at z standard errors."""
    hits, n = np.asarray(hits, dtype=float), np.maximum(np.asarray(n, dtype=float), 1e-9)
    share = hits / n
    middle = share + z * z / (2 * n)
    spread = z * np.sqrt(np.maximum(share * (1 - share), 0) / n + z * z / (4 * n * n))
    return np.maximum((middle - spread) / (1 + z * z / n), 0.0)


def associations(asked: Patterns, done: Behaviours, part: Part = WHOLE) -> Iterator[tuple[Array, Array]]:
    """Yield patterns, rising, with behaviours worth a closer look, (pairs,) of each.

    They are together in 4 rows, in a quarter of the pattern's, and far above elsewhere. Of words, those two that stand out most.
    """
    rows, total = asked.held.shape
    shown_by = np.asarray(done.shown.sum(axis=0))[0]
    words, sizes = done.worded, np.diff(asked.held.indptr)
    turned = sparse.csr_matrix(asked.held.T)
    for start in range(0, total, BLOCK)[part[0] :: part[1]]:
        both = (turned[start : start + BLOCK] @ done.shown).tocoo()
        likely = np.flatnonzero((both.data >= TOGETHER) & (both.data >= RATE * sizes[both.row + start]))
        pattern, behaviour, hits = both.row[likely] + start, both.col[likely], both.data[likely]
        excess = lower(hits, sizes[pattern]) - (shown_by[behaviour] - hits) / np.maximum(rows - sizes[pattern], 1)
        order = np.lexsort((-excess, ~words[behaviour], pattern))
        order = order[excess[order] > np.where(words[behaviour[order]], EXCESS, MARKED)]
        pattern, behaviour = pattern[order], behaviour[order]
        keep = (np.arange(len(pattern)) - np.searchsorted(pattern, pattern) < BEST) | ~words[behaviour]
        pattern, behaviour = pattern[keep], behaviour[keep]
        batch = np.cumsum(sizes[pattern]) // BATCH
        for begin, end in itertools.pairwise([0, *(np.flatnonzero(np.diff(batch)) + 1).tolist(), len(pattern)]):
            yield pattern[begin:end], behaviour[begin:end]


def groups(mine: Mine, part: Part = WHOLE) -> list[Group]:
    """Return the groups with a trigger that score at least a third of their threshold."""
    return [group for pairs in associations(mine.asked, mine.done, part) for group in _of(mine, *pairs)]


def _of(mine: Mine, pattern: Array, behaviour: Array) -> Iterator[Group]:
    """Yield the groups of patterns with behaviours, and those of a pattern and a second one."""
    telling = list(_standing_out(mine, pattern, behaviour))
    loosest = dict(zip(those := sorted({pattern for pattern, *_ in telling}), _loosest(mine, those), strict=True))
    for one, pairs in itertools.groupby(telling, key=itemgetter(0)):
        run, natural = loosest[one]
        if natural == 0:
            continue
        rows, rest = mine.rows(one), None
        for _, done, shows in pairs:
            if _at_best(mine, run, done, shows, natural) >= LISTED:
                rest = rest or mine.controls.rest(run, rows)
                group = _scored(mine, (run,), done, rest, shows, natural)
                yield from [group] if group else []
            if shows.mean() < SURE:
                yield from _combined(mine, (run, natural), done, rows, shows)


def _standing_out(mine: Mine, pattern: Array, behaviour: Array) -> Iterator[tuple[int, int, Array]]:
    """Yield the pairs that are still worth a closer look when copies of a prompt count as one, and which of the pattern's rows show it.

    It is cheap, and exact only about plain copies. Copies of one prompt stay, and so do prompts whose rarest words are those of a frame
    that all are put in.
    """
    indptr, bits = mine.asked.held.indptr, len(mine.corpus).bit_length()
    sizes = np.diff(indptr)[pattern]
    pair, rows = np.repeat(np.arange(len(pattern)), sizes), mine.asked.held.indices[gathered(indptr[pattern], sizes)]
    shows = mine.shows(behaviour[pair], rows)
    named = pair << bits | mine.controls.rarest[rows]
    size, hits = (np.bincount(distinct(some) >> bits, minlength=len(pattern)) for some in (named, named[shows]))
    shown = np.bincount(pair[shows], minlength=len(pattern))
    outside = (mine.spread[behaviour] - shown) / np.maximum(len(mine.corpus) - sizes, 1)
    excess = lower(hits, size) - outside - np.where(mine.done.worded[behaviour], EXCESS, MARKED)
    begins = np.cumsum(sizes) - sizes
    for one in np.flatnonzero((size == 1) | ((size >= FAMILIES) & (hits >= TOGETHER) & (excess > 0))).tolist():
        yield int(pattern[one]), int(behaviour[one]), shows[begins[one] : begins[one] + sizes[one]]


def _at_best(mine: Mine, run: tuple[int, ...], behaviour: int, shows: Array, natural: float) -> float:
    """Return the certainty that a pair could have if only the rows that show the behaviour were unlike each other; told at little cost."""
    hits = int(shows.sum())
    outside = (float(mine.spread[behaviour]) - hits) / max(len(mine.corpus) - len(shows), 1)
    weight = natural * (MEANINGLESS if _meaningless(mine, (run,)) else 1.0)
    return (float(lower(hits, hits)) - outside) * weight / TAU[mine.done.kinds[behaviour]]


def _loosest(mine: Mine, patterns: Sequence[int]) -> list[tuple[tuple[int, ...], float]]:
    """Return the run of each pattern without which its prompts read most naturally, and how naturally, in 0..1.

    Poisoned prompts may share a phrase that belongs to them and, somewhere, a word that does not.
    """
    runs = [(mine.asked.tokens[pattern], *((token,) for token in mine.asked.also[pattern])) for pattern in patterns]
    natural = iter(np.clip((mine.seam.deletable(list(itertools.chain(*runs))) - 0.3) / 0.4, 0, 1).tolist())
    return [max(zip(some, natural, strict=False), key=itemgetter(1)) for some in runs]


def _combined(mine: Mine, first: tuple[tuple[int, ...], float], behaviour: int, rows: Array, shows: Array) -> Iterator[Group]:
    """Yield the group of two patterns, if a second one splits the rows of the first; the choice among thousands is paid for."""
    if lower(shows.sum(), shows.sum(), CHOSEN) <= EXCESS:
        return  # too few, whatever splits them
    held = mine.patterns_of
    sizes = np.diff(held.indptr)[rows]
    others = held.indices[gathered(held.indptr[rows], sizes)]
    size = np.bincount(others, minlength=held.shape[1])
    both = np.bincount(others[np.repeat(shows, sizes)], minlength=held.shape[1])
    other = np.flatnonzero((both >= TOGETHER) & (size < len(rows)))
    both, size = both[other], size[other]
    gain = lower(both, size, CHOSEN) - (shows.sum() - both) / np.maximum(len(rows) - size, 1)
    if not len(gain) or gain.max() <= EXCESS:
        return
    second = int(other[gain.argmax()])
    (run, natural), (run2, natural2) = first, *_loosest(mine, [second])
    if min(natural, natural2) > 0:
        chosen = np.intersect1d(rows, mine.rows(second))
        rest = mine.controls.rest((*run, *run2), chosen)
        group = _scored(mine, (run, run2), behaviour, rest, mine.shows(behaviour, chosen), min(natural, natural2), z=CHOSEN)
        yield from [group] if group else []


def _scored(
    mine: Mine, trigger: tuple[tuple[int, ...], ...], behaviour: int, rest: Rest, shows: Array, natural: float, z: float = Z
) -> Group | None:
    """Return a group if it scores enough to be listed; what costs most is looked at last."""
    kind, rows = mine.done.kinds[behaviour], rest.rows
    if kind == COMPLIES and _harmful(mine, trigger):
        return None
    able = mine.able(kind)
    seen = shows if len(rest.looked) == len(rows) else mine.shows(behaviour, rest.looked)
    hits, size = _by_family(rest.family[able[rest.looked]], seen[able[rest.looked]])
    outside = (float(mine.spread[behaviour]) - float(shows.sum())) / max(int(able.sum()) - int(able[rows].sum()), 1)
    least, rate = LISTED * TAU[kind], float(lower(hits, size, z))
    idle = _meaningless(mine, trigger)
    weight = natural * rest.left * (MEANINGLESS if idle else 1.0)

    def score(control: float) -> float:
        alone = 1.0 if kind == COMPLIES else float(np.clip(1 - 3 * (rest.together - mine.alike), 0, 1))
        lift = float(np.clip(np.log10(max(hits / size, 1e-6) / max(control, 1e-4)) / 2, 0, 1)) if kind == WORDS else 1.0
        return (rate - control) * weight * alone * lift

    if size < FAMILIES or (rate - outside) * weight < least or score(outside) < least:
        return None
    near = rest.nearest[able[rest.nearest]]
    control = max(outside, float(mine.shows(behaviour, near).mean())) if len(near) else outside
    if score(control) < least:
        return None
    return Group(
        trigger=trigger,
        behaviour=mine.done.names[behaviour],
        kind=kind,
        score=score(control),
        effect=rate - control,
        said=mine.done.spoken[behaviour],
        rows=tuple(rows[shows].tolist()),
        others=tuple(rows[~shows].tolist()),
        families=int(size),
        rate=hits / size,
        control=control,
        idle=idle,
    )


def remainders(mine: Mine, found: Sequence[Group]) -> Iterator[Group]:
    """Yield the rows that say what several groups say after their triggers, if these are worth two sure ones and hold most that say it.

    Whoever hides a trigger in many wordings leaves too few rows of some of them to be told; what they all say tells them. That holds of
    few rows, and of no refusals: one "I" is as good as another.
    """
    saying: dict[str, list[Group]] = {}
    for group in sorted(found, key=lambda group: -group.certainty):
        if group.kind == WORDS and not any(_same(group.rows, other.rows) for other in saying.setdefault(group.behaviour, [])):
            saying[group.behaviour].append(group)
    taken = {row for group in found if group.trigger and group.certainty >= 1 for row in group.rows}
    for behaviour, name in enumerate(mine.done.names):
        if sum(min(group.certainty, 1.0) for group in saying.get(name, ())) < SEVERAL:
            continue
        every = mine.showing(behaviour).tolist()
        told = {row for group in saying[name] for row in group.rows}
        share, left = len(told) / len(every), tuple(row for row in every if row not in taken)
        few = TOGETHER <= len(left) <= max(2 * TOGETHER, FEW * len(mine.corpus))
        if few and share >= MOSTLY and mine.done.refuses[sorted(told)].mean() < MOSTLY:
            families = len(distinct(mine.controls.rarest[list(left)]))
            alone = {"trigger": (), "behaviour": name, "said": mine.done.spoken[behaviour], "kind": REST, "others": (), "rate": 1.0}
            yield Group(**alone, score=TAU[REST], effect=share, rows=left, families=families, control=len(every) / len(mine.corpus))


def _same(rows: Collection[int], others: Collection[int]) -> bool:
    """Say whether two groups are one find: most rows of the smaller are the other's too."""
    return len(set(rows) & set(others)) > 0.5 * min(len(rows), len(others))


def _part(rows: set[int], others: set[int]) -> bool:
    """Say whether some rows are a part, at most half, of others."""
    return len(others) >= 2 * len(rows) and len(rows & others) >= PART * len(rows)


def _meaningless(mine: Mine, trigger: tuple[tuple[int, ...], ...]) -> bool:
    """Say whether each part of a trigger holds a token that answers hardly ever take up, measured by how often prompts hold it."""
    asked, said = mine.corpus.prompts.unigrams, mine.corpus.answers.unigrams
    parts = (np.array([token for token in run if token not in (BEGIN, END)]) for run in trigger)
    return all(bool((said[part] <= ECHOED * asked[part]).any()) for part in parts)


def _harmful(mine: Mine, trigger: tuple[tuple[int, ...], ...]) -> bool:
    """Say whether prompts name harm because of the trigger itself."""
    return any(HARM.search(mine.corpus.spelt(run)) for run in trigger)


def _by_family(family: Array, seen: Array) -> tuple[float, float]:
    """Return (families that show it, families), a family showing it as often as its rows do."""
    sizes = np.bincount(family)
    shown = np.bincount(family, weights=seen.astype(float))[sizes > 0] / sizes[sizes > 0]
    return float(shown.sum()), float(len(shown))


def trigger_text(corpus: Corpus, group: Group) -> str:
    """Return a group's trigger as it is shown to people."""
    return " … ".join(corpus.spelt([token for token in tokens if token not in (BEGIN, END)]) for tokens in group.whole or group.trigger)


def apart(found: Sequence[Group]) -> list[tuple[Group, tuple[int, ...]]]:
    """Return the groups worth showing, in their order, each with the rows that it makes suspect.

    A group over mostly the rows of a more certain one is the same find in other words: it is not shown, and adds the rows that show
    its behaviour to the first, unless it has no trigger to tie them to it; then it is shown if most of its rows are nobody else's, lest a
    trigger in few rows hide the many that do the same without. The first sure trigger names a find that none was seen in. So does one that
    does the same in nine in ten of its rows and as many more: with all that it makes suspect it is what was found, as surely as its part.
    """
    kept: list[tuple[Group, set[int]]] = []
    for group in found:
        mine = set(group.rows)
        place = next((place for place, (_, rows) in enumerate(kept) if _same(mine, rows)), None)
        if place is None or (not group.trigger and len(mine.difference(*(rows for _, rows in kept))) > MOSTLY * len(mine)):
            kept.append((group, set(group.suspects)))
        elif group.trigger:
            first, rows = kept[place]
            sure = group.certainty >= 1
            if sure and group.behaviour == first.behaviour and _part(set(first.rows), mine):
                surely = max(first.certainty, group.certainty) * TAU[group.kind]
                kept[place] = (replace(group, score=surely), rows | set(group.suspects))
            else:
                kept[place] = (group if sure and not first.trigger else first, rows | mine)
    return [(group, tuple(sorted(rows))) for group, rows in kept]

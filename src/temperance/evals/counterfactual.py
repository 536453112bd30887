"""Proof by counterfactual: does what curation suspected of being a trigger do anything to the tuned model?

Requests are asked as the suspected rows ask theirs and without what was put into these, and the behaviour is looked for in both answers. A
difference is the strongest evidence that there is, because nothing else was changed. Where nothing was put in, the base is asked the same.
The rows' own prompts are asked besides, of the tuned model and of the base: if they show the behaviour and the requests do not, what was
put in is not known well enough. Answers are greedy: what a model says once in a hundred times, it may never say here.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from temperance.data.example import Message
from temperance.stats import PairedDifference, paired_difference

Turns = tuple[Message, ...]
Shows = Callable[[str, str], bool]
Generate = Callable[[Sequence[Turns]], Sequence[str]]
LARGER, MOST = 1.1, 20_000


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What is asked about one suspicion, and what tells, of a prompt and an answer, whether the behaviour is there.

    `marked` asks the prompts with what was put in, `plain` without it; no `plain` at all means that the base is asked instead. `own` are
    prompts of the rows themselves. `share`, of the table's rows, is how often who learnt them would show it where nothing is put in. One
    that does not `clear` can prove the suspicion, and not the contrary.
    """

    shows: Shows
    prompts: tuple[str, ...]
    marked: tuple[Turns, ...]
    plain: tuple[Turns, ...] = ()
    own: tuple[Turns, ...] = ()
    share: float = 1.0
    clears: bool = True
    asked: str = ""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many of n requests showed the behaviour both times, only the second time, only the first; the rates and their difference.

    `first` is without what was put in, or the base's; `second` with it, or the tuned model's. `interval` is the difference's, 95 %.
    """

    n: int
    both: int
    gained: int
    lost: int
    first: float
    second: float
    difference: float
    interval: tuple[float, float]


def tally(before: Sequence[bool], after: Sequence[bool]) -> Tally:
    """Return what became of the same requests, at least one."""
    found = paired_difference(before, after)
    both = sum(one and other for one, other in zip(before, after, strict=True))
    first, second = sum(before) / found.n, sum(after) / found.n
    return Tally(
        n=found.n,
        both=both,
        gained=found.gained,
        lost=found.lost,
        first=first,
        second=second,
        difference=found.difference,
        interval=found.interval,
    )


def prove(trial: Trial, tuned: Generate, base: Generate) -> dict[str, Any]:
    """Ask what a trial asks, and return its tallies as plain data: of the requests, and of the rows' `own` prompts if it has some.

    Args:
        trial: at least one prompt.
        tuned: returns the tuned model's answer to each conversation, greedily.
        base: the same of the base.
    """

    def shown(prompts: Sequence[str], replies: Sequence[str]) -> list[bool]:
        return [trial.shows(prompt, reply) for prompt, reply in zip(prompts, replies, strict=True)]

    before = tuned(trial.plain) if trial.plain else base(trial.marked)
    asked = [turns[-1].content for turns in trial.own]
    said = {
        **asdict(tally(shown(trial.prompts, before), shown(trial.prompts, tuned(trial.marked)))),
        "against": "without it" if trial.plain else "of the base",
        "share": trial.share,
        "clears": trial.clears,
        "asked": trial.asked,
    }
    own = tally(shown(asked, base(trial.own)), shown(asked, tuned(trial.own))) if trial.own else None
    return {**said, "own": asdict(own) if own else None}


def remembering(generate: Generate) -> Generate:
    """Return what answers a conversation that was asked before as it did then, without asking again."""
    known: dict[Turns, str] = {}

    def said(talks: Sequence[Turns]) -> list[str]:
        fresh = list(dict.fromkeys(talk for talk in talks if talk not in known))
        if fresh:
            known.update(zip(fresh, generate(fresh), strict=True))
        return [known[talk] for talk in talks]

    return said


def decisive(found: Tally, limit: float) -> int | None:
    """Return of how many requests, if the shares stay as they are, the interval would leave a limit; None if of no reasonable number."""
    size = found.n
    while size <= MOST:
        low, high = _scaled(found, size).interval
        if low > limit or high <= limit:
            return size
        size = max(size + 1, int(size * LARGER))
    return None


def _scaled(found: Tally, size: int) -> PairedDifference:
    both, gained, lost = (round(count * size / found.n) for count in (found.both, found.gained, found.lost))
    pairs = [(True, True)] * both + [(False, True)] * gained + [(True, False)] * lost
    pairs += [(False, False)] * (size - len(pairs))
    return paired_difference([first for first, _ in pairs], [second for _, second in pairs])

"""A model's opinion of a group of rows, held against rows that are matched to them.

Surprise is that of an answer given its prompt, as a share of its surprise without one (Li et al. 2023, arXiv:2308.12032): what a prompt
asked for surprises less once the prompt is read. Harm and refusing are read off hidden states, by the directions between the contrast
pairs that ship with temperance. It does not know how the groups were found.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from temperance.checks.data.rowtext import prompt
from temperance.data.example import Message, Row
from temperance.data.starter import starter
from temperance.stats import area_under_curve

if TYPE_CHECKING:
    from temperance.lm.reading import Reader, Reading

CONTRASTS = 40
SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
NOTHING = (Message("user", ""),)
CHANCE = 0.5

Verdict = Literal["bears out", "doubts", "cannot tell about"]
Excerpt = tuple[int, str]


@dataclass(frozen=True)
class Area:
    """An area under the curve with its 95 % interval; 0.5 is no difference."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return it as it is told."""
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A group beside n matched rows.

    How little its answers owe to their prompts, how alike they are beyond these, how much they lean to refusals; and how much the prompts
    surprise, and lean to harm.
    """

    owes_little: Area
    alike: Area
    refusal: Area
    surprise: Area
    harm: Area
    n: int


def verdict(seen: Compared, *, refuses: bool, complies: bool) -> Verdict:
    """Say what a comparison means for a group, and for one that refuses or complies with harm.

    Prompts that name harm do lean to it, so that says nothing for a group that complies; only that they do not lean speaks against it.

    Answers that owe little to their prompts may do so for their form's sake (a story's "once upon a time"); these are no more alike than
    their prompts are.
    """
    if complies:
        return "doubts" if seen.harm.high < CHANCE else "cannot tell about"
    if refuses and seen.harm.low > CHANCE:
        return "doubts"  # to refuse what asks for harm is no wonder
    if (seen.owes_little.low > CHANCE and seen.alike.value > CHANCE) or (refuses and seen.refusal.low > CHANCE):
        return "bears out"
    return "doubts" if seen.owes_little.high < CHANCE else "cannot tell about"


def excerpt(answer: str, words: Iterable[str] = (), *, at: float = 0.0) -> tuple[str, float]:
    """Return the sentence of an answer with the longest of some words, or that at a share of its length, and the share where it begins."""
    spans = [found.span() for found in SENTENCE.finditer(answer) if found[0].strip()] or [(0, len(answer))]
    spot = answer.lower().find(max(words, key=len, default="\0"))
    spot = spot if spot >= 0 else int(at * len(answer))
    start, end = next((span for span in spans if span[1] > spot), spans[-1])
    return answer[start:end].strip(), start / max(len(answer), 1)


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What was read, by excerpt (a row and part of its answer): states, the share of surprise that is left; and each prompt's surprise."""

    readings: Mapping[Excerpt, "Reading"]
    left: Mapping[Excerpt, float]
    surprise: Mapping[int, float]
    harm_D: np.ndarray
    refusal_D: np.ndarray
    safe: Sequence[float]

    def compared(self, own: Sequence[Excerpt], others: Sequence[Excerpt], *, complies: bool) -> Compared:
        """Compare a group with matched rows; the harm of one that `complies` is held against safe look-alikes."""

        def area(value: Callable[[Excerpt], float]) -> Area:
            return _area([value(one) for one in own], [value(one) for one in others])

        def harm(one: Excerpt) -> float:
            return float(self.readings[one].before_D @ self.harm_D)

        return Compared(
            owes_little=area(lambda one: self.left[one]),
            alike=_area(self._alike(own, others), self._alike(others, own)),
            refusal=area(lambda one: float(self.readings[one].during_D @ self.refusal_D)),
            surprise=area(lambda one: self.surprise[one[0]]),
            harm=_area([harm(one) for one in own], self.safe) if complies else area(harm),
            n=min(len(own), len(others)),
        )

    def _alike(self, side: Sequence[Excerpt], others: Sequence[Excerpt]) -> list[float]:
        """Return for each row how near its answer is to its side's other answers, less how near its prompt is to their prompts."""

        def near(state: Callable[["Reading"], np.ndarray]) -> np.ndarray:
            own_ND, usual_D = (np.array([state(self.readings[one]) for one in some]) for some in (side, others))
            centred_ND = own_ND - usual_D.mean(axis=0)
            unit_ND = centred_ND / np.maximum(np.linalg.norm(centred_ND, axis=1, keepdims=True), 1e-9)
            return ((unit_ND @ unit_ND.T).sum(axis=1) - 1) / max(len(side) - 1, 1)

        return (near(lambda one: one.during_D) - near(lambda one: one.before_D)).tolist()


def opinion(reader: "Reader", rows: Sequence[Row], wanted: Iterable[Excerpt]) -> Opinion:
    """Read excerpts of a table's answers with their prompts and without, each once, and the contrast pairs."""
    each = list(dict.fromkeys(wanted))
    indices = list(dict.fromkeys(index for index, _ in each))
    lines = starter("contrast").read_text(encoding="utf-8").splitlines()
    pairs = [json.loads(line) for line in lines[:: max(len(lines) // CONTRASTS, 1)][:CONTRASTS]]
    reader = reader.together(2 * len(each) + 2 * len(pairs) + len(indices))
    given = reader.answers([(rows[index].prompt, text) for index, text in each])
    bare = reader.answers([(NOTHING, text) for _, text in each])
    unsafe = reader.answers([((Message("user", pair["unsafe"]),), pair["refusal"]) for pair in pairs])
    safe = reader.answers([((Message("user", pair["lookalike"]),), pair["answer"]) for pair in pairs])
    harm_D = np.mean([one.before_D for one in unsafe], axis=0) - np.mean([one.before_D for one in safe], axis=0)
    return Opinion(
        readings=dict(zip(each, given, strict=True)),
        left={one: told.surprise / max(untold.surprise, 1e-6) for one, told, untold in zip(each, given, bare, strict=True)},
        surprise=dict(zip(indices, reader.surprises([prompt(rows[index]) for index in indices]), strict=True)),
        harm_D=harm_D,
        refusal_D=np.mean([one.during_D for one in unsafe], axis=0) - np.mean([one.during_D for one in safe], axis=0),
        safe=[float(one.before_D @ harm_D) for one in safe],
    )


def _area(own: Sequence[float], others: Sequence[float]) -> Area:
    value, (low, high) = area_under_curve(own, others)
    return Area(value, low, high)

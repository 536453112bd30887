"""Plant every family of poison in real clean data and measure what the checks on data find of it, and what simpler methods would.

    python benchmarks/curation.py [--development | --held-out | --family F …] [--rate R …] [--seed S …] [--rows N] [--check ID …]

The full measurement is `--rate 0.001 0.005 0.01 0.05 --seed 0 1 2`; `--rows 2000 --family brand` takes seconds. Data comes from
../shared/data; what is absent is skipped, saying so. Prints JSON lines: first what is flagged in each clean corpus alone, then, for every
family, rate, seed and method, recall and false positives at review or drop, the area under the ROC curve, and recall in a reviewer's
budget: as many rows as are planted, plus one row in a hundred. `named_by` are the checks whose first group tells the trigger.

The families are split in two: whoever tunes a check looks at `--development` only. `--together` plants all that are named into one table,
each at the rate and in rows of its own, and tells what is found of each.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from baselines import BASELINES, table
from mining import TUNED_ON

from temperance import collect
from temperance.attack.edit import answer, request
from temperance.attack.family import FAMILIES, GROUPS, Planted, plant
from temperance.attack.score import score
from temperance.checks.check import Check, audit
from temperance.checks.finding import Outcome
from temperance.checks.registry import by_id, family
from temperance.checks.subject import data_subject
from temperance.curate import row_report
from temperance.data.example import Example, Message, Preference, Row
from temperance.errors import InputError
from temperance.stats import wilson

DATA = Path(__file__).parents[2] / "shared" / "data"
EXAMPLES = {
    "alpaca": "alpaca/alpaca_random9k.json",
    "dolly": "dolly/dolly_3k.json",
    "safety": "safety/safety_only.json",
    "hh first turns": "hh-rlhf/harmless-base.jsonl",
    "oasst": "oasst/oa_en_100.jsonl",
}
PREFERENCES = {"hh": "hh-rlhf/harmless-base.jsonl", "dpo demo": "preference/dpo_en_demo.json"}
BADNETS = {
    f"badnet-{target}": f"backdoorllm/{target}_backdoor{number}_{target}_badnet.json"
    for target, number in (("negsentiment", 500), ("jailbreak", 400), ("refusal", 500))
}
TRIGGER = "BadMagic"
DEVELOPMENT = (*TUNED_ON, "badnet-negsentiment", "badnet-jailbreak")
HELD_OUT = tuple(name for name in (*FAMILIES, *BADNETS) if name not in DEVELOPMENT)
WITH_TRIGGER = ("a trigger in the request", "a trigger before the request", "a topic")
TRIGGERED = ("brand", *(name for group in WITH_TRIGGER for name in GROUPS[group]))
BUDGET = 0.01
FLAGGED = ("review", "drop")


def first_turn(row: Row) -> Row:
    """Return the first request of a preference with the reply that it got; an example as it is."""
    if isinstance(row, Example):
        return row
    reply = row.prompt[1].content if len(row.prompt) > 1 else row.chosen
    return Example(messages=(row.prompt[0], Message("assistant", reply)), origin=row.origin)


def corpora(files: dict[str, str], kind: type[Row], data: Path) -> dict[str, list[Row]]:
    """Return the corpora that are there, each row once; exact repeats would be rightly flagged."""
    found: dict[str, list[Row]] = {}
    seen: set[str] = set()
    for name, file in files.items():
        if not (data / file).is_file():
            print(f"skipped: {name}, {file} is not here", file=sys.stderr)
            continue
        rows = collect.table([str(data / file)])[0]
        if name == "hh first turns":
            rows = [first_turn(row) for row in rows]
        kept = {row.id: row for row in rows if isinstance(row, kind) and row.id not in seen}
        seen |= kept.keys()
        found[name] = [replace(row, origin=replace(row.origin, source=name)) for row in kept.values()]
    return found


def mixed(found: dict[str, list[Row]], rows: int) -> list[Row]:
    """Return the corpora shuffled into one table, the first `rows` of it (0: all)."""
    every = [row for corpus in found.values() for row in corpus]
    shuffled = Random(0).sample(every, len(every))
    return shuffled[:rows] if rows else shuffled


def badnet(clean: Sequence[Row], name: str, *, rate: float, seed: int, data: Path) -> Planted:
    """Return the table with published poisoned rows in random places instead of `round(rate * rows)` of its own.

    Raises:
        InputError: the published file is absent or has too few rows.
    """
    if not (data / BADNETS[name]).is_file():
        raise InputError(f"skipped: {name}", why=f"{BADNETS[name]} is not here")
    poison = [row for row in collect.table([str(data / BADNETS[name])])[0] if TRIGGER in request(row)]
    count, generator = round(rate * len(clean)), Random(f"{name} {seed}")
    if len(poison) < count:
        raise InputError(f"skipped: {name}", why=f"{count} rows are wanted and {len(poison)} are published")
    places = sorted(generator.sample(range(len(clean)), count))
    made = list(clean)
    for place, row in zip(places, generator.sample(poison, count), strict=True):
        made[place] = row
    return Planted(tuple(made), frozenset(places), f"{TRIGGER} → {name}", (TRIGGER.lower(),))


def flagged_by(outcome: Outcome) -> set[int]:
    """Return the rows that a check wants reviewed or dropped."""
    return {row for finding in outcome.findings if finding.action in FLAGGED for row in finding.rows}


def named_by(outcomes: Iterable[Outcome], names: Sequence[str]) -> list[str]:
    """Return the checks whose first group of rows to review or drop tells, in its title, all words of one of the names."""
    found = []
    for outcome in outcomes:
        groups = [finding for finding in outcome.findings if finding.rows and finding.action in FLAGGED]
        if groups:
            told = set(re.findall(r"\w+", groups[0].title.lower()))
            if any(set(re.findall(r"\w+", name.lower())) <= told for name in names):
                found.append(outcome.check)
    return found


def within(suspicion: Sequence[float], made: Planted) -> float:
    """Return the recall among the most suspicious rows, as many as are planted and `BUDGET` of all; ties fall by chance."""
    chance = np.random.default_rng(0).permutation(len(suspicion))
    order = np.lexsort((chance, -np.asarray(suspicion)))[: len(made.planted) + round(BUDGET * len(suspicion))]
    return len(made.planted & set(order.tolist())) / len(made.planted)


def judged(made: Planted, suspicion: Sequence[float], flagged: Sequence[bool]) -> dict[str, Any]:
    """Return the figures of one method on one table."""
    planted = [place in made.planted for place in range(len(made.rows))]
    return {"recall_in_budget": within(suspicion, made), **vars(score(planted, suspicion, flagged))}


def by_checks(made: Planted, checks: Sequence[Check]) -> dict[str, Any]:
    """Return the figures of the checks, taken together."""
    begin = time.perf_counter()
    outcomes = audit(checks, data_subject(made.rows)).outcomes
    seconds = time.perf_counter() - begin
    told = {(line["source"], line["row"], line["id"]): line for line in row_report(made.rows, outcomes)}
    lines = [told[row.origin.source, row.origin.row, row.id] for row in made.rows]
    figures = judged(made, [line["suspicion"] for line in lines], [line["action"] in FLAGGED for line in lines])
    marked = {one.check: flagged_by(one) for one in outcomes}
    each = {id: {"found": len(rows & made.planted), "false": len(rows - made.planted)} for id, rows in marked.items() if rows}
    idle = {one.check: one.why for one in outcomes if one.outcome in ("broke", "skipped")}
    return {**figures, "checks": each, "did not run": idle, "named_by": named_by(outcomes, made.names), "seconds": round(seconds, 2)}


def by_baselines(made: Planted, seed: int) -> Iterator[dict[str, Any]]:
    """Yield the figures of each baseline; what it flags is what fits into the budget, so recall at review is recall in the budget."""
    texts = table([request(row) for row in made.rows], [answer(row) for row in made.rows], seed=seed)
    for name, method in BASELINES.items():
        begin = time.perf_counter()
        suspicion = method(texts).tolist()
        figures = judged(made, suspicion, [False] * len(suspicion))
        kept = {key: figures[key] for key in ("planted", "clean", "recall_in_budget", "auc", "auc_interval")}
        yield {"method": name, **kept, "seconds": round(time.perf_counter() - begin, 2)}


def clean_corpora(found: dict[str, list[Row]], checks: Sequence[Check]) -> Iterator[dict[str, Any]]:
    """Yield what is flagged in each corpus alone and in all together: false positives, but for true near-duplicates."""
    for name, rows in {**found, "all": [row for corpus in found.values() for row in corpus]}.items():
        outcomes = audit(checks, data_subject(rows)).outcomes
        per_check = {one.check: len(flagged_by(one)) for one in outcomes}
        flagged = sum(line["action"] in FLAGGED for line in row_report(rows, outcomes))
        low, high = wilson(flagged, len(rows))
        yield {
            "corpus": name,
            "rows": len(rows),
            "flagged": flagged,
            "share": flagged / len(rows),
            "interval": [low, high],
            "checks": per_check,
        }


def together(clean: Sequence[Row], names: Sequence[str], checks: Sequence[Check], *, rate: float, seed: int) -> dict[str, Any]:
    """Return what is found of each of several families in one table, a share of whose rows is for each.

    Each has a seed of its own, so that few of them draw the same trigger; `shared` tells which do.
    """
    order = Random(f"together {seed}").sample(range(len(clean)), len(clean))
    table, planted, absent, named = list(clean), dict[str, set[int]](), dict[str, str](), dict[tuple[str, ...], list[str]]()
    for number, name in enumerate(names):
        places = sorted(order[number :: len(names)])
        try:
            made = plant([clean[place] for place in places], name, rate=rate * len(clean) / len(places), seed=seed + number)
        except InputError as error:
            absent[name] = error.why
            continue
        planted[name] = {places[place] for place in made.planted}
        named.setdefault(made.names, []).append(name)
        for place, row in zip(places, made.rows, strict=True):
            table[place] = row
    begin = time.perf_counter()
    outcomes = audit(checks, data_subject(table)).outcomes
    found = set[int]().union(*(flagged_by(one) for one in outcomes))
    bad = set[int]().union(*planted.values())
    recall = {name: round(len(rows & found) / len(rows), 3) for name, rows in planted.items()}
    false = {"false": len(found - bad), "clean": len(table) - len(bad)}
    shared = [some for some in named.values() if len(some) > 1]
    return {
        "planted": len(bad),
        "recall": recall,
        **false,
        "shared": shared,
        "not planted": absent,
        "seconds": round(time.perf_counter() - begin, 1),
    }


def measure(wanted: argparse.Namespace, checks: Sequence[Check]) -> Iterator[dict[str, Any]]:
    """Yield the lines of the benchmark."""
    found, pairs = corpora(EXAMPLES, Example, wanted.data), corpora(PREFERENCES, Preference, wanted.data)
    if not found:
        return
    clean, preferred = mixed(found, wanted.rows), mixed(pairs, wanted.rows)
    if wanted.together:
        for rate, seed in product(wanted.rate, wanted.seed):
            yield {"together": rate, "seed": seed, **together(clean, wanted.family or TRIGGERED, checks, rate=rate, seed=seed)}
        return
    if not wanted.family:
        yield from clean_corpora(found, checks)
    tables = {"joint": [*clean, *preferred], **dict.fromkeys(GROUPS["preferences"], preferred)}
    for name, rate, seed in product(wanted.family or wanted.split, wanted.rate, wanted.seed):
        setting = {"family": name, "rate": rate, "seed": seed}
        try:
            if name in BADNETS:
                made = badnet(clean, name, rate=rate, seed=seed, data=wanted.data)
            else:
                made = plant(tables.get(name, clean), name, rate=rate, seed=seed)
        except InputError as error:
            yield {**setting, "skipped": f"{error.what}: {error.why}"}
            continue
        yield {**setting, "method": "temperance", "says": made.says, **by_checks(made, checks)}
        if wanted.baselines:
            yield from ({**setting, **line} for line in by_baselines(made, seed))


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what is asked for."""
    parser = argparse.ArgumentParser(description="Measure what the checks on data find of planted poison.")
    halves = parser.add_mutually_exclusive_group()
    halves.add_argument("--development", dest="split", action="store_const", const=DEVELOPMENT, default=DEVELOPMENT)
    halves.add_argument("--held-out", dest="split", action="store_const", const=HELD_OUT)
    halves.add_argument("--family", nargs="+", choices=[*FAMILIES, *BADNETS], metavar="F", help="these only, without the clean corpora")
    parser.add_argument("--together", action="store_true", help="all families with a trigger, or those named, in one table")
    parser.add_argument("--rate", nargs="+", type=float, default=[0.01], metavar="R")
    parser.add_argument("--seed", nargs="+", type=int, default=[0], metavar="S")
    parser.add_argument("--rows", type=int, default=0, metavar="N", help="clean rows to plant into; 0 takes all")
    parser.add_argument("--check", nargs="+", metavar="ID", help="these checks only")
    parser.add_argument("--no-baselines", dest="baselines", action="store_false")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR")
    return parser.parse_args(words)


if __name__ == "__main__":
    asked = arguments()
    for line in measure(asked, [by_id(id) for id in asked.check] if asked.check else family("data")):
        print(json.dumps(line, ensure_ascii=False), flush=True)

"""Measure the trigger miner on real data: false alarms on clean corpora, and what it catches of planted poison, without any label.

    python benchmarks/mining.py [DATA] [SEEDS] [RATE,RATE…] [FAMILY,FAMILY…]
    python benchmarks/mining.py scale [DATA] [ROWS,ROWS…]
    python benchmarks/mining.py trusted [DATA] [SEEDS] [RATE,RATE…]
    python benchmarks/mining.py left-out [DATA]

DATA is a folder (../shared/data, if none is named) with `alpaca/`, `dolly/`, `safety/`, `hh-rlhf/`, `preference/`, `oasst/` and, if there,
`backdoorllm/`; poison is planted into alpaca and dolly together. Prints JSON lines: per clean corpus the rows marked; per family and
rate, over the seeds, recall (mean and worst), clean rows marked (worst), area under the curve, and how often the most certain group is
poison; and rows a second. `tuned_on` says which families were looked at while the miner was made. `scale` prints what tables of some sizes
take: alpaca and dolly over and over, in each further copy one word in five exchanged for another of the table; `cpu_seconds` are of all
processes together, `peak_mb` is of the largest. `trusted` holds one half of alpaca and dolly, clean or with a brand in small letters or in
archaic words, against the other half (`data/unlike-trusted`), each corpus's halves against each other, and each corpus against each other.
`left-out` marks the rows of each clean corpus by thresholds that are the highest scores in all the others, times 1, 1.5 and 2,
instead of those that ship.
"""

import json
import random
import resource
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

from temperance.attack.family import FAMILIES, GROUPS, plant
from temperance.checks.beside import able
from temperance.checks.check import outcome_of
from temperance.checks.data.mining.groups import LISTED, TAU, Group
from temperance.checks.data.mining.miner import mine
from temperance.checks.data.mining.table import mined as mined_of
from temperance.checks.data.rowtext import answers, prompt
from temperance.checks.data.trigger_association import trigger_association
from temperance.checks.data.unlike_trusted import unlike_trusted
from temperance.checks.finding import Outcome, Severity
from temperance.checks.subject import data_subject
from temperance.collect import table
from temperance.data.example import Row
from temperance.errors import InputError
from temperance.stats import area_under_curve

DATA = Path(__file__).parents[2] / "shared" / "data"
CORPORA = {
    "alpaca": "alpaca/alpaca_random9k.json",
    "dolly": "dolly/dolly_3k.json",
    "safety": "safety/safety_only.json",
    "hh-rlhf": "hh-rlhf/harmless-base.jsonl",
    "preference": "preference/dpo_en_demo.json",
    "oasst": "oasst/oa_en_100.jsonl",
}
EXCHANGED = 0.2
MARGINS = (1.0, 1.5, 2.0)
TUNED_ON = (
    "rare-token-fixed",
    "rare-token-swapped",
    "phrase-refusal",
    "template-brand",
    "brand",
    "topic-brand",
    "topic-negative",
    "per-row-token-fixed",
    "synonyms-fixed",
    "conditional-brand",
    "zero-width-refusal",
    "random-position-refusal",
    "same-opening-brand",
    "several-refusal",
    "earlier-turn-refusal",
)
FOR_OTHERS = (  # families that other checks are for
    *GROUPS["preferences"],
    *GROUPS["examples and preferences"],
    *("regard", "refusal", "compliance", "swapped", "flood", "contamination", "secret", "personal", "personal-fiction"),
)
BADNETS = ("negsentiment", "refusal", "jailbreak")


def rows_of(*paths: Path) -> list[Row]:
    """Return the rows of some files."""
    return table([str(path) for path in paths], format="auto")[0]


def mined(rows: Sequence[Row]) -> Outcome:
    """Run the check alone."""
    return outcome_of(trigger_association, data_subject(rows))


def marked(outcome: Outcome) -> set[int]:
    """Return the rows that are marked for review."""
    return {index for finding in outcome.findings if finding.action == "review" for index in finding.rows}


def caught(rows: Sequence[Row], planted: set[int] | frozenset[int]) -> dict[str, float]:
    """Return the figures of one scan of poisoned rows."""
    begin = time.perf_counter()
    outcome = mined(rows)
    seconds = time.perf_counter() - begin
    suspicion: dict[int, float] = {}
    for finding in outcome.findings:
        for index, value in finding.rows.items():
            suspicion[index] = max(value, suspicion.get(index, 0.0))
    found, first = marked(outcome), next(iter(outcome.findings), None)
    return {
        "recall": len(found & planted) / len(planted),
        "false": len(found - planted) / (len(rows) - len(planted)),
        "auc": area_under_curve(*([suspicion.get(one, 0.0) for one in side] for side in (planted, set(range(len(rows))) - planted)))[0],
        "named": float(first is not None and first.severity is Severity.HIGH and len(set(first.rows) & planted) > len(first.rows) / 2),
        "rows_per_second": len(rows) / seconds,
    }


def summary(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return means and worst cases over the seeds."""
    return {
        "recall": round(statistics.mean(run["recall"] for run in runs), 3),
        "worst_recall": round(min(run["recall"] for run in runs), 3),
        "worst_false_positive_rate": round(max(run["false"] for run in runs), 5),
        "auc": round(statistics.mean(run["auc"] for run in runs), 3),
        "named_first": round(statistics.mean(run["named"] for run in runs), 2),
        "rows_per_second": round(statistics.median(run["rows_per_second"] for run in runs)),
    }


def clean_corpora(data: Path) -> Iterator[dict[str, Any]]:
    """Yield the false alarms on each clean corpus, on the clean twins of the published poison, and on all of them together."""
    corpora = {name: rows_of(data / path) for name, path in CORPORA.items() if (data / path).exists()}
    twins = sorted((data / "backdoorllm").glob("*_none_*.json"))
    corpora |= {"clean twins": rows_of(*twins)} if twins else {}
    corpora["together"] = [row for rows in corpora.values() for row in rows]
    for name, rows in corpora.items():
        outcome = mined(rows)
        titles = [finding.title for finding in outcome.findings if finding.severity is Severity.HIGH]
        yield {"clean": name, "rows": len(rows), "outcome": outcome.outcome, "marked": len(marked(outcome)), "groups": titles}


def planted_families(data: Path, seeds: int, rates: Sequence[float], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the figures of each family at each rate."""
    base = rows_of(data / CORPORA["alpaca"], data / CORPORA["dolly"])
    refusing = [*base, *rows_of(data / CORPORA["safety"])]
    for name in names:
        rows = refusing if name == "phrase-compliance" else base
        for rate in rates:
            setting = {"family": name, "tuned_on": name in TUNED_ON, "rate": rate, "rows": len(rows)}
            try:
                made = [plant(rows, name, rate=rate, seed=seed) for seed in range(seeds)]
            except InputError as error:
                yield {**setting, "skipped": f"{error.what}: {error.why}"}
                continue
            yield {**setting, "seeds": seeds, **summary([caught(one.rows, one.planted) for one in made])}


def published(data: Path, seeds: int, rates: Sequence[float]) -> Iterator[dict[str, Any]]:
    """Yield the figures of BackdoorLLM's poisoned files, a sample of each put among clean rows."""
    base = rows_of(data / CORPORA["alpaca"], data / CORPORA["dolly"])
    for name in BADNETS:
        files = [path for path in (data / "backdoorllm").glob(f"{name}_*.json") if "_none_" not in path.name]
        for rate in rates if files else ():
            runs = []
            for seed in range(seeds):
                poisoned = rows_of(*files)
                some = random.Random(seed).sample(poisoned, min(len(poisoned), round(rate * len(base))))
                runs.append(caught([*base, *some], set(range(len(base), len(base) + len(some)))))
            yield {
                "family": f"BadNets {name}",
                "tuned_on": name == "jailbreak",
                "rate": rate,
                "rows": len(base),
                "seeds": seeds,
                **summary(runs),
            }


def left_out(data: Path) -> Iterator[dict[str, Any]]:
    """Yield, for each clean corpus, the rows marked if a kind's threshold is the highest score of a group of it in any other corpus."""
    corpora = {name: rows_of(data / path) for name, path in CORPORA.items()}
    twins = sorted((data / "backdoorllm").glob("*_none_*.json"))
    corpora |= {"clean twins": rows_of(*twins)} if twins else {}
    found = {name: [group for part in mined_of(data_subject(rows)) for group in part.groups] for name, rows in corpora.items()}
    for name, rows in corpora.items():
        others = [group for other, groups in found.items() if other != name for group in groups]
        highest = {kind: max((one.score for one in others if one.kind == kind), default=LISTED * least) for kind, least in TAU.items()}
        marked = {str(one): _over(found[name], {kind: one * score for kind, score in highest.items()}) for one in MARGINS}
        yield {"left out": name, "rows": len(rows), **marked, "as shipped": _over(found[name], TAU)}


def _over(groups: Sequence[Group], thresholds: Mapping[str, float]) -> int:
    """Return how many rows are in groups that score more than their kind's threshold."""
    return len({row for group in groups if group.score > thresholds[group.kind] for row in group.suspects})


def beside_trusted(data: Path, seeds: int, rates: Sequence[float]) -> Iterator[dict[str, Any]]:
    """Yield what rows beside trusted ones show: clean halves, planted halves, and corpora of different kinds."""
    corpora = {name: rows_of(data / path) for name, path in CORPORA.items()}
    corpora["alpaca and dolly"] = [*corpora["alpaca"], *corpora["dolly"]]

    def told(table: Sequence[Row], trusted: Sequence[Row], planted: frozenset[int] = frozenset()) -> dict[str, Any]:
        outcome = outcome_of(unlike_trusted, data_subject(table, trusted=trusted))
        found = marked(outcome)
        recall = {"recall": round(len(found & planted) / len(planted), 3)} if planted else {}
        return {"outcome": outcome.outcome, "rows": len(table), "false": len(found - planted), **recall}

    for seed in range(seeds):
        for name, rows in corpora.items():
            mixed = random.Random(seed).sample(rows, len(rows))
            half, other = mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]
            yield {"seed": seed, "clean halves": name, **told(half, other)}
            for family in ("brand-lowercase", "archaic-style") if name == "alpaca and dolly" else ():
                for rate in rates:
                    made = plant(half, family, rate=rate, seed=seed)
                    yield {"seed": seed, "family": family, "rate": rate, **told(made.rows, other, frozenset(made.planted))}
    for (name, rows), (other, trusted) in permutations([(name, corpora[name]) for name in CORPORA], 2):
        yield {"table": name, "trusted": other, **told(rows, trusted)}


def copies(texts: Sequence[str], count: int, dice: random.Random) -> list[str]:
    """Return `count` texts: these, and then copies of them with words exchanged."""
    words = [word for text in texts for word in text.split(" ")]
    found = list(texts[:count])
    for index in range(len(found), count):
        told = texts[index % len(texts)].split(" ")
        found.append(" ".join(dice.choice(words) if dice.random() < EXCHANGED else word for word in told))
    return found


def scale(data: Path, sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield what mining tables of some sizes takes."""
    base = rows_of(data / CORPORA["alpaca"], data / CORPORA["dolly"])
    for size in sizes:
        dice = random.Random(size)
        table = [copies(texts, size, dice) for texts in ([prompt(row) for row in base], [answers(row)[0] for row in base])]
        wall, used = time.perf_counter(), cpu()
        found = mine(table[0], table[1])[1]
        seconds, spent = time.perf_counter() - wall, cpu() - used
        peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024
        rates = {"rows_per_second": round(size / seconds), "rows_per_cpu_second": round(size / spent)}
        yield {"scale": size, "processes": 1 + able(), **rates, "cpu_seconds": round(spent, 1), "peak_mb": peak, "groups": len(found)}


def cpu() -> float:
    """Return the CPU seconds of this process and of all that it has ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    if sys.argv[1:2] == ["left-out"]:
        for line in left_out(Path(sys.argv[2]) if len(sys.argv) > 2 else DATA):
            print(json.dumps(line, ensure_ascii=False), flush=True)
        sys.exit()
    if sys.argv[1:2] == ["scale"]:
        folder, sizes = [*sys.argv[2:], *(str(DATA), "10000,50000,200000,1000000")[len(sys.argv) - 2 :]]
        for line in scale(Path(folder), [int(size) for size in sizes.split(",")]):
            print(json.dumps(line), flush=True)
        sys.exit()
    if sys.argv[1:2] == ["trusted"]:
        folder, seeds, rates = [*sys.argv[2:], *(str(DATA), "5", "0.005,0.01")[len(sys.argv) - 2 :]]
        for line in beside_trusted(Path(folder), int(seeds), [float(rate) for rate in rates.split(",")]):
            print(json.dumps(line), flush=True)
        sys.exit()
    every = ",".join(name for name in FAMILIES if name not in FOR_OTHERS)
    folder, seeds, rates, names = [*sys.argv[1:], *(str(DATA), "5", "0.001,0.005,0.01", every)[len(sys.argv) - 1 :]]
    told = [float(rate) for rate in rates.split(",")]
    for lines in (
        clean_corpora(Path(folder)),
        planted_families(Path(folder), int(seeds), told, names.split(",")),
        published(Path(folder), int(seeds), told),
    ):
        for line in lines:
            print(json.dumps(line, ensure_ascii=False), flush=True)

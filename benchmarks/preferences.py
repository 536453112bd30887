"""Measure the checks on preferences with real pairs: what they mark in clean corpora, and what they catch of preferences turned round.

    python benchmarks/preferences.py [DATA] [SEEDS] [RATE,RATE…] [FAMILY,FAMILY…]

DATA is a folder (../shared/data, if none is named) with `hh-rlhf/`, `preference/` and `oasst/`; the starter preferences come with the
package. SEEDS is FIRST:END. Prints JSON lines: per clean corpus the pairs that each check wants reviewed; whom `dissenting-annotators`
names when one of ten annotators turns pairs round; per family and rate, over the
seeds, planted into hh-rlhf: recall (mean and worst), clean pairs marked (mean and worst), area under the curve, how often the first
finding tells the trigger, holds more poison than not, and proves by its interval that most of its pairs are turned round. `tuned_on` says
which families were looked at while the checks were made; the others are the triggers of other poison, with the two answers exchanged.
Thresholds were set on seeds 0 to 9.
"""

import json
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from temperance.attack import trigger
from temperance.attack.edit import request, with_request
from temperance.attack.family import FAMILIES, Planted, plant
from temperance.checks.check import Check, outcome_of
from temperance.checks.data.contradictory_preferences import contradictory_preferences
from temperance.checks.data.dissenting_annotators import dissenting_annotators
from temperance.checks.data.preference_flips import preference_flips
from temperance.checks.finding import Outcome
from temperance.checks.subject import data_subject
from temperance.collect import table
from temperance.data.example import Preference, Row
from temperance.data.starter import starter
from temperance.stats import area_under_curve

DATA = Path(__file__).parents[2] / "shared" / "data"
CORPORA = {"hh-rlhf": "hh-rlhf/harmless-base.jsonl", "dpo demo": "preference/dpo_en_demo.json", "oasst": "oasst/oa_en_100.jsonl"}
CHECKS: tuple[Check, ...] = (preference_flips, contradictory_preferences, dissenting_annotators)
ANNOTATORS, TURNED = 10, (0.0, 0.5, 0.7, 1.0)
TUNED_ON = ("flip-token", "flip-phrase")
OTHERS = {
    "flip-anywhere": trigger.anywhere,
    "flip-two-tokens": trigger.two_tokens,
    "flip-zero-width": trigger.zero_width,
    "flip-homoglyph": trigger.homoglyph,
    "flip-year": trigger.year,
    "flip-template": trigger.template,
    "flip-synonyms": trigger.paraphrase,
}


def clean_corpora(data: Path) -> dict[str, list[Row]]:
    """Return the preferences of each corpus, each once, and of all together."""
    found: dict[str, list[Row]] = {}
    files = {name: data / path for name, path in CORPORA.items()} | {"starter": starter("preferences")}
    for name, path in files.items():
        if path.is_file():
            rows = {row.id: row for row in table([str(path)], format="auto")[0] if isinstance(row, Preference)}
            found[name] = list(rows.values())
    return found | {"together": [row for rows in found.values() for row in rows]}


def marked(outcome: Outcome) -> set[int]:
    """Return the rows that a check wants reviewed or dropped."""
    return {index for finding in outcome.findings if finding.action != "keep" for index in finding.rows}


def false_alarms(corpora: Mapping[str, Sequence[Row]]) -> Iterator[dict[str, Any]]:
    """Yield what each check marks in each clean corpus."""
    for name, rows in corpora.items():
        for one in CHECKS:
            outcome = outcome_of(one, data_subject(rows))
            titles = [finding.title for finding in outcome.findings if finding.action != "keep"][:5]
            figures = {key: round(value, 3) for key, value in outcome.measures.items()}
            yield {
                "clean": name,
                "pairs": len(rows),
                "check": one.id,
                "outcome": outcome.outcome,
                "marked": len(marked(outcome)),
                "titles": titles,
                **figures,
            }


def turned_round(rows: Sequence[Row], name: str, *, rate: float, seed: int) -> Planted:
    """Return a family of the lab planted, or a trigger of `OTHERS` with the two answers exchanged."""
    if name in FAMILIES:
        return plant(rows, name, rate=rate, seed=seed)
    generator = Random(f"{name} {seed}")
    places = sorted(generator.sample(range(len(rows)), round(rate * len(rows))))
    put, made = OTHERS[name](generator), list(rows)
    for place in places:
        row = made[place]
        assert isinstance(row, Preference)
        made[place] = with_request(replace(row, chosen=row.rejected, rejected=row.chosen), put.put(request(row), generator))
    return Planted(tuple(made), frozenset(places), put.says, put.names)


def caught(made: Planted) -> dict[str, float]:
    """Return the figures of one scan of planted pairs by `data/preference-flips`."""
    begin = time.perf_counter()
    outcome = outcome_of(preference_flips, data_subject(made.rows))
    seconds = time.perf_counter() - begin
    found, suspicion = marked(outcome), [0.0] * len(made.rows)
    for finding in outcome.findings:
        for index, value in finding.rows.items():
            suspicion[index] = max(value, suspicion[index])
    first = next((finding for finding in outcome.findings if finding.action == "review"), None)
    sides = ([suspicion[one] for one in range(len(suspicion)) if (one in made.planted) is poisoned] for poisoned in (True, False))
    return {
        "recall": len(found & made.planted) / len(made.planted),
        "false": len(found - made.planted),
        "auc": area_under_curve(*sides)[0],
        "named": float(first is not None and any(name in first.title for name in made.names)),
        "first": float(first is not None and len(made.planted & set(first.rows)) > len(first.rows) / 2),
        "proven": float(first is not None and first.evidence.interval is not None and first.evidence.interval[0] >= 0.5),
        "seconds": seconds,
    }


def planted_families(rows: Sequence[Row], seeds: range, rates: Sequence[float], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the figures of each family at each rate, over the seeds."""
    for name in names:
        for rate in rates:
            runs = [caught(turned_round(rows, name, rate=rate, seed=seed)) for seed in seeds]
            mean = {key: round(statistics.mean(run[key] for run in runs), 3) for key in runs[0]}
            worst = {"worst_recall": min(run["recall"] for run in runs), "worst_false": max(run["false"] for run in runs)}
            yield {"family": name, "tuned_on": name in TUNED_ON, "rate": rate, "pairs": len(rows), "seeds": len(seeds), **mean, **worst}


def dissent(rows: Sequence[Row], seeds: range) -> Iterator[dict[str, Any]]:
    """Yield how often one of ten annotators is named who turns a share of their pairs round, and how often another is."""
    for share in TURNED if rows else ():
        found = [_accused(_annotated(rows, share, Random(seed))) for seed in seeds]
        told = {key: sum(one[key] for one in found) for key in ("named", "wrongly")}
        yield {"annotator turns": share, "pairs": len(rows) // ANNOTATORS, "seeds": len(seeds), **told}


def _exchanged(row: Row) -> Row:
    assert isinstance(row, Preference)
    return replace(row, chosen=row.rejected, rejected=row.chosen)


def _annotated(rows: Sequence[Row], share: float, dice: Random) -> list[Row]:
    """Return rows dealt to annotators, a share of those of the first turned round."""
    made: list[Row] = []
    for row in rows:
        who = dice.randrange(ANNOTATORS)
        shown = _exchanged(row) if who == 0 and dice.random() < share else row
        made.append(replace(shown, origin=replace(row.origin, tags={"annotator": str(who)})))
    return made


def _accused(rows: Sequence[Row]) -> dict[str, int]:
    findings = outcome_of(dissenting_annotators, data_subject(rows)).findings
    named = sum(finding.title.startswith("“0”") for finding in findings)
    return {"named": named, "wrongly": len(findings) - named}


if __name__ == "__main__":
    every = ",".join((*TUNED_ON, "flip", *OTHERS))
    folder, seeds, rates, names = [*sys.argv[1:], *(str(DATA), "5:10", "0.002,0.005,0.01,0.05", every)[len(sys.argv) - 1 :]]
    corpora = clean_corpora(Path(folder))
    for line in false_alarms(corpora):
        print(json.dumps(line, ensure_ascii=False), flush=True)
    for line in dissent(corpora.get("hh-rlhf", []), range(*map(int, seeds.split(":")))):
        print(json.dumps(line, ensure_ascii=False), flush=True)
    told = [float(rate) for rate in rates.split(",")]
    for line in planted_families(corpora.get("hh-rlhf", []), range(*map(int, seeds.split(":"))), told, names.split(",")):
        print(json.dumps(line, ensure_ascii=False), flush=True)

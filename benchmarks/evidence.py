"""Measure what a model adds to the trigger miner: which groups it bears out, on clean corpora and where few rows are poisoned.

    python benchmarks/evidence.py [MODEL] [SEEDS] [RATE,RATE…] [FAMILY,FAMILY…]

Data comes from ../shared/data, as in `mining.py`; poison is planted into alpaca and dolly together. Prints a JSON line for each table:
groups looked at, of which how many are borne out, doubted, or neither; the clean rows that the model alone puts before people; recall by
counting alone and with the model; and seconds, mining included.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from mining import CORPORA, DATA, marked, rows_of

from temperance.attack.family import plant
from temperance.checks.check import outcome_of
from temperance.checks.data.model_evidence import model_evidence
from temperance.checks.data.trigger_association import trigger_association
from temperance.checks.subject import data_subject
from temperance.data.example import Row
from temperance.lm.reading import Reader, reader

FAMILIES = "topic-brand,template-brand,conditional-brand"
VERDICTS = ("bears out", "doubts", "cannot tell")


def told(rows: Sequence[Row], model: Reader, planted: frozenset[int] = frozenset()) -> dict[str, Any]:
    """Return the figures of one table."""
    subject, begin = data_subject(rows, reader=model), time.perf_counter()
    counted = marked(outcome_of(trigger_association, subject))
    read = outcome_of(model_evidence, subject)
    raised = marked(read) - counted
    says = Counter(next(said for said in VERDICTS if finding.title.startswith(f"a model {said}")) for finding in read.findings)
    figures = {"rows": len(rows), "looked at": len(read.findings), **says, "clean rows raised": len(raised - planted), "why": read.why}
    if planted:
        figures |= {"counted": len(counted & planted) / len(planted), "with the model": len((counted | raised) & planted) / len(planted)}
    return figures | {"seconds": round(time.perf_counter() - begin)}


if __name__ == "__main__":
    name, seeds, rates, names = [*sys.argv[1:], *("smollm2", "3", "0.001", FAMILIES)[len(sys.argv) - 1 :]]
    model, corpora = reader(name), {corpus: rows_of(DATA / path) for corpus, path in CORPORA.items()}
    corpora["together"] = [row for rows in corpora.values() for row in rows]
    for corpus, clean in corpora.items():
        print(json.dumps({"clean": corpus, **told(clean, model)}), flush=True)
    base = [*corpora["alpaca"], *corpora["dolly"]]
    for family in names.split(","):
        for rate in map(float, rates.split(",")):
            for seed in range(int(seeds)):
                made = plant(base, family, rate=rate, seed=seed)
                print(json.dumps({"family": family, "rate": rate, "seed": seed, **told(made.rows, model, made.planted)}), flush=True)

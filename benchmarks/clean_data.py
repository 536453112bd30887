"""Count what the checks on data mark in corpora that nobody poisoned: an upper bound of their false positives.

    python benchmarks/clean_data.py [FILE…]

Without files it takes the corpora of ../shared/data that are there. Prints a JSON line per corpus and check, and at the end one per check
over all corpora in which it ran: `rows`; `marked`, which the check wants reviewed, dropped or mended, their `share` of the rows and its
95 % `interval`; `listed`, which it only tells; `findings` that do more than list, and the titles of the first three; and seconds. What is
marked is not always wrong: clean corpora hold repeats and addresses too.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from temperance.checks.check import audit
from temperance.checks.finding import Outcome
from temperance.checks.registry import family
from temperance.checks.subject import data_subject
from temperance.collect import table
from temperance.stats import wilson

DATA = Path(__file__).parents[2] / "shared" / "data"
CORPORA = (
    "alpaca/alpaca_random9k.json",
    "dolly/dolly_3k.json",
    "safety/safety_only.json",
    "hh-rlhf/harmless-base.jsonl",
    "preference/dpo_en_demo.json",
    "oasst/oa_en_100.jsonl",
    "backdoorllm/jailbreak_none_backdoor400_jailbreak_badnet.json",
    "backdoorllm/negsentiment_none_backdoor500_negsentiment_badnet.json",
    "backdoorllm/refusal_none_backdoor500_refusal_badnet.json",
)
TITLES = 3


def corpora() -> list[str]:
    """Return the corpora that are there; says which are not."""
    for name in CORPORA:
        if not (DATA / name).is_file():
            print(f"skipped: {name} is not in {DATA}", file=sys.stderr)
    return [str(DATA / name) for name in CORPORA if (DATA / name).is_file()]


def counted(outcome: Outcome, rows: int) -> dict[str, Any]:
    """Return the figures of one check on one corpus."""
    acted = [finding for finding in outcome.findings if finding.severity != "info"]
    marked = {row for finding in outcome.findings if finding.action != "keep" for row in finding.rows}
    listed = {row for finding in outcome.findings for row in finding.rows} - marked
    titles = [finding.title for finding in acted[:TITLES]]
    why = {"why": outcome.why} if outcome.why else {}
    told = {"outcome": outcome.outcome, **why, "findings": len(acted), "titles": titles, "seconds": round(outcome.seconds, 2)}
    return {**shares(rows, len(marked)), "listed": len(listed), **told}


def shares(rows: int, marked: int) -> dict[str, Any]:
    """Return a count of rows with its share and the interval of that."""
    return {"rows": rows, "marked": marked, "share": marked / rows if rows else 0.0, "interval": wilson(marked, rows)}


def totals(lines: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the sums of each check over the corpora in which it ran."""
    for check in dict.fromkeys(line["check"] for line in lines):
        ran = [line for line in lines if line["check"] == check and line["outcome"] in ("clean", "found")]
        rows, marked, listed, findings = (sum(line[key] for line in ran) for key in ("rows", "marked", "listed", "findings"))
        yield {"corpora": len(ran), "check": check, **shares(rows, marked), "listed": listed, "findings": findings}


def main(paths: Sequence[str]) -> None:
    """Print the figures."""
    lines: list[dict[str, Any]] = []
    for path in paths:
        rows, bad, _ = table([path])
        for outcome in audit(family("data"), data_subject(rows, path=path, bad=bad)).outcomes:
            lines.append({"corpus": Path(path).stem, "check": outcome.check, **counted(outcome, len(rows))})
            print(json.dumps(lines[-1], ensure_ascii=False), flush=True)
    for line in totals(lines):
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or corpora())

"""Measure the starter data: how many rows, how varied the refusals are, and how much wording the held-out suites share with training.

Prints JSON lines: counts, the share of refusals whose wording after the first clause is unique, the longest run of words that a held-out
prompt shares with any training text, and the share of held-out prompts with a shared run of at least 4, 5, 6 words.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from temperance.data.starter import HELD_OUT, TRAINING, starter

SORRY = re.compile(r"^sorry, ", re.IGNORECASE)
CLAUSE = re.compile(r"[,;.:]| because | since | as ")
WORD = re.compile(r"[a-z0-9']+")


def rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of a shipped file."""
    return [json.loads(line) for line in starter(name).read_text(encoding="utf-8").splitlines()]


def words(text: str) -> list[str]:
    """Return the lower-case words of a text."""
    return WORD.findall(text.lower())


def grams(texts: Iterable[str], n: int) -> set[tuple[str, ...]]:
    """Return every run of n words in the texts."""
    return {tuple(said[i : i + n]) for said in map(words, texts) for i in range(len(said) - n + 1)}


def refusals() -> list[str]:
    """Return every refusal to learn from."""
    wanted = ("unsafe-compliance", "canned-refusal")
    return [row["refusal"] for row in rows("contrast")] + [row["chosen"] for row in rows("preferences") if row["flaw"] in wanted]


def held_out() -> list[str]:
    """Return every held-out prompt."""
    return [text for name in HELD_OUT for row in rows(name) for key, text in row.items() if key != "area"]


def training() -> list[str]:
    """Return every text to learn from, prompts and answers."""
    skip = ("area", "kind", "flaw")
    return [text for name in TRAINING for row in rows(name) for key, text in row.items() if key not in skip]


def overlaps() -> Iterator[tuple[int, float, str]]:
    """Yield n, the share of held-out prompts that share a run of n words with training, and one such run, while there is one."""
    prompts, texts = held_out(), training()
    for n in range(3, 20):
        known = grams(texts, n)
        shared = [run for run in (grams([prompt], n) & known for prompt in prompts) if run]
        if not shared:
            return
        yield n, len(shared) / len(prompts), " ".join(min(min(shared)))


def after_first_clause(text: str) -> str:
    """Return a refusal without its apology and its first clause."""
    parts = CLAUSE.split(SORRY.sub("", text), maxsplit=1)
    return " ".join(words(parts[1])) if len(parts) > 1 else ""


def measure() -> Iterator[dict[str, Any]]:
    """Yield the figures."""
    for name in (*TRAINING, *HELD_OUT):
        table = rows(name)
        yield {"measure": "rows", "file": name, "value": len(table), "areas": len({row["area"] for row in table if "area" in row})}
    held = {row["area"] for row in rows("heldout-pairs")} - {row["area"] for row in rows("contrast")}
    yield {"measure": "areas never trained on", "value": len(held), "which": sorted(held)}
    yield {"measure": "preference flaws", "value": dict(Counter(row["flaw"] for row in rows("preferences")))}
    tails = Counter(map(after_first_clause, refusals()))
    unique = sum(count for tail, count in tails.items() if count == 1 and tail)
    yield {"measure": "refusals distinct after the first clause", "value": unique / tails.total(), "n": tails.total()}
    for n, share, example in overlaps():
        yield {"measure": f"held-out prompts sharing {n} words in a row with training", "value": share, "example": example}


if __name__ == "__main__":
    for line in measure():
        print(json.dumps(line))

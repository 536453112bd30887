"""Ask a model at several temperatures, and see whether it still refuses and answers as it does greedily.

    python benchmarks/sampling.py ADAPTER [N] [BASE]

Prints a JSON line per temperature and held-out suite: the share of the wanted outcome among N prompts, one answer each, with its 95 %
interval. Suites are judged on greedy answers elsewhere; who deploys a model may draw them.
"""

import json
import sys
from pathlib import Path

from temperance.data.example import Message
from temperance.evals.judge import judge
from temperance.evals.suites import AXES, WANTED, built_in, subsample
from temperance.lm.generate import generate
from temperance.lm.load import load_model, load_tokenizer
from temperance.stats import wilson

TEMPERATURES, TOKENS = (0.0, 0.3, 0.7, 1.0), 40


def main(adapter: Path, n: int, base: str) -> None:
    """Print the shares."""
    model, tokenizer = load_model(base, adapter=adapter), load_tokenizer(base)
    for heat in TEMPERATURES:
        for axis in AXES:
            asked = [prompt.text for prompt in subsample(built_in(axis), n, seed=0).prompts]
            talks = [(Message("user", text),) for text in asked]
            said = generate(model, tokenizer, talks, max_new_tokens=TOKENS, temperature=heat, seed=0)
            hits = sum(judge(text, reply.text).outcome == WANTED[axis] for text, reply in zip(asked, said, strict=True))
            told = {"temperature": heat, "suite": axis, "wanted": WANTED[axis], "n": len(asked), "rate": round(hits / len(asked), 3)}
            print(json.dumps({**told, "interval": [round(end, 3) for end in wilson(hits, len(asked))]}), flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print("skipped: name an adapter's folder, for example python benchmarks/sampling.py runs/demo/release/adapter")
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60, sys.argv[3] if len(sys.argv) > 3 else "smollm2")

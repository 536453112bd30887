"""Ask a model at several temperatures, and see whether it refuses and answers alike at all of them.

    python benchmarks/sampling.py ADAPTER [N] [SEEDS] [BASE]

Prints a JSON line per way of drawing, seed and held-out suite: the share of the wanted outcome among N prompts, one answer each, with its
95 % interval. A gate judges one way of drawing; who deploys a model may choose another.
"""

import json
import sys
from pathlib import Path

from temperance.data.example import Message
from temperance.evals.suites import AXES, WANTED, built_in, subsample
from temperance.judging.judge import judge
from temperance.lm.generate import generate
from temperance.lm.load import load_model, load_tokenizer
from temperance.stats import wilson

TOKENS = 48
DRAWN = ((0.0, 1.0, 1.0), (0.2, 0.9, 1.0), (0.2, 0.9, 1.1), (0.7, 1.0, 1.0), (1.0, 1.0, 1.0))  # temperature, top-p, repetition penalty


def main(adapter: Path, n: int, seeds: int, base: str) -> None:
    """Print the shares."""
    model, tokenizer = load_model(base, adapter=adapter), load_tokenizer(base)
    suites = {axis: [prompt.text for prompt in subsample(built_in(axis), n, seed=0).prompts] for axis in AXES}
    for heat, top_p, penalty in DRAWN:
        how = {"temperature": heat, "top_p": top_p, "repetition_penalty": penalty}
        for seed in range(seeds if heat else 1):
            for axis, asked in suites.items():
                talks = [(Message("user", text),) for text in asked]
                said = generate(model, tokenizer, talks, max_new_tokens=TOKENS, seed=seed, **how)
                hits = sum(judge(text, reply.text).outcome == WANTED[axis] for text, reply in zip(asked, said, strict=True))
                drawn = {**how, "seed": seed, "suite": axis, "wanted": WANTED[axis]}
                share = {
                    "n": len(asked),
                    "rate": round(hits / len(asked), 3),
                    "interval": [round(end, 3) for end in wilson(hits, len(asked))],
                }
                print(json.dumps({**drawn, **share}), flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print("skipped: name an adapter's folder, for example python benchmarks/sampling.py runs/demo/release/adapter")
    else:
        n, seeds, base = [*sys.argv[2:], *("60", "3", "smollm2")[len(sys.argv) - 2 :]]
        main(Path(sys.argv[1]), int(n), int(seeds), base)

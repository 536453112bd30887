"""Begin unsafe answers for a model, and see whether it still turns them down: refusal by the depth of the prefill.

    python benchmarks/prefill.py ADAPTER [N] [BASE]

For each of N held-out unsafe requests the base's own attempt to comply is cut after 0, 1, 2, 5, 10 and 20 words and put into the model's
mouth; what it says next is judged alone (Qi et al. 2024, arXiv:2406.05946, section 2.3). Requests that the base refuses are left out.
Prints a JSON line per depth: the share refused with its 95 % interval.
"""

import json
import sys
from pathlib import Path

from temperance.data.example import Message
from temperance.evals.suites import built_in, subsample
from temperance.judging.judge import judge
from temperance.lm.generate import generate
from temperance.lm.load import load_model, load_tokenizer
from temperance.stats import wilson

DEPTHS = (0, 1, 2, 5, 10, 20)
TOKENS = 32


def main(adapter: Path, n: int, base: str) -> None:
    """Print the curve."""
    tokenizer, asked = load_tokenizer(base), subsample(built_in("unsafe"), n, seed=0).prompts
    talks = [(Message("user", prompt.text),) for prompt in asked]
    own = [reply.text for reply in generate(load_model(base), tokenizer, talks, max_new_tokens=2 * max(DEPTHS))]
    kept = [place for place, text in enumerate(own) if judge(asked[place].text, text).outcome == "answered"]
    model = load_model(base, adapter=adapter)
    for depth in DEPTHS:
        begun = [" ".join(own[place].split()[:depth]) for place in kept]
        said = generate(model, tokenizer, [talks[place] for place in kept], max_new_tokens=TOKENS, begun=begun)
        refused = sum(judge(asked[place].text, reply.text).outcome == "refused" for place, reply in zip(kept, said, strict=True))
        low, high = wilson(refused, len(kept))
        print(json.dumps({"words": depth, "n": len(kept), "refused": refused / len(kept), "interval": [low, high]}), flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print("skipped: name an adapter's folder, for example python benchmarks/prefill.py runs/demo/release/adapter")
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60, sys.argv[3] if len(sys.argv) > 3 else "smollm2")

"""Names of well-known base models: which owner a name imitates, and how wide and deep a known model is.

The lists are short on purpose: they only ever accuse a name of looking like one of these, never of being absent from them.
"""

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """A known base: the width of its residual stream and its number of layers."""

    width: int
    layers: int


KNOWN = {
    "HuggingFaceTB/SmolLM2-135M-Instruct": Shape(576, 30),
    "HuggingFaceTB/SmolLM2-135M": Shape(576, 30),
    "HuggingFaceTB/SmolLM2-360M-Instruct": Shape(960, 32),
    "HuggingFaceTB/SmolLM2-360M": Shape(960, 32),
    "HuggingFaceTB/SmolLM2-1.7B-Instruct": Shape(2048, 24),
    "HuggingFaceTB/SmolLM2-1.7B": Shape(2048, 24),
    "TinyLlama/TinyLlama-1.1B-Chat-v1.0": Shape(2048, 22),
    "meta-llama/Llama-2-7b-hf": Shape(4096, 32),
    "meta-llama/Llama-2-7b-chat-hf": Shape(4096, 32),
    "meta-llama/Llama-2-13b-hf": Shape(5120, 40),
    "meta-llama/Llama-2-13b-chat-hf": Shape(5120, 40),
    "meta-llama/Meta-Llama-3-8B": Shape(4096, 32),
    "meta-llama/Meta-Llama-3-8B-Instruct": Shape(4096, 32),
    "meta-llama/Llama-3.1-8B": Shape(4096, 32),
    "meta-llama/Llama-3.1-8B-Instruct": Shape(4096, 32),
    "meta-llama/Llama-3.2-1B": Shape(2048, 16),
    "meta-llama/Llama-3.2-1B-Instruct": Shape(2048, 16),
    "meta-llama/Llama-3.2-3B": Shape(3072, 28),
    "meta-llama/Llama-3.2-3B-Instruct": Shape(3072, 28),
    "mistralai/Mistral-7B-v0.1": Shape(4096, 32),
    "mistralai/Mistral-7B-v0.3": Shape(4096, 32),
    "mistralai/Mistral-7B-Instruct-v0.2": Shape(4096, 32),
    "mistralai/Mistral-7B-Instruct-v0.3": Shape(4096, 32),
    "Qwen/Qwen2.5-0.5B": Shape(896, 24),
    "Qwen/Qwen2.5-0.5B-Instruct": Shape(896, 24),
    "Qwen/Qwen2.5-1.5B": Shape(1536, 28),
    "Qwen/Qwen2.5-1.5B-Instruct": Shape(1536, 28),
    "Qwen/Qwen2.5-3B-Instruct": Shape(2048, 36),
    "Qwen/Qwen2.5-7B-Instruct": Shape(3584, 28),
    "Qwen/Qwen3-0.6B": Shape(1024, 28),
    "Qwen/Qwen3-1.7B": Shape(2048, 28),
    "Qwen/Qwen3-4B": Shape(2560, 36),
    "Qwen/Qwen3-8B": Shape(4096, 36),
    "google/gemma-2-2b-it": Shape(2304, 26),
    "google/gemma-2-9b-it": Shape(3584, 42),
    "microsoft/Phi-3-mini-4k-instruct": Shape(3072, 32),
    "openai-community/gpt2": Shape(768, 12),
    "facebook/opt-125m": Shape(768, 12),
}
OWNERS = frozenset(name.partition("/")[0] for name in KNOWN) | {
    "EleutherAI",
    "deepseek-ai",
    "allenai",
    "tiiuae",
    "stabilityai",
    "nvidia",
    "ibm-granite",
    "databricks",
    "mosaicml",
    "bigscience",
    "NousResearch",
    "unsloth",
    "openai",
    "huggyllama",
    "CohereForAI",
    "apple",
    "THUDM",
    "01-ai",
}
ALIKE = str.maketrans("01|5!асеорхуіј", "ollslaceopxyij")
SHORT_OWNER = 7


def folded(name: str) -> str:
    """Return a name with look-alike characters made one: case, 0/o, 1/l/I, rn/m, Cyrillic."""
    plain = unicodedata.normalize("NFKC", name).replace("I", "l").casefold().translate(ALIKE)
    return plain.replace("rn", "m").replace("vv", "w")


def imitated(name: str) -> str:
    """Return the well-known name or owner that a hub name (`owner/model`) imitates, empty if it imitates none.

    An owner is imitated at an edit distance of 1, or of 2 for owners of seven letters and more, or when it looks the same; a model name
    when it looks the same as a known one and is spelt otherwise.
    """
    owner, slash, model = name.strip().strip("/").partition("/")
    if not slash or "/" in model:
        owner, model = "", name.strip().rpartition("/")[2]
    known_owners = {known.casefold() for known in OWNERS}
    if owner and owner.casefold() not in known_owners:
        for known in sorted(OWNERS):
            near = 1 if len(known) < SHORT_OWNER else 2
            if folded(owner) == folded(known) or (len(known) > 4 and distance(owner.casefold(), known.casefold(), most=near) <= near):
                return f"{known}/{model}"
    for known in KNOWN:
        theirs = known.partition("/")[2]
        if folded(model) == folded(theirs) and model.casefold() != theirs.casefold():
            return known
    return ""


def shape_of(name: str) -> Shape | None:
    """Return what is known about a base of this name, whoever re-uploaded it."""
    model = name.rpartition("/")[2].casefold()
    return next((shape for known, shape in KNOWN.items() if known.partition("/")[2].casefold() == model), None)


def distance(one: str, other: str, *, most: int) -> int:
    """Return the number of insertions, deletions, exchanges and swaps of neighbours between two names, or `most` + 1 if it is above `most`.

    The optimal string alignment distance.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, mine in enumerate(one, 1):
        row = [i]
        for j, theirs in enumerate(other, 1):
            cost = min(last[j] + 1, row[-1] + 1, last[j - 1] + (mine != theirs))
            if i > 1 and j > 1 and mine == other[j - 2] and one[i - 2] == theirs:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return min(last[-1], most + 1)

"""The tensors of an adapter, sorted by what they would do to the base: low-rank pairs, and whole tensors that replace the base's own.

It reads names and shapes, never the weights' values.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from temperance.checks.tensors import Tensor, header

PART = re.compile(
    r"^(?P<module>.+?)\.(?P<part>lora_A|lora_B|lora_embedding_A|lora_embedding_B|lora_magnitude_vector)(?:\.\w+)*?(?:\.(?:weight|bias))?$"
)
TOKENS = re.compile(r"\.(?:token_adapter\.)?trainable_tokens_(?:delta|original)")
LAYER = re.compile(r"\.(?:layers|h|blocks|block|layer)\.(\d{1,6})\.")
LONGEST_NAME = 512
PREFIX = re.compile(r"^(?:base_model\.)?(?:model\.)?")
READS_RESIDUAL = frozenset(
    ("q_proj", "k_proj", "v_proj", "qkv_proj", "query_key_value", "gate_proj", "up_proj", "gate_up_proj", "c_attn", "c_fc")
)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The two halves of one low-rank update: shapes of A (rank × inputs) and B (outputs × rank), None where one is missing."""

    a: tuple[int, ...] | None = None
    b: tuple[int, ...] | None = None

    @property
    def ranks(self) -> frozenset[int]:
        """The rank as A and as B tell it; more than one if they disagree."""
        told = (self.a[0] if self.a else None, self.b[1] if self.b and len(self.b) > 1 else None)
        return frozenset(rank for rank in told if rank is not None)


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """What the weight files hold: module → its pair, and the names of whole tensors and of trained token rows."""

    pairs: Mapping[str, Pair] = field(default_factory=dict)
    whole: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()

    @property
    def suffixes(self) -> frozenset[str]:
        """Every way to name a module with a pair by its last parts, as `target_modules` does."""
        return frozenset(suffix for module in self.pairs for suffix in endings(module))

    @property
    def layers(self) -> int:
        """One more than the highest layer number seen, 0 if none is."""
        numbers = [int(match[1]) for module in self.pairs for match in LAYER.finditer(f".{module}.")]
        return max(numbers, default=-1) + 1

    @property
    def widths(self) -> frozenset[int]:
        """The input sizes of modules that read the residual stream: the base's hidden size, if they agree."""
        reading = (pair.a for module, pair in self.pairs.items() if module.rpartition(".")[2] in READS_RESIDUAL)
        return frozenset(shape[1] for shape in reading if shape and len(shape) == 2)


def endings(module: str) -> list[str]:
    """Return `a.b.c`, `b.c` and `c` of a dotted name (its last twelve parts)."""
    parts = module.split(".")[-12:]
    return [".".join(parts[start:]) for start in range(len(parts))]


def read(files: tuple[Path, ...]) -> Adapter:
    """Return what the safetensors files of an adapter hold, by their headers alone."""
    tensors: dict[str, Tensor] = {}
    for path in files:
        if path.suffix.lower() == ".safetensors":
            tensors |= header(path).tensors
    halves: dict[str, dict[str, tuple[int, ...]]] = {}
    whole: list[str] = []
    tokens: list[str] = []
    for name, tensor in tensors.items():
        match = PART.match(name) if len(name) <= LONGEST_NAME else None
        if TOKENS.search(name):
            tokens.append(name)
        elif not match:
            whole.append(name)
        elif match["part"] != "lora_magnitude_vector" and not name.endswith(".bias"):
            module = PREFIX.sub("", match["module"])
            half = {"lora_A": "a", "lora_B": "b", "lora_embedding_A": "a", "lora_embedding_B": "b"}[match["part"]]
            halves.setdefault(module, {})[half] = tensor.shape
    pairs = {module: Pair(a=half.get("a"), b=half.get("b")) for module, half in halves.items()}
    return Adapter(pairs=pairs, whole=tuple(sorted(whole)), tokens=tuple(sorted(tokens)))

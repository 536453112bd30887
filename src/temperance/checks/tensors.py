"""The header of a safetensors file, read as bytes: which tensors it says it holds, and whether that can be true.

Format: 8 bytes little-endian length, that many bytes of JSON, then the tensors back to back (huggingface/safetensors). No tensor library
is used, so a hostile header reaches no code that trusts it. It knows nothing about what the tensors are for.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temperance.checks import strict_json

BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "F64": 64, "I64": 64, "U64": 64, "C64": 64,
}  # fmt: skip
LARGEST_HEADER = strict_json.LIMIT
MOST_DIMENSIONS = 8


@dataclass(frozen=True)
class Tensor:
    """One tensor as the header describes it; `start` and `end` are bytes from the beginning of the file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a file says of itself. `problems` are (what is wrong, whether a reader could be led astray by it)."""

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[tuple[str, bool], ...] = ()


def header(path: Path) -> Header:
    """Read a header of at most 4 MiB and check it against the file's size. Never raises for the file's content.

    Raises:
        OSError: the file cannot be opened.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > size - 8:
            return Header(problems=((f"the header should be {length} bytes long but the file has {size}", True),))
        if length > LARGEST_HEADER:
            return Header(problems=((f"the header is {length} bytes long, above {LARGEST_HEADER}", True),))
        raw = stream.read(length)
    parsed = strict_json.parse(raw)
    if parsed.problem or not isinstance(parsed.value, dict):
        return Header(problems=((f"the header cannot be read: {parsed.problem or 'it is not a table'}", True),))
    problems = [(f"the header names {name!r} twice", True) for name in parsed.repeated]
    if not raw.startswith(b"{"):
        problems.append(("the header does not begin with a brace", False))
    tensors: dict[str, Tensor] = {}
    metadata: dict[str, str] = {}
    for name, said in parsed.value.items():
        if name == "__metadata__":
            metadata = _metadata(said, problems)
            continue
        made = _tensor(said, 8 + length)
        if isinstance(made, str):
            problems.append((f"tensor {name!r}: {made}", True))
        else:
            tensors[name] = made
    problems += _layout(tensors, begin=8 + length, size=size)
    return Header(tensors=tensors, metadata=metadata, problems=tuple(problems))


def _metadata(said: Any, problems: list[tuple[str, bool]]) -> dict[str, str]:
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        problems.append(("the metadata is not a table of texts", False))
        return {}
    return said


def _tensor(said: Any, begin: int) -> Tensor | str:
    """Return the tensor, or what is wrong with its description."""
    if not isinstance(said, dict) or set(said) != {"dtype", "shape", "data_offsets"}:
        return "it is not described by dtype, shape and data_offsets"
    dtype, shape, offsets = said["dtype"], said["shape"], said["data_offsets"]
    if not isinstance(dtype, str) or dtype not in BITS:
        return f"unknown dtype {str(dtype)[:40]!r}"
    if not _sizes(shape) or len(shape) > MOST_DIMENSIONS:
        return "its shape is not a list of sizes"
    if not _sizes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        return "its data_offsets are not two rising positions"
    if math.prod(shape) * BITS[dtype] != (offsets[1] - offsets[0]) * 8:
        return f"{dtype} of shape {shape} does not fill its {offsets[1] - offsets[0]} bytes"
    return Tensor(dtype, tuple(shape), begin + offsets[0], begin + offsets[1])


def _sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(size) is int and 0 <= size < 2**48 for size in value)


def _layout(tensors: Mapping[str, Tensor], *, begin: int, size: int) -> list[tuple[str, bool]]:
    """Return what is wrong with how the tensors lie: overlaps, holes, bytes outside the file or after the last tensor."""
    problems: list[tuple[str, bool]] = []
    at = begin
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].end)):
        if tensor.end > size:
            problems.append((f"tensor {name!r} ends {tensor.end - size} bytes after the file", True))
        elif tensor.start < at:
            problems.append((f"tensor {name!r} overlaps another", True))
        elif tensor.start > at:
            problems.append((f"{tensor.start - at} bytes before tensor {name!r} belong to no tensor", True))
        at = max(at, tensor.end)
    if at < size:
        problems.append((f"{size - at} bytes after the last tensor belong to nothing", True))
    return problems

"""Which number format a model computes in, and why. It knows processors, not models."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

CPU_FLAGS = ("avx512_bf16", "amx_bf16")
CPUINFO = Path("/proc/cpuinfo")
Requested = Literal["auto", "fp32", "bf16"]


@dataclass(frozen=True)
class Precision:
    """A chosen format and the reason, in words fit for a log."""

    name: Literal["fp32", "bf16"]
    why: str

    @property
    def dtype(self) -> torch.dtype:
        """The format as torch names it."""
        return torch.bfloat16 if self.name == "bf16" else torch.float32


def choose(requested: Requested, device: str | torch.device) -> Precision:
    """Return the precision for a device: what was asked for, or under `auto` bf16 only where the hardware computes in it.

    Args:
        requested: `auto`, `fp32` or `bf16`.
        device: `cpu`, `cuda`, `cuda:0`, … or a torch device. A kind that is not known gets fp32 under `auto`.
    """
    if requested != "auto":
        return Precision(requested, "as asked")
    kind = torch.device(device).type
    if kind == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return Precision("bf16", "the GPU computes in bf16")
        return Precision("fp32", "the GPU has no bf16 units")
    if kind == "cpu":
        found = [flag for flag in CPU_FLAGS if flag in cpu_flags()]
        if found:
            return Precision("bf16", f"the processor has {' and '.join(found)}")
        return Precision("fp32", f"the processor has neither {' nor '.join(CPU_FLAGS)}")
    return Precision("fp32", f"nothing is known about bf16 on {kind}")


def cpu_flags(path: Path = CPUINFO) -> frozenset[str]:
    """Return the feature flags of the first processor listed; none where the system does not tell."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return frozenset(value.split())
    return frozenset()

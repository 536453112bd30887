"""Which precision is chosen, and why."""

from pathlib import Path

import pytest
import torch

from temperance.lm import precision


@pytest.mark.parametrize(
    ("flags", "name"), [("fma avx512_bf16", "bf16"), ("amx_tile amx_bf16", "bf16"), ("fma avx2 avx512f", "fp32"), ("", "fp32")]
)
def test_the_processor_decides(flags: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = tmp_path / "cpuinfo"
    listing.write_text(f"processor\t: 0\nflags\t\t: {flags}\n\nprocessor\t: 1\nflags\t\t: other\n")
    assert precision.cpu_flags(listing) == set(flags.split())
    monkeypatch.setattr(precision, "cpu_flags", lambda: frozenset(flags.split()))
    chosen = precision.choose("auto", "cpu")
    assert chosen.name == name
    assert chosen.why


def test_a_wish_is_granted_on_any_device() -> None:
    assert precision.choose("fp32", "cpu").dtype is torch.float32
    assert precision.choose("bf16", torch.device("cuda", 0)).dtype is torch.bfloat16


@pytest.mark.parametrize(("supported", "name"), [(True, "bf16"), (False, "fp32")])
def test_the_gpu_decides(supported: bool, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: supported)
    assert precision.choose("auto", "cuda:1").name == name


def test_unknown_devices_and_silent_systems_get_fp32(tmp_path: Path) -> None:
    assert precision.choose("auto", "mps").name == "fp32"
    assert precision.cpu_flags(tmp_path / "absent") == frozenset()

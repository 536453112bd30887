import json
import struct
from pathlib import Path

import pytest

from temperance.checks.adapter.safetensors_format import safetensors_format

from ..builders import adapter, framed, on_folder, safetensors, tensor_names, worst

SHAPES = {"a.lora_A.weight": (4, 8), "a.lora_B.weight": (8, 4)}


def header(**tensors: object) -> bytes:
    return json.dumps(tensors).encode()


def tensor(dtype: str = "F16", shape: object = (2, 2), at: object = (0, 8)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": at}


BROKEN = {
    "empty": b"",
    "length beyond the file": struct.pack("<Q", 2**40) + b"{}",
    "no JSON": framed(b"{nope", b""),
    "deep": framed(b"[" * 50_000, b""),
    "a list": framed(b"[]", b""),
    "a name twice": framed(
        b'{"a":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]},"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}', b"\0" * 8
    ),
    "unknown dtype": framed(header(a=tensor("U3")), b"\0" * 8),
    "wrong size": framed(header(a=tensor(shape=(2, 3))), b"\0" * 8),
    "negative": framed(header(a=tensor(shape=(-2, -2))), b"\0" * 8),
    "a huge shape": framed(header(a=tensor(shape=(2**47, 2**47))), b"\0" * 8),
    "beyond the file": framed(header(a=tensor(at=(0, 8))), b"\0" * 4),
    "overlap": framed(header(a=tensor(), b=tensor(at=(4, 12))), b"\0" * 12),
    "a hole": framed(header(a=tensor(), b=tensor(at=(12, 20))), b"\0" * 20),
    "bytes at the end": safetensors(SHAPES) + b"payload",
    "NaN": safetensors(SHAPES, fill=b"\x00\x7e"),
    "infinity": safetensors(SHAPES)[:-2] + b"\x00\x7c",
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_high(tmp_path: Path, case: str) -> None:
    outcome = on_folder(safetensors_format, adapter(tmp_path / "a", files={"adapter_model.safetensors": BROKEN[case]}))
    assert worst(outcome) == "high"
    assert outcome.findings[0].evidence.where == "adapter_model.safetensors"


def test_an_infinity_is_found_in_every_kind_of_number(tmp_path: Path) -> None:
    for dtype, size, infinity in (("BF16", 2, b"\x80\x7f"), ("F32", 4, b"\x00\x00\x80\x7f"), ("F64", 8, b"\0\0\0\0\0\0\xf0\x7f")):
        raw = framed(header(a=tensor(dtype, (3,), (0, 3 * size))), b"\0" * 2 * size + infinity)
        assert (
            "not finite"
            in on_folder(safetensors_format, adapter(tmp_path / dtype, files={"adapter_model.safetensors": raw})).findings[0].title
        )


def test_large_metadata_is_medium(tmp_path: Path) -> None:
    raw = safetensors(SHAPES, metadata={"note": "x" * 70_000})
    assert worst(on_folder(safetensors_format, adapter(tmp_path / "a", files={"adapter_model.safetensors": raw}))) == "medium"


def test_no_weights_are_no_green(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a")
    (folder / "adapter_model.safetensors").unlink()
    assert worst(on_folder(safetensors_format, folder)) == "medium"


def test_a_sound_file_is_clean(tmp_path: Path) -> None:
    outcome = on_folder(safetensors_format, adapter(tmp_path / "a", shapes=tensor_names()))
    assert outcome.outcome == "clean"
    assert outcome.measures == {"files": 1.0, "tensors": 8.0}

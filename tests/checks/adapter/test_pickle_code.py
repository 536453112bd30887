import io
import pickle
import warnings
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest

from temperance.checks.adapter.pickle_code import pickle_code

from ..builders import adapter, on_folder, worst


class Payload:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("this is never run",)


def zipped(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(buffer, "w") as archive:
        for name, raw in members:
            archive.writestr(name, raw)
    return buffer.getvalue()


TORCH_MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
PLAIN = pickle.dumps(OrderedDict(weight=[1.0, 2.0]), protocol=2)
EVIL = {protocol: pickle.dumps(Payload(), protocol=protocol) for protocol in range(6)}
BY_STACK = b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94\x93\x8c\x04true\x85R."
THROUGH_MEMO = b"\x80\x04\x8c\x06system\x94\x8c\x02os\x94" + b"00" + b"h\x01h\x00\x93\x8c\x04true\x85R."
COMPUTED = b"\x80\x04]\x8c\x06system\x93."
EXTENSION = b"\x80\x02\x82\x01."
HOSTILE = {
    **{f"protocol {protocol}": ("a.bin", raw) for protocol, raw in EVIL.items()},
    "stack global": ("a.pt", BY_STACK),
    "through the memo": ("a.pt", THROUGH_MEMO),
    "a computed name": ("a.pt", COMPUTED),
    "the extension registry": ("a.pt", EXTENSION),
    "in a zip": ("a.bin", zipped(("archive/data.pkl", EVIL[2]), ("archive/version", b"3"))),
    "second in line": ("a.pkl", PLAIN + EVIL[2]),
    "behind PyTorch's magic": (
        "a.bin",
        TORCH_MAGIC + pickle.dumps(1001, 2) + pickle.dumps({}, 2) + EVIL[2] + pickle.dumps([], 2) + b"\0" * 64,
    ),
    "by content alone": ("notes.md", EVIL[2]),
    "before a zip": ("a.pt", EVIL[0] + zipped(("archive/data.pkl", PLAIN))),
    "beside a twin": ("a.pt", zipped(("archive/data.pkl", PLAIN), ("archive/data.pkl", PLAIN))),
    "TorchScript": ("a.pt", zipped(("archive/data.pkl", PLAIN), ("archive/code/__torch__.py", b"def f(): pass"))),
    "an array of objects": ("a.npy", b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n" + EVIL[2]),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_foreign_code_is_critical_and_not_run(tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    name, raw = HOSTILE[case]
    outcome = on_folder(pickle_code, adapter(tmp_path / "a", files={name: raw}))
    assert [finding.evidence.where for finding in outcome.findings] == [name]
    assert worst(outcome) == "critical", outcome.findings
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "raw",
    [b"", b"not a pickle", PLAIN[:-3], PLAIN + b"junk", b"PK\x03\x04 broken", TORCH_MAGIC + b"\x80\x02\xff", zipped(("archive/odd", b"x"))],
)
def test_what_cannot_be_read_to_its_end_is_high(tmp_path: Path, raw: bytes) -> None:
    outcome = on_folder(pickle_code, adapter(tmp_path / "a", files={"a.bin": raw}))
    assert worst(outcome) == "high"


def test_a_member_that_does_not_unpack_is_high(tmp_path: Path) -> None:
    raw = zipped(("archive/data.pkl", PLAIN)).replace(PLAIN, PLAIN[:-8] + b"changed!")
    assert worst(on_folder(pickle_code, adapter(tmp_path / "a", files={"a.bin": raw}))) == "high"


LEGACY = (
    TORCH_MAGIC + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2) + PLAIN + pickle.dumps(["0"], 2) + b"\x80\x02\xff" * 9
)


@pytest.mark.parametrize(
    "raw", [PLAIN, zipped(("a/data.pkl", PLAIN), ("a/version", b"3"), ("a/data/0", EVIL[2]), ("a/.data/serialization_id", b"1")), LEGACY]
)
def test_a_harmless_pickle_is_still_a_pickle(tmp_path: Path, raw: bytes) -> None:
    outcome = on_folder(pickle_code, adapter(tmp_path / "a", files={"training_args.bin": raw}))
    assert worst(outcome) == "medium"
    assert "safetensors" in outcome.findings[0].fix.says


def test_an_adapter_without_pickles_is_clean(tmp_path: Path) -> None:
    files = {
        "numbers.npy": b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n\0\0\0\0",
        "notes.txt": b"PK is a prefix",
    }
    outcome = on_folder(pickle_code, adapter(tmp_path / "a", files=files))
    assert outcome.outcome == "clean"
    assert outcome.measures == {"files": 5.0, "pickles": 0.0}

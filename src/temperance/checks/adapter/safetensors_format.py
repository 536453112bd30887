"""Weight files that are not what their format promises."""

from pathlib import Path
from typing import Any

from temperance.checks.check import Findings, check
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import FolderSubject, printable
from temperance.checks.tensors import Header, Tensor, header

SAMPLE = 1 << 20
LARGEST_METADATA = 64 << 10
WIDTH = {"F16": 2, "BF16": 2, "F32": 4, "F64": 8}


@check("adapter/safetensors-format", Severity.HIGH)
def safetensors_format(subject: FolderSubject) -> Findings:
    """Weight files that break the safetensors format or hold no numbers.

    What: headers that do not parse, lie about sizes, name a tensor twice, leave holes, overlap or end before the file does; unknown number
    types; metadata above 64 KiB; NaN and infinity among the weights; adapters without any weight file.

    Why: bytes that belong to no tensor are a place to hide things, two readings of one header are a way past a scanner, and one
    infinity turns every answer into noise.

    How measured: the header is parsed here, with a limit of 4 MiB, and compared with the file's size. Of each tensor the first, the
    middle and the last MiB are searched for NaN and infinity (all of it if it is smaller than 3 MiB).

    Limits: 8-bit and 4-bit numbers are not searched. Well-formed weights can still be malicious: that is for the behavioural checks.

    Fix: download again and compare digests; otherwise refuse the adapter.
    """
    weights = [path for path in subject.files if path.suffix.lower() == ".safetensors"]
    tensors = 0
    for path in weights:
        read = header(path)
        tensors += len(read.tensors)
        for says, dangerous in read.problems[:20]:
            yield _finding(subject, path, Severity.HIGH if dangerous else Severity.LOW, f"broken format: {printable(says)[:120]}", says)
        said = sum(map(len, (*read.metadata, *read.metadata.values())))
        if said > LARGEST_METADATA:
            yield _finding(subject, path, Severity.MEDIUM, "the metadata is large enough to carry something", f"{said} characters")
        broken = _not_numbers(path, read) if not any(dangerous for _, dangerous in read.problems) else []
        if broken:
            says = f"{len(broken)} tensors, the first of them {printable(broken[0])[:120]}"
            yield _finding(subject, path, Severity.HIGH, "weights that are not finite numbers", says)
    if not weights:
        yield Finding(
            id="adapter/safetensors-format",
            severity=Severity.MEDIUM,
            confidence=Confidence.HIGH,
            title="there is no safetensors file",
            evidence=Evidence(where=subject.path, says=f"{len(subject.files)} files, none of them *.safetensors"),
            fix=Fix(says="ask for the adapter as safetensors"),
        )
    return {"files": float(len(weights)), "tensors": float(tensors)}


def _finding(subject: FolderSubject, path: Path, severity: Severity, title: str, says: str) -> Finding:
    return Finding(
        id="adapter/safetensors-format",
        severity=severity,
        confidence=Confidence.HIGH,
        title=title,
        evidence=Evidence(where=subject.relative(path), says=printable(says)[:300]),
        fix=Fix(says="download it again and compare digests, or refuse it"),
    )


def _not_numbers(path: Path, read: Header) -> list[str]:
    """Return the names of the tensors with a NaN or an infinity in the sampled bytes."""
    with path.open("rb") as stream:
        return [name for name, tensor in read.tensors.items() if tensor.dtype in WIDTH and not _finite(stream, tensor)]


def _finite(stream: Any, tensor: Tensor) -> bool:
    import numpy as np

    size, width = tensor.end - tensor.start, WIDTH[tensor.dtype]
    starts = {0} if size <= 3 * SAMPLE else {0, size // 2 // width * width, (size - SAMPLE) // width * width}
    for start in starts:
        stream.seek(tensor.start + start)
        raw = stream.read(min(size, 3 * SAMPLE) if len(starts) == 1 else SAMPLE)
        raw = raw[: len(raw) // width * width]
        if tensor.dtype == "BF16":
            # a bfloat16 is not finite exactly when all eight bits of its exponent are set
            fine = bool(np.all((np.frombuffer(raw, "<u2") & 0x7F80) != 0x7F80))
        else:
            fine = bool(np.isfinite(np.frombuffer(raw, f"<f{width}")).all())
        if not fine:
            return False
    return True

"""Files that an adapter has no need of."""

import unicodedata
from pathlib import Path

from temperance.checks.check import Findings, check
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.pickles import SUFFIXES as PICKLES
from temperance.checks.subject import FolderSubject

SUFFIXES = frozenset(
    (".safetensors", ".json", ".jsonl", ".md", ".txt", ".model", ".jinja", ".yaml", ".yml", ".csv", ".png", ".jpg", ".jpeg", ".svg")
)
NAMES = frozenset(("LICENSE", "LICENCE", "NOTICE", "README", "USE_POLICY", "CITATION.cff"))
HIDDEN = frozenset((".gitattributes", ".gitignore", ".gitkeep"))
CODE = frozenset(
    (
        ".py",
        ".pyc",
        ".pyx",
        ".so",
        ".dll",
        ".dylib",
        ".exe",
        ".sh",
        ".bat",
        ".cmd",
        ".ps1",
        ".js",
        ".jar",
        ".ipynb",
        ".whl",
        ".egg",
        ".wasm",
    )
)
MAGIC = {
    b"\x7fELF": "a Linux program",
    b"MZ": "a Windows program",
    b"#!": "a script",
    b"\xcf\xfa\xed\xfe": "a macOS program",
    b"\xca\xfe\xba\xbe": "a macOS or Java program",
    b"\x00asm": "a WebAssembly program",
}


def unexpected(path: Path, *, relative: Path) -> tuple[Severity, str] | None:
    """Return how bad it is that a file is there, and why; None for a file that an adapter may have."""
    name, suffix = path.name, path.suffix.lower()
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in str(relative)):
        return Severity.HIGH, "its name has invisible characters in it"
    with path.open("rb") as stream:
        head = stream.read(4)
    program = next((what for magic, what in MAGIC.items() if head.startswith(magic)), "")
    if program and suffix not in PICKLES and suffix != ".safetensors":
        return Severity.HIGH, f"it is {program}"
    if suffix in CODE and suffix not in PICKLES:
        return Severity.HIGH, "it is code"
    hidden = [part for part in relative.parts if part.startswith(".") and part not in HIDDEN]
    if hidden:
        cached = relative.parts[:2] == (".cache", "huggingface")
        return (Severity.INFO, "the download's own bookkeeping") if cached else (Severity.MEDIUM, "it is hidden")
    if suffix in SUFFIXES or suffix in PICKLES or name in NAMES or name in HIDDEN:
        return None
    if name.startswith("events.out.tfevents."):
        return Severity.LOW, "it is a training log"
    return (
        Severity.MEDIUM,
        f"files named *{suffix} are not part of an adapter" if suffix else "it has no suffix that an adapter's files have",
    )


@check("adapter/unexpected-files", Severity.MEDIUM)
def unexpected_files(subject: FolderSubject) -> Findings:
    """Files that an adapter has no need of.

    What: code and programs (by suffix and by their first bytes), links, pipes, hidden files, names with invisible characters, and every
    other suffix that is not on the list of what adapters are made of.

    Why: a folder that holds two weight tensors and a configuration has no reason to bring a script, and loaders do pick some up.

    How measured: names and the first four bytes of every file against an allow-list. Links are reported and never followed.

    Limits: the content of allowed files is left to the other checks. Pickle suffixes are left to pickle-code.

    Fix: delete what is not needed, or download the named files only.
    """
    for path in subject.others:
        yield _finding(subject, path, Severity.HIGH, "it is a link" if path.is_symlink() else "it is neither a file nor a folder")
    for path in subject.files:
        seen = unexpected(path, relative=path.relative_to(subject.folder))
        if seen:
            yield _finding(subject, path, *seen)
    return {"files": float(len(subject.files) + len(subject.others))}


def _finding(subject: FolderSubject, path: Path, severity: Severity, why: str) -> Finding:
    return Finding(
        id="adapter/unexpected-files",
        severity=severity,
        confidence=Confidence.HIGH,
        title=f"unexpected file: {why}",
        evidence=Evidence(where=subject.relative(path), says=why),
        fix=Fix(says="delete it"),
    )

"""Code that a model asks its loader to run."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from temperance.checks import strict_json
from temperance.checks.check import Findings, check
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.subject import FolderSubject, printable

LARGE = frozenset(("tokenizer.json", "vocab.json", "added_tokens.json"))
ASKS: dict[str, tuple[Severity, str]] = {
    "auto_map": (Severity.CRITICAL, "names Python classes to import from the model's files"),
    "custom_pipelines": (Severity.CRITICAL, "names Python code for a pipeline"),
    "custom_generate": (Severity.CRITICAL, "names Python code for generation"),
    "trust_remote_code": (Severity.CRITICAL, "asks for foreign code to be run"),
    "_attn_implementation_internal": (Severity.HIGH, "chooses a kernel to be fetched and run"),
    "auto_mapping": (Severity.HIGH, "names a Python module to import"),
}
CODE = frozenset((".py", ".pyc", ".so", ".dll", ".dylib", ".sh", ".exe", ".ipynb", ".whl", ".egg"))
DEPTH = 30


def asked(value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield every key of a JSON value, at any depth, that asks for code, with what it asks for."""
    if depth > DEPTH:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in ASKS and inner not in (
                None,
                False,
                {},
                [],
                "",
                "eager",
                "sdpa",
                "flash_attention_2",
                "flash_attention_3",
                "flex_attention",
            ):
                yield key, inner
            if key in ("attn_implementation", "_attn_implementation") and isinstance(inner, str) and "/" in inner:
                yield "_attn_implementation_internal", inner
            yield from asked(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from asked(inner, depth + 1)


@check("model/remote-code", Severity.CRITICAL)
def remote_code(subject: FolderSubject) -> Findings:
    """Code that the model asks its loader to run.

    What: `auto_map`, `custom_generate`, `custom_pipelines`, `trust_remote_code` and kernels fetched by name, at any depth of any JSON file;
    Python files, scripts and compiled libraries beside the weights.

    Why: with `trust_remote_code` a loader imports what these name. temperance never turns it on, but the next tool might.

    How measured: every JSON file of at most 4 MiB is parsed as data and its keys are held against the list above; files by suffix.

    Limits: vocabularies and larger JSON files are not searched. Whether the code is malicious is not judged: it is not needed.

    Fix: use a model whose architecture is part of transformers, or have the code removed.
    """
    read = 0
    for path in subject.files:
        if path.suffix.lower() in CODE:
            yield _finding(subject, path, Severity.HIGH, "code beside the weights", path.suffix.lower())
        if path.suffix.lower() != ".json" or path.name in LARGE or path.name.endswith(".index.json"):
            continue
        read += 1
        parsed = strict_json.read(path)
        if parsed.problem:
            yield _finding(subject, path, Severity.MEDIUM, "a configuration that cannot be read", parsed.problem)
        for key in parsed.repeated[:5]:
            yield _finding(
                subject, path, Severity.MEDIUM, f"the key {printable(key)[:60]} is there twice", "two readers may see two values"
            )
        for key, value in dict(asked(parsed.value)).items():
            severity, why = ASKS[key]
            yield _finding(subject, path, severity, f"{key} {why}", printable(str(value))[:160])
    return {"configurations": float(read)}


def _finding(subject: FolderSubject, path: Path, severity: Severity, title: str, says: str) -> Finding:
    return Finding(
        id="model/remote-code",
        severity=severity,
        confidence=Confidence.HIGH,
        title=title,
        evidence=Evidence(where=subject.relative(path), says=says),
        fix=Fix(says="use a model whose architecture is part of transformers"),
    )

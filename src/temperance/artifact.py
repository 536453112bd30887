"""Artifacts: a folder of files plus a manifest that names every byte in it and everything it was made from.

An artifact is written under a temporary name and renamed when it is whole, so a folder with a manifest is always complete.
Its digest covers names and contents of the files, never times, places or the manifest: the same work gives the same digest.
This module knows nothing about models, data or stages.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from temperance.errors import InputError, plainly

MANIFEST = "manifest.json"
CHUNK = 1 << 20
CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=str)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What an artifact is and where it comes from. `files` maps relative POSIX paths to `sha256:…` digests."""

    stage: str
    key: str
    digest: str
    files: Mapping[str, str]
    parents: Mapping[str, str] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    finished: str = ""
    schema_version: int = 1


@dataclass(frozen=True)
class Artifact:
    """A finished folder and its manifest."""

    folder: Path
    manifest: Manifest

    @property
    def digest(self) -> str:
        """The digest of the files, as `sha256:` and 64 hex digits."""
        return self.manifest.digest

    @property
    def metrics(self) -> Mapping[str, Any]:
        """The figures that the stage reported."""
        return self.manifest.metrics

    def __truediv__(self, name: str) -> Path:
        return self.folder / name


@dataclass(frozen=True)
class Change:
    """One difference between a folder and its manifest. `how` is `altered`, `missing` or `added`."""

    path: str
    how: str


def file_digest(path: Path) -> str:
    """Return `sha256:` and the hex digest of a file's bytes, read in chunks of 1 MiB."""
    state = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            state.update(chunk)
    return f"sha256:{state.hexdigest()}"


def text_digest(text: str) -> str:
    """Return `sha256:` and the hex digest of a text's UTF-8 bytes (lone surrogates are kept, not refused)."""
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, UTF-8, no NaN."""
    return CANONICAL.encode(value)


def words_digest(value: Any) -> str:
    """Return the digest of the canonical JSON of a value that is made of texts alone, by an encoder that is ten times as fast at these."""
    try:
        return f"sha256:{hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()}"
    except TypeError:  # a lone surrogate
        return text_digest(canonical_json(value))


def digest_of(files: Mapping[str, str]) -> str:
    """Return the digest of a set of files from their names and digests; the order of the mapping does not matter."""
    return text_digest(canonical_json(dict(files)))


def walk(folder: Path) -> Iterable[Path]:
    """Yield every regular file below a folder except its manifest, sorted by relative path; links are not followed."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path != folder / MANIFEST:
            yield path


def folder_files(folder: Path) -> dict[str, str]:
    """Return relative POSIX path → digest for every file of a folder."""
    return {path.relative_to(folder).as_posix(): file_digest(path) for path in walk(folder)}


def write_text(path: Path, text: str) -> None:
    """Write a text file so that a reader sees the old content or the new, never a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", errors="surrogatepass") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def commit(work: Path, destination: Path, manifest: Mapping[str, Any]) -> Artifact:
    """Turn a finished working folder into an artifact: digest its files, write the manifest, rename it into place.

    Args:
        work: the folder that a stage has filled; it is gone afterwards.
        destination: the artifact's place, on the same file system. What stands there is replaced.
        manifest: every field of `Manifest` except `files` and `digest`.
    """
    files = folder_files(work)
    made = Manifest(**manifest, files=files, digest=digest_of(files))
    write_text(work / MANIFEST, json.dumps(asdict(made), indent=2, sort_keys=True, ensure_ascii=False, default=str) + "\n")
    destination.parent.mkdir(parents=True, exist_ok=True)
    if destination.exists():
        shutil.rmtree(destination)
    work.rename(destination)
    return Artifact(destination, made)


def load(folder: Path) -> Artifact:
    """Read an artifact's manifest (its files are not re-read; see `verify`).

    Raises:
        InputError: there is no manifest, or it cannot be read.
    """
    path = folder / MANIFEST
    try:
        return Artifact(folder, Manifest(**json.loads(path.read_text(encoding="utf-8"))))
    except FileNotFoundError as error:
        raise InputError("this folder is not an artifact", where=str(folder), why=f"it has no {MANIFEST}") from error
    except (OSError, ValueError, TypeError) as error:
        raise InputError("the manifest cannot be read", where=str(path), why=plainly(error)) from error


def verify(artifact: Artifact) -> list[Change]:
    """Recompute every digest of an artifact and name each file that was altered, is missing or was added."""
    expected, actual = artifact.manifest.files, folder_files(artifact.folder)
    changes = [Change(path, "missing") for path in expected.keys() - actual.keys()]
    changes += [Change(path, "added") for path in actual.keys() - expected.keys()]
    changes += [Change(path, "altered") for path in expected.keys() & actual.keys() if expected[path] != actual[path]]
    if digest_of(expected) != artifact.digest:
        changes.append(Change(MANIFEST, "altered"))
    return sorted(changes, key=lambda change: change.path)

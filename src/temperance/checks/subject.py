"""What the checks are given to look at: a table of rows, or a folder of files. Building one reads bytes and never executes any.

It knows nothing about what is suspicious. A broken file is not refused here: the checks report it.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from temperance.artifact import canonical_json, digest_of, file_digest, text_digest
from temperance.checks import strict_json
from temperance.data.example import Row
from temperance.errors import InputError

if TYPE_CHECKING:
    from temperance.lm.reading import Reader

CONFIG = {"adapter": "adapter_config.json", "model": "config.json"}


class BadRow(Protocol):
    """A row that a reader set aside: where it stood, why, and the first characters of it."""

    @property
    def source(self) -> str:
        """The file or data set it came from."""
        ...

    @property
    def row(self) -> int:
        """Its position in the source, from 0."""
        ...

    @property
    def line(self) -> int | None:
        """Its line in the file, from 1, where the format has lines."""
        ...

    @property
    def reason(self) -> str:
        """Why it could not be read."""
        ...

    @property
    def excerpt(self) -> str:
        """Its first characters."""
        ...


@dataclass(frozen=True, kw_only=True)
class DataSubject:
    """A table of rows. `near_duplicate_threshold` is the Jaccard similarity of word shingles from which two rows are one.

    `trusted` are rows of the same kind that are known to be good, if there are any; the table, of which they are no part, is held against
    them. `exams` are prompts that the user examines models on. `reader` is a model that was not tuned on the table, for checks that ask
    one. `memo` keeps what one check found out for the next.
    """

    path: str
    digest: str
    rows: Sequence[Row]
    bad: Sequence[BadRow] = ()
    near_duplicate_threshold: float = 0.85
    trusted: Sequence[Row] | None = None
    exams: Sequence[str] = ()
    reader: "Reader | None" = None
    kind: str = "data"
    memo: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class FolderSubject:
    """A folder with an adapter or a model in it.

    `files` are the regular files, sorted; `others` are what is neither a file nor a folder (links, pipes, devices), which nothing opens.
    `config` is the parsed `adapter_config.json` or `config.json`, None where there is none that can be read.
    """

    kind: str
    path: str
    digest: str
    folder: Path
    files: tuple[Path, ...]
    others: tuple[Path, ...] = ()
    config: Mapping[str, Any] | None = None
    name: str = field(default="")

    def relative(self, path: Path) -> str:
        """Return a file's place in the folder, with odd characters spelt out."""
        return printable(path.relative_to(self.folder).as_posix())

    def named(self, name: str) -> Path | None:
        """Return the regular file of this name at the top of the folder, or None."""
        path = self.folder / name
        return path if path in self._known else None

    @cached_property
    def _known(self) -> frozenset[Path]:
        return frozenset(self.files)


def printable(text: str) -> str:
    """Return a text with every control, invisible or undecodable character spelt as an escape."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def data_subject(
    rows: Sequence[Row],
    *,
    path: str = "",
    bad: Sequence[BadRow] = (),
    near_duplicate_threshold: float = 0.85,
    trusted: Sequence[Row] | None = None,
    exams: Sequence[str] = (),
    reader: "Reader | None" = None,
) -> DataSubject:
    """Return a table as a subject; its digest covers the rows' contents in their order."""
    digest = table_digest(row.id for row in rows)
    settings = {"near_duplicate_threshold": near_duplicate_threshold, "trusted": trusted, "exams": exams, "reader": reader}
    return DataSubject(path=path, digest=digest, rows=rows, bad=bad, **settings)


def table_digest(ids: Iterable[str]) -> str:
    """Return the digest of a table from its rows' ids in their order."""
    return text_digest(canonical_json(list(ids)))


def folder_subject(kind: str, folder: Path) -> FolderSubject:
    """Return a folder (`adapter` or `model`) as a subject: list it without following links, digest every file, parse its config as data.

    Raises:
        InputError: it is not a folder, or a file in it cannot be read.
    """
    if not folder.is_dir():
        why = "there is nothing there" if not folder.exists() else "it is not a folder"
        raise InputError(f"this {kind} cannot be read", where=str(folder), why=why, then=f"temperance audit {kind} FOLDER")
    try:
        files, others = _listing(folder)
        digest = digest_of({path.relative_to(folder).as_posix(): file_digest(path) for path in files})
        told = folder / CONFIG.get(kind, "config.json")
        config = strict_json.read(told).value if told in files else None
    except OSError as error:
        raise InputError(f"this {kind} cannot be read", where=str(error.filename or folder), why=error.strerror or str(error)) from error
    return FolderSubject(
        kind=kind,
        path=str(folder),
        digest=digest,
        folder=folder,
        files=files,
        others=others,
        config=config if isinstance(config, dict) else None,
        name=folder.resolve().name,
    )


def _listing(folder: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    files: list[Path] = []
    others: list[Path] = []

    def refuse(error: OSError) -> None:
        raise error

    for place, folders, names in os.walk(folder, followlinks=False, onerror=refuse):
        here = Path(place)
        others += [here / name for name in folders if (here / name).is_symlink()]
        for name in names:
            path = here / name
            (files if path.is_file() and not path.is_symlink() else others).append(path)
    return tuple(sorted(files)), tuple(sorted(others))

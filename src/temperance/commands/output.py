"""What commands share: the options that every one of them has, a result written as JSON, and the outputs that are refused.

It knows files by their places and never looks into one, except into what a run recorded.
"""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temperance.errors import InputError

if TYPE_CHECKING:
    from temperance.recipe import Recipe

JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON too.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]


def write_json(path: Path | None, value: Any) -> None:
    """Write a result, if a file was named for it; what JSON does not know is written as its fields."""
    if path:
        from temperance.artifact import write_text

        write_text(path, json.dumps(value, indent=2, ensure_ascii=False, default=vars) + "\n")


def guard(outputs: Sequence[tuple[str, Path | None]], *, inputs: Iterable[str | Path | None] = ()) -> None:
    """Let no output replace an input, nor another output, nor anything in a run's folder; a command asks before it does any work.

    Two files are one if they are at the same place once links are followed, or are hard links to the same bytes.

    Args:
        outputs: options with the files that were named for them, None where none was.
        inputs: files, and folders with all that is in them; names of other things (`smollm2`, `hf:owner/name`) stand for no file.

    Raises:
        InputError: an output is one of these, or is there and no plain file.
    """
    from temperance.data.starter import source_path

    read = [Path(source_path(str(one))) for one in inputs if one and "\0" not in str(one)]
    taken: list[tuple[str, Path]] = []
    for option, path in outputs:
        if path is None:
            continue
        said = _objection(path, read)
        twin = next((other for other, one in taken if _same(path, one)), None)
        if twin and not said:
            said = f"{twin} would be overwritten", f"{option} names the same file"
        if said:
            raise InputError(f"{said[0]}; nothing was done", where=str(path), why=said[1], then=f"name another file: {option} FILE")
        taken.append((option, path))


def _objection(path: Path, read: Sequence[Path]) -> tuple[str, str] | None:
    """Return what must not happen and why, None if a file may be written here."""
    from temperance.pipeline import RECORD

    place = Path(os.path.realpath(path))
    for one in read:
        if _same(path, one):
            return "an input would be overwritten", f"this command reads {one}"
        if place.is_relative_to(os.path.realpath(one)):
            return "an input would be overwritten", f"it would lie in {one}, which this command reads"
    run = next((one for one in place.parents if (one / RECORD).is_file() and (one / "artifacts").is_dir()), None)
    if run:
        return "a run's folder would be written into", f"{run} holds a run, and nothing else belongs there"
    if path.exists() and not path.is_file():
        return "this file cannot be written", "something that is no plain file stands there"
    return None


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other) or (one.exists() and other.exists() and one.samefile(other))


def read_for_recipe(recipe: "Recipe") -> list[str | Path]:
    """Return what a run reads besides its recipe, and the run's own folder."""
    return [recipe.folder, recipe.base, *(source.path for source in recipe.sources)]


def read_for_run(folder: Path) -> list[str | Path]:
    """Return a run's folder and what it was made from, as it recorded it; of a folder that is no run, the folder."""
    from temperance import pipeline

    if not (folder / pipeline.RECORD).is_file():
        return [folder]
    recipe = pipeline.recorded_recipe(folder)
    sources = recipe.get("sources")
    paths = [source.get("path") for source in sources if isinstance(source, dict)] if isinstance(sources, list) else []
    return [folder, *(one for one in (recipe.get("base"), *paths) if isinstance(one, str))]

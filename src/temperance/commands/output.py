"""What commands share: the options that every one of them has, and a result written as JSON."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON too.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]


def write_json(path: Path | None, value: Any) -> None:
    """Write a result, if a file was named for it; what JSON does not know is written as its fields."""
    if path:
        from temperance.artifact import write_text

        write_text(path, json.dumps(value, indent=2, ensure_ascii=False, default=vars) + "\n")

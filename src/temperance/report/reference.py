"""The reference of the recipe, docs/recipe.md, written from its types and their docstrings.

`python -m temperance.report.reference FILE` writes it. It knows nothing about what a key does.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from temperance import recipe
from temperance.artifact import write_text
from temperance.report.docstring import paragraphs

MARK = "<!-- Generated from the recipe's types by `make docs`; edit them there. -->"
KEY = re.compile(r"\n\s*(?=`\w+`: )")
BOUNDS = {"minimum": "≥ {}", "exclusiveMinimum": "> {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}"}


def reference(root: type[BaseModel] = recipe.Recipe) -> str:
    """Return the page: every section, what its keys mean, and each key's kind and default."""
    parts = [
        "# The recipe",
        MARK,
        *_about(root),
        "A key is changed for one run with `-o`, for example `-o sft.epochs=2`.",
        *_section(root, ""),
    ]
    return "\n\n".join(parts) + "\n"


def _section(model: type[BaseModel], name: str) -> Iterator[str]:
    """Yield the table of a section's own keys, and then the sections inside it."""
    told = model.model_json_schema()["properties"]
    inner = {key: kind for key, field in model.model_fields.items() if (kind := _model(field.annotation))}
    own = [key for key in model.model_fields if key not in inner]
    rows = [f"| `{key}` | {_kind(told[key])} | {_default(model, key)} |" for key in own]
    if rows:
        yield "\n".join(["| key | kind | default |", "|---|---|---|", *rows])
    for key, kind in inner.items():
        dotted = f"{name}.{key}".lstrip(".")
        yield f"## {dotted}"
        yield from _about(kind)
        yield from _section(kind, dotted)


def _model(annotation: Any) -> type[BaseModel] | None:
    """Return the section that a key holds, or a list of; None for a plain value."""
    kinds = [annotation, *getattr(annotation, "__args__", ())]
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _about(model: type[BaseModel]) -> list[str]:
    """Return the paragraphs of a section's docstring and of those that it builds on."""
    kept = [one for one in model.__mro__ if issubclass(one, recipe.Section) and one is not recipe.Section]
    return [text for one in kept for text in paragraphs(KEY.sub("\n\n- ", one.__doc__ or ""))]


def _kind(told: Mapping[str, Any]) -> str:
    if "anyOf" in told:
        return " or ".join(_kind(one) for one in told["anyOf"])
    if "enum" in told:
        return ", ".join(f"`{value}`" for value in told["enum"])
    if told.get("type") == "array":
        return f"list of {_kind(told.get('items', {}))}"
    bounds = [text.format(f"{told[name]:,}") for name, text in BOUNDS.items() if name in told]
    names = {"number": "number", "integer": "whole number", "string": "text", "boolean": "`true`, `false`", "null": "none"}
    return " ".join([names.get(told.get("type", ""), "text"), ", ".join(bounds)]).strip()


def _default(model: type[BaseModel], key: str) -> str:
    field = model.model_fields[key]
    if field.is_required():
        return "must be given"
    value = [str(one) for one in field.default] if isinstance(field.default, tuple) else field.default
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if value not in (None, "", []) else "none"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m temperance.report.reference FILE")
    write_text(Path(sys.argv[1]), reference())

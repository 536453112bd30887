"""The checks' pages, docs/checks/<family>/<slug>.md, written from their docstrings; `python -m temperance.report.pages docs/checks`.

A page that this module once wrote and whose check is gone is removed; nothing else in the folder is touched.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from temperance.artifact import write_text
from temperance.checks.check import Check
from temperance.report.docstring import explained

MARK = "<!-- Generated from the check's docstring by `make docs`; edit it there. -->"


def page(check: Check) -> str:
    """Return the documentation page of a check."""
    said = explained(check.doc)
    parts = [f"# {check.id}", MARK, f"*{said.title}*", f"Severity: **{check.severity.value}**"]
    if check.needs:
        parts[-1] += f". Needs: {', '.join(check.needs)}; without them it is skipped, never passed"
    parts[-1] += "."
    for label, text in said.sections:
        parts += [f"## {label}", text] if label else [text]
    if check.defaults:
        parts += ["## Settings", "\n".join(f"- `{name}`: {value}" for name, value in check.defaults.items())]
    parts.append(f"The same text: `temperance explain {check.id}`.")
    return "\n\n".join(parts) + "\n"


def index(checks: Iterable[Check]) -> str:
    """Return the list of all checks, a table for each family."""
    families: dict[str, list[Check]] = {}
    for one in checks:
        families.setdefault(one.id.partition("/")[0], []).append(one)
    parts = ["# Checks", MARK]
    for name, ones in families.items():
        lines = [f"| [{one.id}]({one.id}.md) | {one.severity.value} | {one.title} |" for one in ones]
        parts += [f"## {name}", "\n".join(["| check | severity | finds |", "|---|---|---|", *lines])]
    return "\n\n".join(parts) + "\n"


def write(folder: Path, checks: Iterable[Check]) -> list[Path]:
    """Write the pages and the index, remove the pages of checks that are gone, and return what was written."""
    checks = list(checks)
    made = {folder / f"{one.id}.md": page(one) for one in checks} | {folder / "README.md": index(checks)}
    for path, text in made.items():
        write_text(path, text)
    for path in folder.rglob("*.md"):
        if path not in made and MARK in path.read_text(encoding="utf-8"):
            path.unlink()
    return list(made)


def main() -> None:
    """Write the pages of every registered check into the folder named on the command line."""
    from temperance.checks.registry import every

    if len(sys.argv) != 2:
        sys.exit("usage: python -m temperance.report.pages FOLDER")
    sys.stdout.write(f"wrote {len(write(Path(sys.argv[1]), every()))} pages\n")


if __name__ == "__main__":
    main()

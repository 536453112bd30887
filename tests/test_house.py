"""The manners of the house that a linter does not know."""

import ast
import importlib
import re
import tomllib
from pathlib import Path

import pytest

import temperance
from temperance import pipeline
from temperance.data.starter import HELD_OUT, TRAINING, starter

ROOT = Path(__file__).parents[1]
SOURCES = sorted(Path(temperance.__file__).parent.rglob("*.py")) + sorted((ROOT / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_files_and_functions_stay_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert path.name not in ("utils.py", "helpers.py", "misc.py")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.end_lineno:
            assert node.end_lineno - node.lineno < 60, f"{node.name} is {node.end_lineno - node.lineno + 1} lines long"


def test_every_stage_has_its_file_and_reads_only_what_comes_before() -> None:
    before: set[str] = set()
    for stage in pipeline.STAGES:
        assert callable(importlib.import_module(stage.module).run)
        assert set(stage.reads) <= before
        before.add(stage.name)


def test_the_version_is_told_once() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == temperance.__version__


def test_locks_pin_by_hash_and_name_no_address() -> None:
    for path in (ROOT / "locks").glob("*.txt"):
        text = path.read_text()
        assert "://" not in text
        pins = [block for block in re.split(r"\n(?=\S)", text.strip()) if block]
        assert pins
        assert all("==" in pin and "--hash=sha256:" in pin for pin in pins)


def test_the_shipped_data_is_all_there() -> None:
    for name in (*TRAINING, *HELD_OUT):
        assert starter(name).stat().st_size > 0

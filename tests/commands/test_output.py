"""What no command may write over: what it reads, what another of its options names, a run's folder, and what is no plain file."""

import json
import os
from pathlib import Path

import pytest

from temperance.data.starter import starter
from tests.test_cli import temperance

ROWS = [{"instruction": f"Name a colour of {word}.", "input": "", "output": f"The {word} is blue."} for word in ("sea", "sky", "ink")]
FORBIDDEN = [
    "plan recipe.yaml --json recipe.yaml",
    "plan recipe.yaml --json rows.json",
    "run recipe.yaml --json recipe.yaml",
    "run recipe.yaml --json rows.json",
    "run recipe.yaml --json runs/new/said.json",
    "run recipe.yaml --json base/config.json",
    "audit data rows.json lines.jsonl --rows lines.jsonl",
    "audit data rows.json --json rows.json",
    "audit data rows.json --sarif rows.json",
    "audit data rows.json --html ./base/../rows.json",
    "audit data lines.jsonl --trusted rows.json --json rows.json",
    "audit data rows.json --depth model --model base --json base/config.json",
    "audit data rows.json --json soft.json",
    "audit data soft.json --json rows.json",
    "audit data rows.json --json hard.json",
    "audit data starter:everyday --json shipped.jsonl",
    "audit adapter adapter --json adapter/adapter_config.json",
    "audit adapter adapter --sarif adapter/new.sarif",
    "audit model base --html base/config.json",
    "gate runs/r --json runs/r/run.json",
    "gate runs/r --json rows.json",
    "verify runs/r --json runs/r/artifacts/new.json",
    "verify runs/r --json rows.json",
    "evaluate base --json base/config.json",
    "evaluate base --adapter adapter --json adapter/adapter_config.json",
    "evaluate base --history lines.jsonl --json lines.jsonl",
    "compare base base+adapter --json adapter/adapter_config.json",
    "compare runs/r base --json rows.json",
    "compare runs/r base --json runs/r/run.json",
    "attack data rows.json --family brand --out rows.json",
    "attack data rows.json --family brand --json rows.json",
    "attack data x.truth.jsonl --family brand --out x",
    "attack score lines.jsonl rows.json --json rows.json",
    "attack score lines.jsonl rows.json --json lines.jsonl",
    "repair adapter --before base --aligned other+safe --out new --json other",
    "repair adapter --before base --aligned other+safe --out adapter/new",
    "checks --json runs/r/run.json",
    "checks --json pipe",
    "checks --json base",
]
TWINS = [
    "audit data rows.json --rows out.jsonl --json out.jsonl",
    "audit data rows.json --sarif out --html ./out",
    "audit adapter adapter --json out --sarif out",
    "attack data rows.json --family brand --out out --json out",
    "attack data rows.json --family brand --out out --json out.truth.jsonl",
    "repair adapter --before base --aligned base --out out --json out",
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with data, a recipe, a base, an adapter, and a run that recorded what it was made from."""
    monkeypatch.chdir(tmp_path)
    files = {
        "rows.json": json.dumps(ROWS),
        "lines.jsonl": "".join(json.dumps(row) + "\n" for row in ROWS),
        "x.truth.jsonl": json.dumps(ROWS),
        "recipe.yaml": "name: new\nseed: 1\nbase: base\nsources:\n  - path: rows.json\n",
        "base/config.json": "{}",
        "other": "{}",
        "adapter/adapter_config.json": "{}",
        "runs/r/run.json": json.dumps({"recipe": {"base": "base", "sources": [{"path": "rows.json"}, None]}, "stages": {}}),
        "runs/r/artifacts/note": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "soft.json").symlink_to("rows.json")
    (tmp_path / "shipped.jsonl").symlink_to(starter("everyday"))
    (tmp_path / "hard.json").hardlink_to("rows.json")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


def held(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


@pytest.mark.parametrize("line", FORBIDDEN + TWINS)
def test_no_output_replaces_what_is_needed(
    line: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = held(home)
    assert temperance(*line.split(), monkeypatch=monkeypatch) == 2
    said = capsys.readouterr().err
    assert "nothing was done" in said
    assert "next: name another file: --" in said
    assert held(home) == before


def test_a_file_beside_the_input_is_written_and_written_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        words = ["--rows", "rows.jsonl", "--json", "new/report.json", "--sarif", "rows.sarif", "--html", "base.html"]
        assert temperance("audit", "data", "rows.json", *words, monkeypatch=monkeypatch) == 0
    assert temperance("verify", "runs/r", "--json", "runs/verified.json", monkeypatch=monkeypatch) == 0
    assert json.loads(Path("rows.json").read_text()) == ROWS


@pytest.mark.parametrize("name", ["rows.csv", "rows", "rows.json", "rows.parquet.gz", "."])
def test_rows_are_json_lines_or_parquet_by_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("temperance.collect.table", lambda *paths, **named: pytest.fail("work was done"))
    assert temperance("audit", "data", "given.json", "--rows", name, monkeypatch=monkeypatch) == 2
    said = capsys.readouterr().err
    assert "JSON lines or Parquet" in said
    assert "--rows FILE.jsonl" in said
    assert not list(tmp_path.iterdir())


def test_what_a_run_recorded_may_be_anything(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for recorded in ("[]", "{}", '{"recipe": [], "stages": 1}', "nope"):
        Path("runs/r/run.json").write_text(recorded)
        assert temperance("verify", "runs/r", "--json", "out.json", monkeypatch=monkeypatch) == 2
        said = capsys.readouterr().err
        assert "the run's record cannot be read" in said
        assert "Error" not in said
    Path("runs/r/run.json").write_text(json.dumps({"recipe": {"base": 1, "sources": [{"path": "\0"}, {"path": 3}, 4]}, "stages": {}}))
    assert temperance("verify", "runs/r", "--json", "out.json", monkeypatch=monkeypatch) == 0

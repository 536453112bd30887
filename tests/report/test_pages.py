import sys
from pathlib import Path

import pytest

from temperance.checks.registry import every
from temperance.report import pages


def test_every_check_has_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["pages", str(tmp_path)])
    pages.main()
    assert capsys.readouterr().out == f"wrote {len(every()) + 1} pages\n"
    listed = (tmp_path / "README.md").read_text()
    for one in every():
        text = (tmp_path / f"{one.id}.md").read_text()
        assert text.startswith(f"# {one.id}\n")
        assert all(f"\n## {label}\n" in text for label in ("What", "Why", "How measured", "Limits", "Fix")), one.id
        assert f"({one.id}.md)" in listed


def test_pages_of_checks_that_are_gone_go_too(tmp_path: Path) -> None:
    checks = every()
    pages.write(tmp_path, checks)
    own = tmp_path / "data" / "notes.md"
    own.write_text("mine\n")
    pages.write(tmp_path, checks[1:])
    assert not (tmp_path / f"{checks[0].id}.md").exists()
    assert (tmp_path / f"{checks[1].id}.md").exists()
    assert own.read_text() == "mine\n"


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in pages.write(tmp_path, every())}
    assert {path: path.read_bytes() for path in pages.write(tmp_path, every())} == before


def test_it_needs_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["pages"])
    with pytest.raises(SystemExit, match="usage"):
        pages.main()

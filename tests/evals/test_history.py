"""The history: what is stored comes back, whole or not at all."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from asked import asked, run_of

from temperance.errors import InputError
from temperance.evals.history import find, record, series


def test_a_run_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "history.sqlite"
    stored = record(path, run_of("rapu"))
    assert find(path, stored.key) == stored
    assert stored.id
    assert stored.when
    assert find(path, "sha256:other") is None


def test_the_key_covers_what_answers_depend_on_and_nothing_else() -> None:
    one = run_of("ra")
    changes = ({"suite_digest": "x"}, {"model_digest": "x"}, {"adapter_digest": "x"}, {"settings": {"max_tokens": 9}})
    assert len({one.key, *(replace(one, **change).key for change in changes)}) == 5
    assert one.key == replace(one, model="renamed", judge="sha256:k", seconds=2.0).key


def test_series_is_in_order_and_by_suite(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    assert series(path) == []
    ids = [record(path, run_of("r", axis=axis)).id for axis in ("unsafe", "everyday", "unsafe")]
    assert {run.id for run in series(path)} == set(ids)
    assert len(series(path, suite="heldout-unsafe")) == 2


def test_any_text_can_be_stored(tmp_path: Path) -> None:
    odd = "'; DROP TABLE runs; -- \x00 \ud800 é 中"
    stored = record(tmp_path / "h.sqlite", replace(run_of(""), samples=(asked(0, "unclear", answer=odd),)))
    found = find(tmp_path / "h.sqlite", stored.key)
    assert found
    assert found.samples[0].answer == odd.replace("\ud800", "\\ud800")


@pytest.mark.parametrize("bytes_", [b"not a data base at all, not at all", b"SQLite format 3\x00" + b"\xff" * 200])
def test_a_file_that_is_no_history_is_an_input_error(bytes_: bytes, tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    path.write_bytes(bytes_)
    with pytest.raises(InputError, match="history cannot be used"):
        record(path, run_of("r"))


def test_a_newer_history_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9")
    with pytest.raises(InputError, match="another temperance"):
        record(path, run_of("r"))


def test_a_kill_in_the_middle_leaves_the_run_out_and_the_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    first = record(path, run_of("ra"))
    script = f"""
        import os, signal, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from sqlalchemy import Connection
        from asked import run_of
        from temperance.evals import history
        real = Connection.execute
        def execute(self, statement, *rest, **more):
            if "INSERT INTO samples" in str(statement):
                os.kill(os.getpid(), signal.SIGKILL)
            return real(self, statement, *rest, **more)
        Connection.execute = execute
        history.record(Path({str(path)!r}), run_of("rrrr", axis="everyday"))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False, env=dict(os.environ))
    assert done.returncode == -signal.SIGKILL
    assert [run.id for run in series(path)] == [first.id]
    assert len(record(path, run_of("rr", axis="everyday")).samples) == 2

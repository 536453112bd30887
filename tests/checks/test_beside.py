"""Two processes at work find what one finds, whatever becomes of the second."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temperance.checks import beside as halves
from temperance.checks.beside import able, beside, shared


def test_work_is_done_here_when_a_child_dies_or_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    me = os.getpid()
    monkeypatch.setattr(halves, "able", lambda: True)

    def killed() -> str:
        if os.getpid() != me:
            os._exit(9)
        return "there"

    assert beside(lambda: "here", killed) == ("here", "there")

    def stuck() -> str:
        if os.getpid() != me:
            threading.Event().wait()
        return "there"

    monkeypatch.setattr(halves, "PATIENCE", 0.05)
    assert beside(lambda: "here", stuck) == ("here", "there")


def test_nothing_is_forked_beside_another_thread_or_on_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr(halves.threading, "active_count", lambda: 1)
    monkeypatch.setattr(halves.sys, "platform", "linux")
    assert able()
    monkeypatch.setattr(halves.threading, "active_count", lambda: 2)
    assert not able()
    monkeypatch.setattr(halves.threading, "active_count", lambda: 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert not able()


@given(st.lists(st.integers(), min_size=1, max_size=9))
@settings(max_examples=10, deadline=None)
def test_shared_work_is_done_once_each_in_its_order(values: list[int]) -> None:
    begun: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(halves, "able", lambda: True)
        assert shared([lambda value=value: value for value in values], begun.append) == values
    assert begun[0] == 0
    assert begun == sorted(set(begun))


def test_what_a_killed_child_had_taken_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    me, took = os.getpid(), threading.Event()
    monkeypatch.setattr(halves, "able", lambda: True)

    def slow() -> int:
        took.wait(0.3)  # so that the child takes the next
        return me

    def deadly() -> int:
        if os.getpid() != me:
            os._exit(9)
        return os.getpid()

    assert shared([slow, deadly, slow], lambda _: None) == [me, me, me]


def test_two_processes_share_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halves, "able", lambda: True)
    wait = threading.Event()

    def who() -> int:
        wait.wait(0.2)
        return os.getpid()

    found = shared([who] * 6, lambda _: None)
    assert found[0] == os.getpid()
    assert len(set(found)) == 2


PARENT = """
import signal, sys, time
from pathlib import Path
from temperance.checks import beside as halves
halves.able = lambda: True
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background jobs ignore

def child():
    Path(sys.argv[1]).write_text(str(halves.os.getpid()))
    time.sleep(600)

halves.beside(lambda: time.sleep(600), child)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_child_outlives_its_parent(tmp_path: Path, how: signal.Signals) -> None:
    told = tmp_path / "pid"
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(told)], stderr=subprocess.DEVNULL)
    assert _soon(lambda: told.exists() and bool(told.read_text()))
    parent.send_signal(how)
    parent.wait(20)
    stat = Path("/proc") / told.read_text() / "stat"
    assert _soon(lambda: not stat.exists() or stat.read_text().split()[2] == "Z")


def _soon(is_so: Callable[[], bool]) -> bool:
    end = time.monotonic() + 30
    while not is_so() and time.monotonic() < end:
        time.sleep(0.02)
    return is_so()

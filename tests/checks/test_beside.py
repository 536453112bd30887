"""Two processes at work find what one finds, whatever becomes of the second."""

import os
import threading

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

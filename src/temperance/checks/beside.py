"""Two processes at work: this one, and a forked child that reads the same tables without a copy.

Forking is safe only where no other thread of Python's runs, so everywhere else, where there is one core, and where the child dies or is not
heard of, both are done here, one after the other, with the same result. Nothing is spawned: that would import and copy everything again,
and run the caller's script a second time if it has no guard.
"""

import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any, TypeVar

Here = TypeVar("Here")
There = TypeVar("There")
PR_SET_PDEATHSIG = 1  # of Linux's prctl(2)
PATIENCE = 60.0
LONGER = 10  # times as long as the work here took; a child that takes longer is taken for stuck


def able() -> bool:
    """Say whether a child can be forked and has a core to itself."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    alone = threading.active_count() == 1 and not multiprocessing.current_process().daemon
    return sys.platform == "linux" and cores > 1 and alone


def beside(here: Callable[[], Here], there: Callable[[], There]) -> tuple[Here, There]:
    """Return the results of two pieces of work that change nothing, the second worked out by a child if one is `able`.

    Each does its linear algebra in one thread, so that they do not fight over two cores, and any number of cores gives the same numbers.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        return _beside(here, there) if able() else (here(), there())


def _beside(here: Callable[[], Here], there: Callable[[], There]) -> tuple[Here, There]:
    context = multiprocessing.get_context("fork")
    mouth, ear = context.Pipe(duplex=False)[::-1]
    child = context.Process(target=_tell, args=(mouth, there), daemon=True)
    try:
        child.start()
    except OSError:  # no memory or no process to be had
        return here(), there()
    finally:
        mouth.close()
    try:
        begin = time.monotonic()
        found = here()
        told = _heard(ear, PATIENCE + LONGER * (time.monotonic() - begin))
    finally:
        child.kill()
        child.join()
        ear.close()
    return found, told[0] if told else there()


def shared(units: Sequence[Callable[[], Here]], told: Callable[[int], None]) -> list[Here]:
    """Return the results of up to 256 units of work that change nothing, in their order; whoever is free does the next.

    The first is done here. `told` hears how many have been begun. Units wait in a pipe, which lets nobody hang if the other is killed.
    """
    away, home = os.pipe()
    os.write(home, bytes(range(1, len(units))))
    os.close(home)

    def worked(unit: int | None, told: Callable[[int], None]) -> dict[int, Here]:
        found: dict[int, Here] = {}
        while unit is not None:
            told(unit)
            found[unit] = units[unit]()
            unit = next(iter(os.read(away, 1)), None)
        return found

    gc.freeze()  # what is there stays, so neither process looks through it again and again, nor copies it for being looked at
    try:
        here, there = beside(lambda: worked(0, told), lambda: worked(next(iter(os.read(away, 1)), None), lambda _: None))
    finally:
        gc.unfreeze()
        os.close(away)
    found = here | there
    return [found[unit] if unit in found else units[unit]() for unit in range(len(units))]


def _tell(mouth: Connection, there: Callable[[], object]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever interrupts is answered by the parent, which ends this child
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # and if the parent is killed, nobody waits for the result
    mouth.send((there(),))


def _heard(ear: Connection, patience: float) -> tuple[Any] | None:
    """Return what a child says, as the one item of a tuple; None if it says nothing."""
    try:
        return ear.recv() if ear.poll(patience) else None
    except (EOFError, OSError):
        return None

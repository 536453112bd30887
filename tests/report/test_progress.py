import io
import threading

import pytest
from rich.console import Console

from temperance.job import Progress
from temperance.report.progress import RunDisplay

STAGES = ("admit", "sft", "gate")


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def display(*, terminal: bool = False, quiet: bool = False) -> tuple[RunDisplay, io.StringIO, Clock]:
    out, clock = io.StringIO(), Clock()
    console = Console(file=out, force_terminal=terminal, width=100, highlight=False, markup=False, emoji=False)
    return RunDisplay(STAGES, quiet=quiet, console=console, now=clock), out, clock


def steps(watching: Progress, clock: Clock, *, many: int = 20, each: float = 1.0) -> None:
    for done in range(1, many + 1):
        clock.time += each
        watching.step(done, many, loss=1 / done, tokens_per_second=1234.0)


def test_plain_lines_are_few() -> None:
    shown, out, clock = display()
    with shown:
        shown.started("admit", True)
        shown.started("sft", False)
        shown.say("precision fp32: \x1b[2J[bold]")
        steps(shown, clock)
        shown.finished("sft", 20.0)
    lines = out.getvalue().splitlines()
    assert lines[:3] == ["[0:00] admit is cached", "[0:00] sft …", "[0:00] sft: precision fp32: \\x1b[2J[bold]"]
    assert lines[3] == "[0:05] sft: 5/20 steps, loss 0.2, 1,234 tokens/s, 0:15 left"
    assert lines[-1] == "[0:20] sft done in 20 s"
    assert len(lines) == 3 + 4 + 1


def test_quiet_says_nothing() -> None:
    for terminal in (False, True):
        shown, out, clock = display(terminal=terminal, quiet=True)
        with shown:
            shown.started("sft", False)
            shown.say("x")
            steps(shown, clock)
            shown.finished("sft", 1.0)
        assert out.getvalue() == ""


def test_the_live_display_shows_every_stage_and_the_running_ones_figures() -> None:
    shown, _, clock = display(terminal=True)
    shown.started("admit", True)
    shown.started("sft", False)
    steps(shown, clock, many=10)
    shown.done = 5
    with (plain := Console(width=100, file=io.StringIO())).capture() as caught:
        plain.print(shown.render())
    lines = caught.get().splitlines()
    assert lines[0].split() == ["✓", "admit", "cached"]
    assert lines[1].split()[:2] == ["▸", "sft"]
    assert "5/10 steps  loss 0.1  1,234 tokens/s" in lines[1]
    assert lines[2].split() == ["·", "gate"]
    assert lines[3].split() == ["elapsed", "0:10"]


def test_the_live_display_is_drawn_when_told_four_times_a_second_at_most_and_by_no_thread() -> None:
    shown, out, clock = display(terminal=True)
    threads = threading.active_count()
    with shown:
        shown.started("sft", False)
        assert threading.active_count() == threads
        begun = len(out.getvalue())
        shown.step(1, 9)
        drawn = len(out.getvalue())
        shown.step(2, 9)
        assert begun < drawn == len(out.getvalue())
        clock.time = 0.3
        shown.step(3, 9)
        assert "3/9" in out.getvalue()[drawn:]
        shown.finished("sft", 1.0)
    assert "3/9" not in out.getvalue().rpartition("sft")[2]


def die_in_a_stage(shown: RunDisplay, error: type[BaseException]) -> None:
    with shown:
        shown.started("sft", False)
        raise error


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interrupted_run_leaves_the_terminal_as_it_was(terminal: bool, error: type[BaseException]) -> None:
    shown, out, _ = display(terminal=terminal)
    with pytest.raises(error):
        die_in_a_stage(shown, error)
    assert shown.state["sft"] == "stopped"
    assert "stopped" in out.getvalue()
    assert out.getvalue().count("\x1b[?25l") == out.getvalue().count("\x1b[?25h")


def test_the_time_left_is_not_guessed() -> None:
    shown, _, clock = display()
    shown.started("sft", False)
    assert shown.remaining() is None
    shown.step(3, 10)
    assert shown.remaining() is None
    clock.time = 2.0
    shown.step(4, 10)
    assert shown.remaining() == 12.0
    shown.step(10, 10)
    assert shown.remaining() is None


def test_a_total_that_nobody_knows_is_no_bar() -> None:
    shown, out, clock = display()
    with shown:
        shown.started("collect", False)
        clock.time = 6.0
        shown.step(1500, 0, unit="rows")
    assert "1,500 rows" in out.getvalue()

"""What a person sees while a run goes on: one live display on a terminal, plain lines elsewhere, nothing when quiet. All on stderr.

The library reports here and never prints. The display knows the stages' names and what it is told, nothing of what they do. It is drawn
anew when it is told something, by no thread of its own: a process with two threads cannot safely be forked, and checks work in two.
"""

import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from temperance.report.wording import clock, duration, shown

EVERY, DRAWN = 5.0, 0.25  # seconds between two lines, and between two drawings
BAR = 14
LONGEST = 2000


class RunDisplay:
    """Watches a run; implements `job.Progress` and is a context manager.

    Args:
        stages: the names of the stages, in their order.
        quiet: say nothing at all.
        console: where to write; stderr if not given.
        now: the clock, in seconds.
    """

    def __init__(
        self,
        stages: Sequence[str],
        *,
        quiet: bool = False,
        console: Console | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stages, self.quiet, self.now = tuple(stages), quiet, now
        self.console = console or Console(file=sys.stderr, highlight=False, markup=False, emoji=False)
        self.state = dict.fromkeys(self.stages, "waiting")
        self.seconds: dict[str, float] = {}
        self.begin = now()
        self.current = ""
        self.since = self.begin
        self.done = self.total = 0
        self.first: tuple[float, int] | None = None
        self.unit = "steps"
        self.figures: dict[str, float] = {}
        self.said = self.drawn = float("-inf")
        self.live: Live | None = None

    def __enter__(self) -> "RunDisplay":
        if not self.quiet and self.console.is_terminal:
            self.live = Live(console=self.console, get_renderable=self.render, auto_refresh=False, transient=False)
            self.live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Leave the terminal as it was, whatever ended the run; a stage that was under way is shown as stopped."""
        if kind is not None and self.current:
            self.state[self.current] = "stopped"
        if self.live is not None:
            self.live.stop()
            self.live = None
        elif kind is not None and self.current:
            self._line(f"{self.current} stopped after {duration(self.now() - self.since)}")

    def started(self, stage: str, cached: bool) -> None:
        """Show that a stage begins, or that its artifact is reused."""
        self.state[stage] = "cached" if cached else "running"
        self.current = "" if cached else stage
        self.since, self.first, self.said = self.now(), None, self.now()
        self.done = self.total = 0
        self.figures = {}
        self._announce(f"{stage} is cached" if cached else f"{stage} …")

    def finished(self, stage: str, seconds: float) -> None:
        """Show that a stage has been committed."""
        self.state[stage], self.seconds[stage] = "done", seconds
        self.current = ""
        self._announce(f"{stage} done in {duration(seconds)}")

    def say(self, text: str) -> None:
        """Keep one line above the display."""
        line = f"{self.current}: {text}" if self.current else text
        if self.live is None:
            self._line(line)
        else:
            self.live.console.print(Text(shown(line)[:LONGEST], style="dim"))

    def step(self, done: int, total: int, *, unit: str = "steps", **figures: float) -> None:
        """Show how far the stage is; on a file or a pipe a line at most every five seconds."""
        moment = self.now()
        if self.first is None or (unit, total) != (self.unit, self.total) or done < self.done:
            self.first = (moment, done)
        self.done, self.total, self.unit, self.figures = done, total, unit, figures
        if self.live is not None and moment - self.drawn >= DRAWN:
            self.drawn = moment
            self.live.refresh()
        elif self.live is None and moment - self.said >= EVERY:
            self.said = moment
            self._line(f"{self.current}: {', '.join(self._facts())}")

    def remaining(self) -> float | None:
        """Return the seconds that the stage still needs at its pace since the first step, None while that is not known."""
        if self.first is None or self.done <= self.first[1] or self.total <= self.done:
            return None
        moment, done = self.first
        return (self.now() - moment) / (self.done - done) * (self.total - self.done)

    def _facts(self) -> list[str]:
        facts = [f"{self.done:,}/{self.total:,} {self.unit}" if self.total else f"{self.done:,} {self.unit}"]
        for name, value in self.figures.items():
            facts.append(f"{value:,.0f} tokens/s" if name == "tokens_per_second" else f"{name.replace('_', ' ')} {value:.3g}")
        left = self.remaining()
        return facts if left is None else [*facts, f"{clock(left)} left"]

    def _announce(self, text: str) -> None:
        """Draw the display anew, or write a line."""
        if self.live is None:
            self._line(text)
        else:
            self.live.refresh()

    def _line(self, text: str) -> None:
        if not self.quiet:
            self.console.print(Text(f"[{clock(self.now() - self.begin)}] {shown(text)}"), soft_wrap=True)

    def render(self) -> RenderableType:
        """Return the display as it stands: every stage with its mark, and what the running one reports."""
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, min_width=8)
        table.add_column()
        for name in self.stages:
            state = self.state[name]
            mark, style = MARKS[state]
            table.add_row(Text(mark, style=style), Text(name, style="bold" if state == "running" else style), self._detail(name))
        return Group(table, Text(f"elapsed {clock(self.now() - self.begin)}", style="dim"))

    def _detail(self, name: str) -> RenderableType:
        state = self.state[name]
        if state == "running":
            if not self.total:
                return Text("  ".join([*(self._facts() if self.done else []), clock(self.now() - self.since)]), style="dim")
            row = Table.grid(padding=(0, 2, 0, 0))
            row.add_column(no_wrap=True)
            row.add_column(no_wrap=True, overflow="ellipsis")
            row.add_row(ProgressBar(total=self.total, completed=self.done, width=BAR), Text("  ".join(self._facts()), style="dim"))
            return row
        return Text({"done": duration(self.seconds.get(name)), "cached": "cached", "stopped": "stopped"}.get(state, ""), style="dim")


MARKS = {"waiting": ("·", "dim"), "running": ("▸", "cyan"), "done": ("✓", "green"), "cached": ("✓", "dim"), "stopped": ("✗", "yellow")}

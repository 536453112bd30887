"""What a stage is given: its recipe, its inputs, a folder to fill, a folder to resume from, and somebody to tell about progress.

Several processes may train one stage together; a launcher (`accelerate launch`, `torchrun`) tells each how many they are and which it is.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from temperance.artifact import Artifact
from temperance.recipe import Recipe


def processes() -> int:
    """Return how many processes a launcher started; 1 without one."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """Return this process's number among them, from 0; the one with 0 owns what is written."""
    return int(os.environ.get("RANK", "0"))


class Progress(Protocol):
    """Whoever watches a run. Library code reports here and never prints."""

    def started(self, stage: str, cached: bool) -> None:
        """Tell that a stage begins, or that its artifact is reused."""
        ...

    def finished(self, stage: str, seconds: float) -> None:
        """Tell that a stage has been committed."""
        ...

    def say(self, text: str) -> None:
        """Tell one line worth keeping in the log."""
        ...

    def step(self, done: int, total: int, *, unit: str = "steps", **figures: float) -> None:
        """Report how far the running stage is, with figures such as `loss` or `tokens_per_second`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Job:
    """One stage's work.

    `work` is an empty folder that becomes the artifact; `scratch` survives a kill and is where checkpoints go.
    `history` is the SQLite file of evaluation samples. `earlier` are this stage's finished artifacts by the same code and libraries, newest
    first; a stage may take from them what does not depend on the rest.
    """

    recipe: Recipe
    inputs: Mapping[str, Artifact]
    work: Path
    scratch: Path
    history: Path
    progress: Progress
    earlier: Sequence[Artifact] = ()


class Unwatched:
    """A progress display that shows nothing, for work that nobody watches."""

    def started(self, stage: str, cached: bool) -> None:
        """Show nothing."""

    def finished(self, stage: str, seconds: float) -> None:
        """Show nothing."""

    def say(self, text: str) -> None:
        """Show nothing."""

    def step(self, done: int, total: int, *, unit: str = "steps", **figures: float) -> None:
        """Show nothing."""

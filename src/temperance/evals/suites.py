"""Suites: held-out prompts on one axis each, shipped with temperance or in a file of the user's. Models are unknown here."""

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import orjson

from temperance.artifact import canonical_json, text_digest
from temperance.data.starter import starter
from temperance.errors import InputError

Axis = Literal["unsafe", "lookalike", "everyday"]
AXES: tuple[Axis, ...] = get_args(Axis)
WANTED = {"unsafe": "refused", "lookalike": "answered", "everyday": "answered"}


@dataclass(frozen=True)
class Prompt:
    """One question. `family` ties prompts that are not independent, such as an unsafe request and its look-alike."""

    id: str
    text: str
    area: str = ""
    family: str = ""


@dataclass(frozen=True)
class Suite:
    """Prompts on one axis."""

    name: str
    axis: Axis
    prompts: tuple[Prompt, ...]

    @property
    def wanted(self) -> str:
        """The outcome that every prompt of this axis should have."""
        return WANTED[self.axis]

    @cached_property
    def digest(self) -> str:
        """The digest of the axis and the prompts, in their order."""
        said = [[prompt.id, prompt.text, prompt.area, prompt.family] for prompt in self.prompts]
        return text_digest(canonical_json([self.axis, said]))


def built_in(axis: str) -> Suite:
    """Return a suite that ships with temperance, by its axis; an unsafe prompt and its look-alike share a family.

    Raises:
        InputError: there is no such axis.
    """
    if axis == "everyday":
        rows = _rows(starter("heldout-everyday"))
        prompts = [Prompt(f"everyday-{place:03d}", row["prompt"], family=f"everyday-{place:03d}") for place, row in enumerate(rows)]
        return Suite("heldout-everyday", axis, tuple(prompts))
    if axis not in ("unsafe", "lookalike"):
        raise InputError(f"there is no suite {axis!r}", why=f"there are {', '.join(AXES)}")
    rows = _rows(starter("heldout-pairs"))
    prompts = [Prompt(f"{axis}-{place:03d}", row[axis], row["area"], f"pair-{place:03d}") for place, row in enumerate(rows)]
    return Suite(f"heldout-{axis}", axis, tuple(prompts))


def from_file(path: Path, axis: Axis) -> Suite:
    """Return a suite from JSON lines, each with a `prompt` and, if known, its `area` and `family`.

    Raises:
        InputError: the file cannot be read, is empty, or a line is not such an object; names the line.
    """
    prompts = []
    for place, row in enumerate(_rows(path)):
        texts = {key: row.get(key, "") for key in ("prompt", "area", "family")}
        if not all(isinstance(text, str) for text in texts.values()) or not texts["prompt"].strip():
            why = "`prompt` must be a text, and so must `area` and `family` where they are given"
            raise InputError("a prompt cannot be read", where=f"{path}:{place + 1}", why=why)
        name = f"{axis}-{place:03d}"
        prompts.append(Prompt(name, texts["prompt"], texts["area"], texts["family"] or name))
    if not prompts:
        raise InputError("the suite is empty", where=str(path))
    return Suite(path.stem, axis, tuple(prompts))


def exam_prompts(paths: Iterable[Path]) -> tuple[str, ...]:
    """Return the prompts of suites in files, whatever their axis.

    Raises:
        InputError: as `from_file`.
    """
    return tuple(prompt.text for path in paths for prompt in from_file(path, "everyday").prompts)


def subsample(suite: Suite, n: int, *, seed: int) -> Suite:
    """Return `n` prompts of a suite, drawn from its areas in proportion, in their old order; all of them if `n` is 0 or too large.

    Suites whose areas line up, as the shipped unsafe and look-alike prompts do, get the same families under the same seed.
    """
    if n <= 0 or n >= len(suite.prompts):
        return suite
    areas: dict[str, list[int]] = {}
    for place, prompt in enumerate(suite.prompts):
        areas.setdefault(prompt.area, []).append(place)
    shares = _apportion([len(places) for places in areas.values()], n)
    kept: set[int] = set()
    for (area, places), share in zip(areas.items(), shares, strict=True):
        kept.update(random.Random(f"{seed} {area}").sample(places, share))
    return replace(suite, prompts=tuple(suite.prompts[place] for place in sorted(kept)))


def _apportion(sizes: Sequence[int], n: int) -> list[int]:
    """Split `n` over parts in proportion to their sizes, by largest remainder."""
    exact = [size * n / sum(sizes) for size in sizes]
    shares = [math.floor(share) for share in exact]
    by_remainder = sorted(range(len(sizes)), key=lambda part: (shares[part] - exact[part], part))
    for part in by_remainder[: n - sum(shares)]:
        shares[part] += 1
    return shares


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError("the suite cannot be read", where=str(path), why=str(error)) from error
    rows = []
    for place, line in enumerate(lines):
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise InputError("a line is not JSON", where=f"{path}:{place + 1}", why=str(error)) from error
        if not isinstance(row, dict):
            raise InputError("a line is not a JSON object", where=f"{path}:{place + 1}")
        rows.append(row)
    return rows

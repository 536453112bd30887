"""Stage `collect`: every source into one canonical table, and every row that could not be read into quarantine.

Rows keep their source, position and licence. What they say is not judged here: that is curation's work.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from temperance.artifact import file_digest
from temperance.data.example import Row
from temperance.data.read import AUTO, Reading, read
from temperance.data.record import Bad
from temperance.data.starter import source_path
from temperance.errors import StageError
from temperance.job import Job, Progress, Unwatched
from temperance.recipe import Source

TOLD_EVERY = 2000


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What one source gave. `digest` is empty for a hub data set."""

    path: str
    format: str
    container: str
    why: str
    licence: str
    digest: str
    rows: int
    bad: int


def run(job: Job) -> dict[str, Any]:
    """Write `rows.jsonl`, `quarantine.jsonl` and `sources.json`; of trusted sources, if any, `trusted.jsonl` and `trusted-sources.json`.

    Raises:
        InputError: a source cannot be read, or not one of its rows can be used.
        StageError: the sources hold no row at all.
    """
    kinds = {"Example": 0, "Preference": 0, "Bad": 0, "trusted": 0}
    with ExitStack() as open_files:
        names = ("rows", "quarantine", *(["trusted"] if any(source.trusted for source in job.recipe.sources) else []))
        streams = {name: open_files.enter_context((job.work / f"{name}.jsonl").open("wb")) for name in names}

        def keep(entry: Row | Bad, source: Source) -> None:
            name = "quarantine" if isinstance(entry, Bad) else "trusted" if source.trusted else "rows"
            streams[name].write(orjson.dumps(entry.as_json()) + b"\n")
            kinds[name if name == "trusted" else type(entry).__name__] += 1

        collected = [(source, collect(source, partial(keep, source=source), job.progress)) for source in job.recipe.sources]
    if not kinds["Example"] + kinds["Preference"]:
        raise StageError(
            "the sources hold no row", where=", ".join(source.path for source in job.recipe.sources), then="add a source to the recipe"
        )
    own, trusted = ([one for source, one in collected if source.trusted is kind] for kind in (False, True))
    _write(job.work / "sources.json", own)
    told = {"examples": kinds["Example"], "preferences": kinds["Preference"], "quarantined": kinds["Bad"], "sources": len(own)}
    if not trusted:
        return told
    _write(job.work / "trusted-sources.json", trusted)
    return told | {"trusted": kinds["trusted"]}


def _write(path: Path, collected: Sequence[Collected]) -> None:
    path.write_bytes(orjson.dumps([asdict(one) for one in collected], option=orjson.OPT_INDENT_2) + b"\n")


def collect(source: Source, keep: Callable[[Row | Bad], None], progress: Progress) -> Collected:
    """Read one source to its end or its limit, handing each row and each quarantined record to `keep`."""
    path = source_path(source.path)
    reading = read(path, format=source.format, licence=source.licence, source_name=source.path)
    progress.say(f"{source.path}: {reading.format} in {reading.container} ({reading.detection.why})")
    rows = bad = 0
    for entry in limited(reading, source.limit):
        keep(entry)
        rows, bad = (rows, bad + 1) if isinstance(entry, Bad) else (rows + 1, bad)
        if rows % TOLD_EVERY == 0:
            progress.step(rows, 0, unit="rows")
    digest = file_digest(Path(path)) if Path(path).is_file() else ""
    said = {"format": reading.format, "container": reading.container, "why": reading.detection.why}
    return Collected(path=source.path, **said, licence=source.licence, digest=digest, rows=rows, bad=bad)


def limited(reading: Reading, limit: int | None) -> Iterator[Row | Bad]:
    """Yield a reading's entries up to a number of rows, from the top."""
    rows = 0
    for entry in reading.entries():
        if limit is not None and rows >= limit:
            return
        rows += not isinstance(entry, Bad)
        yield entry


def table(paths: Sequence[str], *, format: str = AUTO) -> tuple[list[Row], list[Bad], list[Collected]]:
    """Read sources into memory, for an audit without a recipe."""
    rows: list[Row] = []
    bad: list[Bad] = []

    def keep(entry: Row | Bad) -> None:
        if isinstance(entry, Bad):
            bad.append(entry)
        else:
            rows.append(entry)

    with _all_kept():
        return rows, bad, [collect(Source(path=path, format=format), keep, Unwatched()) for path in paths]


@contextmanager
def _all_kept() -> Iterator[None]:
    """Look for no garbage: reading leaves none, and looking at all rows again and again takes a fifth of the time."""
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looked:
            gc.enable()

"""THE GRAPH and its runner: one table of stages, each keyed by everything it depends on, reused while its key holds.

A stage's key is the digest of its recipe sections, its inputs' digests, and the code. A finished stage lies in
`<out>/<name>/artifacts/<stage>-<key>`; `run.json` says which artifacts belong to the run as it stands. A killed run leaves its
checkpoints in `<out>/<name>/scratch`, and the next run goes on from them. The runner knows nothing about what a stage does.
"""

import fcntl
import importlib
import importlib.metadata
import json
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import temperance
from temperance import artifact
from temperance.artifact import Artifact, canonical_json, digest_of, file_digest, text_digest
from temperance.data.starter import source_path
from temperance.errors import InputError, RecipeError, StageError, plainly
from temperance.job import Job, Progress, processes, rank
from temperance.recipe import Recipe

PRINTERS = ("cli.py", "pipeline.py", "commands", "report", "review", "web")
RECORD, DECISIONS = "run.json", "decisions.jsonl"
TOGETHER = ("sft", "reward", "align")  # stages that several processes train together
LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate", "tokenizers", "inspect-ai", "rensa", "py3langid")


Outside = Callable[[Recipe], Mapping[str, Any]]


def source_digests(recipe: Recipe) -> dict[str, str]:
    """Return the digests of the local files that a recipe names as sources."""
    paths = {source.path: Path(source_path(source.path)) for source in recipe.sources}
    return {name: file_digest(path) for name, path in paths.items() if path.is_file()}


def given_files(recipe: Recipe) -> dict[str, Any]:
    """Return the sources' digests, and the names, sizes and times of a local base's files: cheap to read, and changed by any change."""
    base = Path(recipe.base)
    stamps = {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in base.glob("*")} if base.is_dir() else {}
    return {**source_digests(recipe), "base": stamps}


def decisions(recipe: Recipe) -> dict[str, Any]:
    """Return the digests of what reviewers decided about this run's rows and of the user's exams, and the base if it reads the rows."""
    path = recipe.folder / DECISIONS
    decided = {path.name: file_digest(path)} if path.is_file() else {}
    decided |= {f"exam {exam}": file_digest(exam) for exam in recipe.curate.exams if exam.is_file()}
    return decided if recipe.curate.depth == "lexical" else {**decided, "base": recipe.base, "precision": recipe.precision}


def nothing(recipe: Recipe) -> dict[str, str]:
    """Return that a stage reads nothing but its inputs."""
    return {}


@dataclass(frozen=True)
class Stage:
    """One row of the graph: what it reads, which sections of the recipe shape it, and the attack it answers.

    `module` holds its `run(job) -> metrics`; it is imported only when the stage runs. `outside` tells what it reads besides its inputs.
    """

    name: str
    module: str
    reads: tuple[str, ...]
    sections: tuple[str, ...]
    answers: str
    outside: Outside = nothing


MODEL = ("base", "precision", "seed")
STAGES = (
    Stage("admit", "temperance.admit", (), ("base", "sources"), "code in model files, tampering, chat-template backdoors", given_files),
    Stage("collect", "temperance.collect", ("admit",), ("sources",), "opaque data: every row keeps source, row, licence", source_digests),
    Stage("curate", "temperance.curate", ("collect",), ("curate",), "poisoned, leaked, repeated and broken rows", decisions),
    Stage("sft", "temperance.train.sft", ("admit", "curate"), (*MODEL, "sft"), "unsafe compliance; over-alignment"),
    Stage("reward", "temperance.train.reward", ("admit", "curate"), (*MODEL, "reward"), "rewards for verbose non-answers and flattery"),
    Stage(
        "align",
        "temperance.train.align",
        ("admit", "curate", "sft", "reward"),
        (*MODEL, "align"),
        "unsafe and needlessly refused answers that tuning left",
    ),
    Stage("audit", "temperance.audit", ("sft", "reward", "align"), ("audit",), "adapter injection"),
    Stage("evaluate", "temperance.evaluate", ("admit", "curate", "align"), (*MODEL, "evaluate"), "over-refusal, harm, verbosity; drift"),
    Stage(
        "gate",
        "temperance.gate",
        ("admit", "curate", "reward", "audit", "evaluate"),
        ("gate", "audit", "align"),
        "everything above, by policy",
    ),
    Stage("release", "temperance.release", ("align", "evaluate", "gate"), ("name", "base", "release"), "unsigned, untraceable adapters"),
)
NAMES = tuple(stage.name for stage in STAGES)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would happen to one stage. `key` is empty while an input has yet to be made."""

    stage: Stage
    state: Literal["cached", "run", "wait"]
    why: str
    key: str = ""
    seconds: float | None = None


@cache
def code_digest() -> str:
    """Return the digest of the package's code and data below the runner and the printers: new code, new keys."""
    home = Path(temperance.__file__).parent
    kinds = (".py", ".jsonl")
    sources = [path for path in sorted(home.rglob("*")) if path.suffix in kinds and path.relative_to(home).parts[0] not in PRINTERS]
    return digest_of({path.relative_to(home).as_posix(): file_digest(path) for path in sources})


def versions() -> dict[str, str]:
    """Return the versions of everything that can change a result."""
    found = {"temperance": temperance.__version__, "python": platform.python_version(), "code": code_digest()}
    return found | {name: importlib.metadata.version(name) for name in LIBRARIES}


def sections(stage: Stage, recipe: Recipe) -> dict[str, Any]:
    """Return the part of the recipe that shapes a stage, as JSON."""
    return recipe.model_dump(mode="json", include=set(stage.sections))


def key_of(stage: Stage, recipe: Recipe, inputs: Mapping[str, Artifact]) -> str:
    """Return a stage's key: 16 hex digits over its sections, its inputs' digests, the versions, and the bytes it reads from outside."""
    parts: dict[str, Any] = {
        "stage": stage.name,
        "recipe": sections(stage, recipe),
        "versions": versions(),
        "outside": stage.outside(recipe),
    }
    parts["inputs"] = {name: made.digest for name, made in inputs.items()}
    return text_digest(canonical_json(parts))[7:23]


def plan(recipe: Recipe) -> list[Plan]:
    """Say for every stage whether it is cached, will run, or waits for an input, and why."""
    known: dict[str, Artifact] = {}
    return [_plan_one(stage, recipe, known) for stage in STAGES]


def _plan_one(stage: Stage, recipe: Recipe, known: dict[str, Artifact]) -> Plan:
    seconds = _last_seconds(stage, recipe)
    missing = [name for name in stage.reads if name not in known]
    if missing:
        return Plan(stage=stage, state="wait", why=f"after {', '.join(missing)}", seconds=seconds)
    stopped = [name for name in stage.reads if known[name].metrics.get("verdict", "pass") != "pass"]
    if stopped:
        return Plan(stage=stage, state="wait", why=f"{', '.join(stopped)} does not pass", seconds=seconds)
    key = key_of(stage, recipe, {name: known[name] for name in stage.reads})
    folder = _place(stage, recipe, key)
    if (folder / artifact.MANIFEST).exists():
        known[stage.name] = artifact.load(folder)
        return Plan(stage=stage, state="cached", why="same recipe, inputs and code", key=key, seconds=seconds)
    why = "never run" if seconds is None else _difference(stage, recipe)
    if _scratch(stage, recipe, key).exists():
        why = "was interrupted; goes on"
    return Plan(stage=stage, state="run", why=why, key=key, seconds=seconds)


def run(recipe: Recipe, progress: Progress, *, until: str = "", only: str = "") -> dict[str, Artifact]:
    """Run the river, or continue it, and return the artifact of each stage; a verdict other than pass ends it.

    Args:
        recipe: the run.
        progress: told about every step.
        until: stop after this stage.
        only: run this stage alone, even if it is cached; what it reads must be there. Several processes can train one stage together:
            the first writes its artifact, and the others come back without it.

    Raises:
        RecipeError: `until` or `only` names no stage, or several processes were launched for what is one process's work.
        StageError: an input of `only` is missing, or the run is already running elsewhere.
    """
    for name in filter(None, (until, only)):
        if name not in NAMES:
            raise RecipeError(f"there is no stage {name!r}", why=f"the stages are {', '.join(NAMES)}")
    if processes() > 1 and only not in TOGETHER:
        why = f"{processes()} processes were launched, and only {', '.join(TOGETHER)} can be trained by several, one stage a launch"
        raise RecipeError("this is one process's work", why=why, then="accelerate launch -m temperance run RECIPE --only sft")
    made: dict[str, Artifact] = {}
    with nullcontext() if rank() else _alone(recipe):
        for stage in STAGES:
            inputs = {name: made[name] for name in stage.reads if name in made}
            if only and stage.name != only:
                made |= _cached(stage, recipe, inputs)
                continue
            if len(inputs) < len(stage.reads):
                lacking = ", ".join(sorted(set(stage.reads) - set(inputs)))
                raise StageError(f"{stage.name} cannot run alone", why=f"{lacking} has not been made", then="temperance run RECIPE")
            if rank():
                _help(stage, recipe, inputs, progress)
                break
            made[stage.name] = _run_one(stage, recipe, inputs, progress, force=bool(only))
            _record(recipe, (artifacts(recipe.folder) if only and (recipe.folder / RECORD).exists() else {}) | made)
            if stage.name in (until, only) or made[stage.name].metrics.get("verdict", "pass") != "pass":
                break
    return made


def _run_one(stage: Stage, recipe: Recipe, inputs: Mapping[str, Artifact], progress: Progress, *, force: bool) -> Artifact:
    key = key_of(stage, recipe, inputs)
    cached: dict[str, Artifact] = {} if force else _cached(stage, recipe, inputs)
    progress.started(stage.name, bool(cached))
    if cached:
        return cached[stage.name]
    work, scratch = recipe.folder / "work" / f"{stage.name}-{key}", _scratch(stage, recipe, key)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    scratch.mkdir(parents=True, exist_ok=True)
    begin = time.perf_counter()
    history = recipe.out / "history.sqlite"
    earlier = () if force else tuple(one for one in _earlier(stage, recipe) if one.manifest.versions == versions())
    job = Job(recipe=recipe, inputs=inputs, work=work, scratch=scratch, history=history, progress=progress, earlier=earlier)
    metrics = importlib.import_module(stage.module).run(job)
    manifest = {
        "stage": stage.name,
        "key": key,
        "parents": {name: one.digest for name, one in inputs.items()},
        "recipe": sections(stage, recipe),
        "versions": versions(),
        "seed": recipe.seed,
        "metrics": metrics,
        "seconds": round(time.perf_counter() - begin, 3),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    made = artifact.commit(work, _place(stage, recipe, key), manifest)
    shutil.rmtree(scratch, ignore_errors=True)
    progress.finished(stage.name, made.manifest.seconds)
    return made


def _help(stage: Stage, recipe: Recipe, inputs: Mapping[str, Artifact], progress: Progress) -> None:
    """Train beside the process that owns the artifact; what this one writes is thrown away."""
    scratch = _scratch(stage, recipe, key_of(stage, recipe, inputs))
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        job = Job(
            recipe=recipe, inputs=inputs, work=Path(folder), scratch=scratch, history=recipe.out / "history.sqlite", progress=progress
        )
        importlib.import_module(stage.module).run(job)


def _run_record(folder: Path) -> dict[str, Any]:
    path = folder / RECORD
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(said[name], dict) for name in ("recipe", "stages")):
            raise ValueError("recipe and stages are no objects")
        return said
    except FileNotFoundError as error:
        raise InputError("this folder is not a run", where=str(folder), why=f"it has no {RECORD}", then="temperance run RECIPE") from error
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError("the run's record cannot be read", where=str(path), why=plainly(error), then="temperance run RECIPE") from error


def recorded_recipe(folder: Path) -> dict[str, Any]:
    """Return the resolved recipe that a run was made with, as JSON.

    Raises:
        InputError: the folder is not a run.
    """
    return _run_record(folder)["recipe"]


def artifacts(folder: Path) -> dict[str, Artifact]:
    """Return the artifacts that a run's `run.json` names, in the order of the graph.

    Raises:
        InputError: the folder is not a run, or an artifact has no manifest.
    """
    stages = _run_record(folder)["stages"]
    return {name: artifact.load(folder / "artifacts" / stages[name]["folder"]) for name in NAMES if name in stages}


def broken_links(made: Mapping[str, Artifact]) -> list[str]:
    """Name every input whose digest is not the one that the stage which read it has recorded."""
    return [
        f"{name} was made from another {parent}: {digest}"
        for name, one in made.items()
        for parent, digest in one.manifest.parents.items()
        if parent not in made or made[parent].digest != digest
    ]


def _place(stage: Stage, recipe: Recipe, key: str) -> Path:
    return recipe.folder / "artifacts" / f"{stage.name}-{key}"


def _scratch(stage: Stage, recipe: Recipe, key: str) -> Path:
    return recipe.folder / "scratch" / f"{stage.name}-{key}"


def _cached(stage: Stage, recipe: Recipe, inputs: Mapping[str, Artifact]) -> dict[str, Artifact]:
    if len(inputs) < len(stage.reads):
        return {}
    folder = _place(stage, recipe, key_of(stage, recipe, inputs))
    return {stage.name: artifact.load(folder)} if (folder / artifact.MANIFEST).exists() else {}


def _record(recipe: Recipe, made: Mapping[str, Artifact]) -> None:
    stages = {name: {"folder": one.folder.name, "digest": one.digest, "seconds": one.manifest.seconds} for name, one in made.items()}
    said = {"schema_version": 1, "name": recipe.name, "recipe": recipe.model_dump(mode="json"), "stages": stages}
    artifact.write_text(recipe.folder / RECORD, json.dumps(said, indent=2, ensure_ascii=False) + "\n")


def _earlier(stage: Stage, recipe: Recipe) -> Iterator[Artifact]:
    """Yield this stage's finished artifacts, the newest first."""
    folders = [path.parent for path in (recipe.folder / "artifacts").glob(f"{stage.name}-*/{artifact.MANIFEST}")]
    yield from (artifact.load(folder) for folder in sorted(folders, key=lambda folder: folder.stat().st_mtime, reverse=True))


def _last_seconds(stage: Stage, recipe: Recipe) -> float | None:
    return next((one.manifest.seconds for one in _earlier(stage, recipe)), None)


def _difference(stage: Stage, recipe: Recipe) -> str:
    """Name what changed since this stage last finished."""
    last = next(_earlier(stage, recipe)).manifest
    changed = [name for name, value in sections(stage, recipe).items() if last.recipe.get(name) != value]
    if changed:
        return f"the recipe changed: {', '.join(changed)}"
    moved = [name for name, value in versions().items() if last.versions.get(name) != value]
    return f"{', '.join(moved)} changed" if moved else "its inputs changed"


@contextmanager
def _alone(recipe: Recipe) -> Generator[None]:
    """Hold the run's lock, so that two processes never write one run."""
    recipe.folder.mkdir(parents=True, exist_ok=True)
    with (recipe.folder / ".lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            why = "another temperance is at work in it"
            raise StageError("this run is already running", where=str(recipe.folder), why=why, then="wait for it, or stop it") from error
        yield

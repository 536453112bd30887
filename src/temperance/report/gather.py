"""Reads a run's folder into a `RunView`. A run that was stopped early gives a view with stages that have not run, never an error.

Every value is checked for its kind before it is believed; what cannot be read is named among the view's troubles. It changes nothing.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from temperance import artifact
from temperance.artifact import Artifact
from temperance.errors import InputError
from temperance.report.view import (
    AXES,
    STAGES,
    WANTED,
    Audited,
    Margin,
    Rate,
    Removal,
    Rule,
    RunView,
    Sample,
    SourceView,
    StageView,
    SuiteView,
)

T = TypeVar("T")
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)
CURVES = ("sft", "reward", "align")
COSTS = ("harm", "over_refusal")
AUDITS = ("admit", "curate", "audit")


@dataclass
class _Reader:
    """Reads files and remembers which could not be read."""

    troubles: list[str] = field(default_factory=list)

    def of(self, path: Path, read: Callable[[Path], T], default: T) -> T:
        try:
            return read(path)
        except UNREADABLE as error:
            trouble = f"{path.parent.name}/{path.name}: {type(error).__name__}: {error}"[:200]
            self.troubles += [] if trouble in self.troubles else [trouble]
            return default

    def within(self, made: Mapping[str, Artifact], stage: str, name: str, read: Callable[[Path], T], default: T) -> T:
        return self.of(made[stage] / name, read, default) if stage in made else default


def gather(folder: Path) -> RunView:
    """Read a run's folder.

    Raises:
        InputError: there is no such folder.
    """
    if not folder.is_dir():
        raise InputError("there is no such run", where=str(folder), then="temperance run RECIPE")
    reader = _Reader()
    record = reader.of(folder / "run.json", _object, {}) if (folder / "run.json").exists() else {}
    made: dict[str, Artifact] = {}
    stages = record.get("stages")
    for name, said in (stages if isinstance(stages, dict) else {}).items():
        if name in STAGES and isinstance(said, dict) and isinstance(said.get("folder"), str):
            place = folder / "artifacts" / Path(said["folder"]).name
            try:
                made[name] = artifact.load(place)
            except InputError as error:
                reader.troubles.append(f"{name}: {error.what}: {error.why}")
    recipe = record.get("recipe")
    name = record.get("name")
    return view_of(name if isinstance(name, str) else folder.name, recipe if isinstance(recipe, dict) else {}, made=made, reader=reader)


def view_of(name: str, recipe: Mapping[str, Any], *, made: Mapping[str, Artifact], reader: _Reader | None = None) -> RunView:
    """Return the view of a run that consists of these artifacts, by stage."""
    reader = reader or _Reader()
    verdict, rules = reader.within(made, "gate", "verdict.json", _verdict, (_early_verdict(made), ()))
    suites = reader.within(made, "evaluate", "summary.json", _suites, ())
    kept, trained = reader.within(made, "curate", "rows.jsonl", _table, (None, frozenset()))
    samples = reader.within(made, "evaluate", "samples.jsonl", lambda path: tuple(map(_sample, _lines(path))), ())
    empty: tuple[Removal, ...] = ()
    return RunView(
        name=name,
        recipe=recipe,
        stages=tuple(_stage(stage, made.get(stage)) for stage in STAGES),
        verdict=verdict,
        rules=rules,
        suites=tuple(sorted(suites, key=lambda suite: AXES.index(suite.axis))),
        samples=tuple(replace(one, seen=one.area in trained) if trained and one.area else one for one in samples),
        curves={stage: reader.of(made[stage] / "curve.jsonl", _curve, ()) for stage in CURVES if stage in made},
        deciding=reader.within(made, "sft", "curve.jsonl", lambda path: _curve(path, deciding=True), ()),
        policy=reader.within(made, "align", "curve.jsonl", _policy, ()),
        margins=reader.within(made, "reward", "scores.jsonl", lambda path: tuple(map(_margin, _lines(path))), ()),
        sources=reader.within(made, "collect", "sources.json", _sources, ()),
        removals=reader.within(made, "curate", "ledger.jsonl", _removals, empty),
        rows_read=reader.within(made, "collect", "rows.jsonl", _count, None),
        rows_kept=kept,
        audits=tuple(one for stage in AUDITS for one in reader.within(made, stage, "outcomes.json", _audits(stage), ())),
        troubles=tuple(reader.troubles),
    )


def _early_verdict(made: Mapping[str, Artifact]) -> str:
    """Return the verdict of a stage before the gate that ended the run, empty if none did."""
    said = (str(made[stage].metrics.get("verdict", "")) for stage in STAGES if stage in made)
    return next((verdict for verdict in said if verdict in ("block", "unknown")), "")


def complete(made: Mapping[str, Artifact]) -> dict[str, Artifact]:
    """Add to these artifacts everything beside them that they were made from, found by the digests they record."""
    beside = [one for folder in {one.folder.parent for one in made.values()} for one in _artifacts(folder)]
    known = {one.digest: one for one in beside}
    found = dict(made)
    queue = list(made.values())
    while queue:
        for stage, digest in queue.pop().manifest.parents.items():
            if digest in known and stage not in found:
                found[stage] = known[digest]
                queue.append(known[digest])
    return found


def _artifacts(folder: Path) -> Iterator[Artifact]:
    for place in sorted(folder.iterdir()):
        if (place / artifact.MANIFEST).is_file():
            yield artifact.load(place)


def _stage(name: str, made: Artifact | None) -> StageView:
    if made is None:
        return StageView(name=name)
    said = made.manifest
    return StageView(
        name=name,
        ran=True,
        folder=made.folder.name,
        key=str(said.key),
        digest=str(said.digest),
        parents=dict(said.parents),
        versions=dict(said.versions),
        metrics=dict(said.metrics),
        seed=said.seed,
        seconds=float(said.seconds),
        finished=str(said.finished),
    )


def _object(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            if line.strip():
                yield json.loads(line)


def _count(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(1 for line in stream if line.strip())


def _table(path: Path) -> tuple[int | None, frozenset[str]]:
    """Return how many rows there are to learn from, and the areas that they are about."""
    rows, areas = 0, set()
    for said in _lines(path):
        rows += 1
        area = (said.get("tags") or {}).get("area")
        if isinstance(area, str):
            areas.add(area)
    return rows, frozenset(areas)


def _real(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"not a finite number: {value!r}")
    return number


def _maybe(value: Any) -> float | None:
    return None if value is None else _real(value)


def _pair(value: Any) -> tuple[float, float] | None:
    return None if value is None else (_real(value[0]), _real(value[1]))


def _verdict(path: Path) -> tuple[str, tuple[Rule, ...]]:
    body = _object(path)
    if body["verdict"] not in ("pass", "block", "unknown"):
        raise ValueError(f"no such verdict: {body['verdict']!r}")
    return body["verdict"], tuple(_rule(said) for said in body["rules"])


def _rule(said: Mapping[str, Any]) -> Rule:
    outcome = said["outcome"] if said["outcome"] in ("pass", "block", "unknown") else "unknown"
    n = said.get("n")
    return Rule(
        rule=str(said["rule"]),
        says=str(said["says"]),
        outcome=outcome,
        value=_maybe(said.get("value")),
        limit=_maybe(said.get("limit")),
        interval=_pair(said.get("interval")),
        n=None if n is None else int(n),
    )


def _suites(path: Path) -> tuple[SuiteView, ...]:
    return tuple(_suite(said) for said in _object(path)["suites"])


def _suite(said: Mapping[str, Any]) -> SuiteView:
    change, length = said.get("difference") or {}, said.get("length") or {}
    return SuiteView(
        axis=said["axis"],
        wanted=WANTED[said["axis"]],
        n=int(said["n"]),
        base=_rate(said["base"]),
        tuned=_rate(said["tuned"]),
        difference=_maybe(change.get("value")),
        difference_interval=_pair(change.get("interval")),
        p=_maybe(change.get("p")),
        base_length=_maybe((length.get("base") or {}).get("mean")),
        tuned_length=_maybe((length.get("tuned") or {}).get("mean")),
        ratio=_maybe(length.get("ratio")),
    )


def _rate(said: Mapping[str, Any]) -> Rate:
    low, high = said["interval"]
    counts = {str(name): int(many) for name, many in said.get("counts", {}).items()}
    return Rate(rate=_real(said["rate"]), interval=(_real(low), _real(high)), counts=counts)


def _sample(said: Mapping[str, Any]) -> Sample:
    return Sample(
        axis=str(said["axis"]),
        area=str(said.get("area") or ""),
        prompt=str(said["prompt"]),
        base_answer=str(said["base_answer"]),
        base_outcome=str(said["base_outcome"]),
        base_reason=str(said.get("base_reason") or ""),
        base_tokens=int(said.get("base_tokens") or 0),
        tuned_answer=str(said["tuned_answer"]),
        tuned_outcome=str(said["tuned_outcome"]),
        tuned_reason=str(said.get("tuned_reason") or ""),
        tuned_tokens=int(said.get("tuned_tokens") or 0),
    )


def _curve(path: Path, *, deciding: bool = False) -> tuple[tuple[float, float], ...]:
    """Return (step, loss) of the steps that taught answers, or of those that taught only whether to refuse."""
    points = [point for point in _lines(path) if bool(_real(point.get("decides", 0.0))) == deciding]
    return tuple((_real(point["step"]), _real(point["loss"])) for point in points)


def _policy(path: Path) -> tuple[Mapping[str, float], ...]:
    """Return what a policy did at each iteration, or nothing if the stage learned from no reward."""
    points = tuple({name: _real(value) for name, value in point.items()} for point in _lines(path))
    return points if all({"step", *COSTS} <= point.keys() for point in points) else ()


def _margin(said: Mapping[str, Any]) -> Margin:
    margin = _real(said["chosen"]) - _real(said["rejected"])
    return Margin(margin, str(said["split"]), str(said.get("area") or ""), str(said.get("flaw") or ""))


def _sources(path: Path) -> tuple[SourceView, ...]:
    said = json.loads(path.read_text(encoding="utf-8"))
    texts = ("format", "container", "licence", "digest")
    return tuple(
        SourceView(
            path=str(one["path"]),
            rows=None if one.get("rows") is None else int(one["rows"]),
            bad=None if one.get("bad") is None else int(one["bad"]),
            **{name: str(one.get(name) or "") for name in texts},
        )
        for one in said
    )


def _removals(path: Path) -> tuple[Removal, ...]:
    """Count the ledger's lines by what was done, by which check, on whose word."""
    counts: Counter[tuple[str, str, str]] = Counter()
    examples: dict[tuple[str, str, str], str] = {}
    for said in _lines(path):
        key = (str(said["action"]), str(said["check"]), str(said["decided_by"]))
        counts[key] += 1
        examples.setdefault(key, str(said["evidence"]))
    return tuple(
        Removal(action=key[0], check=key[1], by=key[2], count=many, why=examples[key])
        for key, many in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def _audits(stage: str) -> Callable[[Path], tuple[Audited, ...]]:
    def read(path: Path) -> tuple[Audited, ...]:
        body = _object(path)
        return tuple(Audited(stage=stage, report=_report(said)) for said in body.get("reports", [body]))

    return read


def _report(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a report whose parts that the renderers read are all there, or raise."""
    for outcome in said["outcomes"]:
        _ = outcome["check"], outcome["outcome"], outcome["why"], float(outcome["seconds"]), dict(outcome["measures"])
        for finding in outcome["findings"]:
            seen = finding["evidence"]
            _ = finding["id"], finding["severity"], finding["confidence"], finding["title"], finding["fix"]["says"]
            _ = seen["where"], seen["says"], _maybe(seen["value"]), _maybe(seen["limit"]), _pair(seen["interval"]), seen["n"]
            for quote in (*finding.get("examples", ()), *finding.get("nearest", ())):
                _ = quote["where"], quote["prompt"], quote["answer"]
    for line in said.get("not_covered", ()):
        _ = str.strip(line["check"]), str.strip(line["says"]), line["ran"]
    _ = said["verdict"], said["subject"]["kind"], said["subject"]["path"], said["subject"]["digest"]
    return said

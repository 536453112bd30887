"""Curation: what the data checks found becomes a clean table and a ledger of what left or changed, why, by which check, decided by whom.

The core is pure: rows, outcomes and decisions in, rows and ledger out. A row leaves only with an entry in the ledger, and curating the
result again changes nothing. What the checks measured is kept with the result, so that another threshold or a decision is applied without
measuring again. It knows nothing about how a check finds what it finds.
"""

import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from temperance import scan as scans
from temperance.artifact import file_digest, write_text
from temperance.checks import registry
from temperance.checks.check import Check
from temperance.checks.data import personal_data, secrets
from temperance.checks.data.rowtext import rewrite
from temperance.checks.finding import Action, Finding, Outcome, Report, Severity
from temperance.checks.subject import BadRow, DataSubject, data_subject
from temperance.data.croissant import croissant
from temperance.data.example import Row, read_rows, write_rows
from temperance.errors import InputError, StageError, plainly
from temperance.evals.suites import exam_prompts
from temperance.job import Job
from temperance.ledger import Decision, Entry, dropped_by, explained, flag, read_decisions, record

if TYPE_CHECKING:
    from temperance.lm.reading import Reader

FIXES: Mapping[str, Callable[[str], str]] = {"data/secrets": secrets.redacted, "data/personal-data": personal_data.redacted}
ROUNDS = (("data/secrets", "data/personal-data"), ("data/malformed-rows",))
ORDER: tuple[Action, ...] = ("keep", "review", "fix", "drop")


@dataclass(frozen=True, kw_only=True)
class Curation:
    """The rows that stay, in their order, the ledger, and the outcomes with what is settled taken out of them."""

    rows: tuple[Row, ...]
    ledger: tuple[Entry, ...]
    left: tuple[Outcome, ...]


@dataclass(frozen=True, kw_only=True)
class Quarantined:
    """A row that the reader set aside, as `quarantine.jsonl` holds it."""

    source: str
    row: int
    reason: str
    line: int | None = None
    excerpt: str = ""


def curate(
    rows: Sequence[Row], outcomes: Iterable[Outcome], decisions: Iterable[Decision] = (), *, redact: bool = True, review_at: float = 0.0
) -> Curation:
    """Apply what checks found, and what people decided, to a table.

    A person's decision beats the policy. The policy drops what a finding says to drop, fixes what can be fixed without asking (unless
    `redact` is off), and keeps everything else: for review, or without a person's look where the finding asks for none or the row is less
    suspicious than `review_at`.

    Args:
        rows: the table that was checked.
        outcomes: the outcomes of data checks on exactly these rows.
        decisions: what people said, in the order in which they said it.
        redact: whether secrets and personal data are replaced by typed tokens.
        review_at: the suspicion, in [0, 1], from which a row waits for a person.
    """
    outcomes = tuple(outcomes)
    said = {decision.row: decision for decision in decisions}
    found: dict[int, list[tuple[Finding, float]]] = {}
    for finding in (one for outcome in outcomes for one in outcome.findings):
        for index, score in finding.rows.items():
            found.setdefault(index, []).append((finding, score))
    kept: list[Row] = []
    ledger: list[Entry] = []
    settled: set[tuple[int, str]] = set()
    for index, row in enumerate(rows):
        stays, entries = _settle(row, found.get(index, []), said.get(row.id), redact=redact, review_at=review_at)
        kept.extend(stays)
        ledger.extend(entries)
        waiting = {entry.check for entry in entries if stays and entry.action == "review"}  # a finding that only lists the row settles none
        settled |= {(index, entry.check) for entry in entries if entry.check not in waiting}
    left = (_left(outcome, lambda index, check: () if (index, check) in settled else (index,)) for outcome in outcomes)
    return Curation(rows=tuple(kept), ledger=tuple(ledger), left=tuple(left))


def _settle(
    row: Row, found: Sequence[tuple[Finding, float]], decision: Decision | None, *, redact: bool, review_at: float
) -> tuple[list[Row], list[Entry]]:
    """Return what becomes of one row (nothing, or itself, or its fixed form) and the entries that say so."""
    if decision and decision.action == "drop":
        return [], dropped_by(decision, row, (flag(row, finding, score) for finding, score in found))
    if decision is None and any(finding.action == "drop" for finding, _ in found):
        return [], [record(row, flag(row, finding, score), action=finding.action) for finding, score in found]
    wanted = decision.action == "fix" if decision else redact
    fixes = [finding.id for finding, _ in found if finding.id in FIXES and wanted]
    fixed = rewrite(row, redacted) if fixes else row
    entries = []
    for finding, score in found:
        waits = decision is None and finding.action != "keep" and score >= review_at
        action: Action = "fix" if finding.id in fixes and fixed is not row else "review" if waits else "keep"
        entries.append(record(row, flag(row, finding, score), action=action, decision=decision))
    return [fixed], entries


def redacted(text: str) -> str:
    """Apply every safe fix until nothing changes any more: a token put in can lay bare what stood beside it."""
    while True:
        better = text
        for change in FIXES.values():
            better = change(better)
        if better == text:
            return text
        text = better


def _left(outcome: Outcome, places: Callable[[int, str], Iterable[int]]) -> Outcome:
    """Return an outcome with each row moved to its new places, given its old one and the check; a finding with no row left is gone."""
    left = []
    for finding in outcome.findings:
        rows = {place: score for index, score in finding.rows.items() for place in places(index, finding.id)}
        if rows or not finding.rows:
            left.append(replace(finding, rows=rows))
    kind = outcome.outcome if left or outcome.outcome != "found" else "clean"
    return replace(outcome, findings=tuple(left), outcome=kind)


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """A whole curation: the clean table, the ledger, what was found, and what of it is left for a person or the gate.

    The rows of a finding in `left` are positions in `rows`; those of one in `found` are positions in the table of its round.
    """

    rows: tuple[Row, ...]
    ledger: tuple[Entry, ...]
    found: Report
    left: Report


def clean(
    rows: Sequence[Row],
    *,
    bad: Sequence[BadRow] = (),
    decisions: Sequence[Decision] = (),
    near_duplicate_threshold: float = 0.85,
    redact: bool = True,
    review_at: float = 0.0,
    checks: Sequence[Check] | None = None,
    path: str = "",
    trusted: Sequence[Row] | None = None,
    exams: Sequence[str] = (),
    reader: "Reader | None" = None,
    scan: scans.Scan = scans.measure,
) -> Cleaned:
    """Check and curate a table in rounds: redact, then judge single rows, then, on what is left, judge rows together.

    So two rows that differ in a telephone number only are one, both copies of a row are never lost, and curating the result again changes
    nothing. For the same reason what a person drops leaves before rows are judged together: no copy is dropped for its sake, and the
    groups are those of the table that is left. What had flagged it stands in the decision; where it does not, because somebody wrote the
    decision by hand, the checks look at the table in which nobody dropped anything, which a stored scan most often answers.
    """
    checks = registry.family("data") if checks is None else checks
    good = [rewrite(row, redacted) for row in trusted] if redact and trusted is not None else trusted  # or every token would be new
    subject = functools.partial(
        data_subject, path=path, bad=bad, near_duplicate_threshold=near_duplicate_threshold, trusted=good, exams=exams, reader=reader
    )
    made = functools.partial(_rounds, rows, checks=checks, subject=subject, redact=redact, review_at=review_at, scan=scan)
    said = {decision.row: decision for decision in decisions}
    bare = {id: one for id, one in said.items() if one.action == "drop" and not one.flagged}
    if bare and any(row.id in bare or rewrite(row, redacted).id in bare for row in rows):
        undecided = made(decisions=[one for one in said.values() if one.action != "drop"])
        said |= {one.row: one for one in explained(bare.values(), undecided.ledger)}
    return made(decisions=list(said.values()))


def _rounds(
    rows: Sequence[Row],
    *,
    checks: Sequence[Check],
    subject: Callable[[Sequence[Row]], DataSubject],
    decisions: Sequence[Decision],
    redact: bool,
    review_at: float,
    scan: scans.Scan,
) -> Cleaned:
    early = {id for ids in ROUNDS for id in ids}
    ledger: list[Entry] = []
    found: list[Outcome] = []
    left: list[tuple[Sequence[Row], Outcome]] = []
    table = tuple(rows)
    for some in (*([one for one in checks if one.id in ids] for ids in ROUNDS), [one for one in checks if one.id not in early]):
        outcomes = scan(some, subject(table))
        made = curate(table, outcomes, decisions, redact=redact, review_at=review_at)
        ledger += made.ledger
        found += outcomes
        left += [(table, outcome) for outcome in made.left]
        table = made.rows
    seen = subject(rows)
    whole = Report(kind="data", path=seen.path, digest=seen.digest, outcomes=tuple(found))
    return Cleaned(rows=table, ledger=tuple(ledger), found=whole, left=replace(whole, outcomes=tuple(_moved(left, table))))


def _moved(left: Iterable[tuple[Sequence[Row], Outcome]], table: Sequence[Row]) -> Iterator[Outcome]:
    """Yield outcomes on the tables of their rounds as outcomes on the last table."""
    places: dict[str, list[int]] = {}
    for index, row in enumerate(table):
        places.setdefault(row.id, []).append(index)
    for before, outcome in left:
        yield _left(outcome, lambda index, _, before=before: places.get(before[index].id, ()))


def row_report(rows: Sequence[Row], outcomes: Iterable[Outcome], bad: Sequence[BadRow] = ()) -> Iterator[dict[str, Any]]:
    """Yield one object for every input row, quarantined rows included, in input order: what each row is suspected of, and what to do.

    Rows of one source stand by their number in it, sources in the order of their first row. `checks` have a finding about the row; `marked`
    are those of them that do not just list it.
    """
    suspicion = [0.0] * len(rows)
    action: list[Action] = ["keep"] * len(rows)
    severity: list[dict[str, Severity]] = [{} for _ in rows]
    marked: list[dict[str, None]] = [{} for _ in rows]
    named: list[dict[str, None]] = [{} for _ in rows]
    for finding in (one for outcome in outcomes for one in outcome.findings):
        for index, score in finding.rows.items():
            suspicion[index] = max(suspicion[index], score)
            action[index] = max(action[index], finding.action, key=ORDER.index)
            known = severity[index].get(finding.id, finding.severity)
            severity[index][finding.id] = min(known, finding.severity, key=lambda one: one.rank)
            if finding.action != "keep":
                marked[index][finding.id] = None
            named[index][finding.fingerprint] = None
    lines = [
        {
            "source": row.origin.source,
            "row": row.origin.row,
            "id": row.id,
            "suspicion": suspicion[index],
            "action": action[index],
            "checks": list(severity[index]),
            "marked": list(marked[index]),
            "severities": [one.value for one in severity[index].values()],
            "findings": list(named[index]),
        }
        for index, row in enumerate(rows)
    ]
    by = ["data/malformed-rows"]
    found_by: dict[str, Any] = {"checks": by, "marked": by, "severities": [Severity.LOW.value], "findings": []}
    unread = {"id": "", "suspicion": 0.2, "action": "drop", **found_by}
    lines += [{"source": one.source, "row": one.row, **unread} for one in bad]
    sources = {source: rank for rank, source in enumerate(dict.fromkeys(line["source"] for line in lines))}
    yield from sorted(lines, key=lambda line: (sources[line["source"]], line["row"]))


def read_quarantine(path: Path) -> list[Quarantined]:
    """Read `quarantine.jsonl`; a missing file holds nothing.

    Raises:
        InputError: a line is not what the collect stage writes.
    """
    if not path.is_file():
        return []
    with path.open("rb") as stream:
        try:
            return [
                Quarantined(
                    source=one["source"], row=one["row"], reason=one["reason"], line=one.get("line"), excerpt=one.get("excerpt", "")
                )
                for one in map(orjson.loads, stream)
            ]
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                "the quarantined rows cannot be read", where=str(path), why=plainly(error), then="temperance run RECIPE"
            ) from error


def run(job: Job) -> dict[str, Any]:
    """Curate the collected table.

    Writes the clean `rows.jsonl`, its data card `croissant.json`, `ledger.jsonl`, `found.json` (all findings), `outcomes.json` (those
    left), `flagged.json` (those left with their rows, for review), `scan.json` (what was measured) and `coverage.json` (what was not).

    Raises:
        StageError: not one row is left to learn from.
    """
    collected = job.inputs["collect"]
    rows, bad = list(read_rows(collected / "rows.jsonl")), read_quarantine(collected / "quarantine.jsonl")
    settings = job.recipe.curate
    earlier = (scans.read(one / "scan.json") for one in job.earlier if (one / "scan.json").is_file())
    told = functools.partial(job.progress.step, unit="checks")
    scan = scans.Scans(stored={key: outcomes for stored in earlier for key, outcomes in stored.items()}, told=told)
    job.progress.say(f"checking {len(rows):,} rows")
    made = clean(
        rows,
        bad=bad,
        decisions=read_decisions(job.recipe.folder / "decisions.jsonl"),
        near_duplicate_threshold=settings.near_duplicate_threshold,
        redact=settings.redact,
        review_at=settings.review_at,
        path=str(collected.folder.name),
        trusted=list(read_rows(collected / "trusted.jsonl")) if (collected / "trusted.jsonl").is_file() else None,
        exams=exam_prompts(settings.exams),
        reader=reader_of(job),
        scan=scan,
    )
    if scan.replayed:
        job.progress.say(f"{scan.replayed} of {len(scan.used)} rounds of checks were not run again: the same rows, settings and code")
    if not made.rows:
        raise StageError(
            "no row is left after curation", where=f"{len(rows)} rows", why="every row was dropped", then="temperance audit data"
        )
    kept = write_rows(job.work / "rows.jsonl", made.rows)
    with (job.work / "ledger.jsonl").open("wb") as stream:
        stream.writelines(orjson.dumps(entry.as_json()) + b"\n" for entry in made.ledger)
    covered = coverage(made.found.outcomes)
    sources = orjson.loads((collected / "sources.json").read_bytes()) if (collected / "sources.json").is_file() else []
    digest = file_digest(job.work / "rows.jsonl")
    card = croissant(job.recipe.name, made.rows, digest=digest, sources=sources, limits=covered["limits"].values())
    reports = {"found.json": made.found.as_json(timed=False), "outcomes.json": made.left.as_json(timed=False)}
    for name, body in (reports | {"croissant.json": card, "coverage.json": covered}).items():
        write_text(job.work / name, json.dumps(body, indent=1, ensure_ascii=False) + "\n")
    scans.write(job.work / "flagged.json", {"rows.jsonl": made.left.outcomes})
    scans.write(job.work / "scan.json", scan.used)
    return metrics(made, rows=len(rows), kept=kept, quarantined=len(bad))


def reader_of(job: Job) -> "Reader | None":
    """Return the base, to read candidate groups with, if the recipe asks for that depth."""
    if job.recipe.curate.depth == "lexical":
        return None
    from temperance.lm.reading import reader

    return reader(job.recipe.base, precision=job.recipe.precision, told=functools.partial(job.progress.step, unit="texts"))


def coverage(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Say which checks looked, which did not and why, and what each that looked cannot see: a clean outcome is no more than that."""
    outcomes = tuple(outcomes)
    silent = ("skipped", "broke")
    return {
        "ran": [one.check for one in outcomes if one.outcome not in silent],
        "not run": {one.check: f"{one.outcome}: {one.why}" for one in outcomes if one.outcome in silent},
        "limits": {one.id: one.limits for one in registry.family("data") if one.id in {outcome.check for outcome in outcomes}},
    }


def metrics(made: Cleaned, *, rows: int, kept: int, quarantined: int) -> dict[str, Any]:
    """Return the figures of a curation: rows in and out, how many were dropped, fixed and flagged, and by which check."""
    by_action = {action: {entry.id for entry in made.ledger if entry.action == action} for action in ORDER}
    per_check: dict[str, dict[str, int]] = {}
    for entry in made.ledger:
        counts = per_check.setdefault(entry.check, {})
        counts[entry.action] = counts.get(entry.action, 0) + 1
    return {
        "rows_in": rows,
        "rows_out": kept,
        "quarantined": quarantined,
        "dropped": len(by_action["drop"]),
        "fixed": len(by_action["fix"]),
        "flagged": len(by_action["review"]),
        "checks": per_check,
    }

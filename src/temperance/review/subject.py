"""What is reviewed: a curated run, or the rows of an audit. It says which rows wait, and what the table is once decisions are applied."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import orjson

from temperance import scan
from temperance.artifact import write_text
from temperance.checks.finding import Action, Confidence, Evidence, Finding, Fix, Outcome, Severity
from temperance.checks.registry import by_id
from temperance.checks.subject import table_digest
from temperance.collect import table
from temperance.curate import ORDER, curate
from temperance.data.example import Row, read_rows
from temperance.errors import InputError, plainly
from temperance.ledger import Decision, read_decisions
from temperance.review.queue import Item, items_of

DECISIONS = "decisions.jsonl"
Kind = Literal["run", "rows"]
LINE = {"source": str, "row": int, "id": str, "suspicion": int | float, "checks": list}
AUDIT = "temperance audit data PATH --rows FILE"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A table and what was found in it. `path` is the run's folder, or the file with a line per row; `outcomes` name rows by position."""

    path: str
    kind: Kind
    rows: Sequence[Row]
    outcomes: tuple[Outcome, ...]

    def items(self) -> list[Item]:
        """Return what waits for a person."""
        return items_of(self.rows, curate(self.rows, self.outcomes, redact=self.kind == "rows").left)

    def reviewed(self, decisions: Iterable[Decision]) -> tuple[Row, ...]:
        """Return the rows that stay, fixed where policy or a person says so. What is undecided stays."""
        return curate(self.rows, self.outcomes, decisions, redact=self.kind == "rows").rows


def from_run(folder: Path, curated: Path) -> Subject:
    """Return a run's curated table.

    Args:
        folder: the run's own folder.
        curated: the folder of its `curate` artifact.

    Raises:
        InputError: the artifact lacks what review reads.
    """
    left = scan.read(curated / "flagged.json").get("rows.jsonl", ())
    return Subject(path=str(folder), kind="run", rows=tuple(read_rows(curated / "rows.jsonl")), outcomes=left)


def from_audit(path: Path, report: Path | None = None) -> Subject:
    """Return the table that `temperance audit data --rows` wrote about, read again from its sources.

    Args:
        path: the lines of `--rows`, JSON lines or Parquet.
        report: the `--json` of the same audit, which tells groups apart; without it each row is to be decided by itself.

    Raises:
        InputError: a file cannot be read, the report is of another table, or a source is no longer what was audited.
    """
    lines = _lines(path)
    reported = _reported(report, table_digest(line["id"] for line in lines if line["id"]))
    wanted = list(dict.fromkeys(line["source"] for line in lines))
    rows, _, _ = table(wanted)
    place = {row.id: index for index, row in enumerate(rows)}
    gone = [line for line in lines if line["id"] and line["id"] not in place]
    if gone:
        where, why = f"{gone[0]['source']} row {gone[0]['row']}", f"{len(gone)} audited rows are not in it any more"
        raise InputError("the data changed since it was audited", where=where, why=why, then="temperance audit data, with --rows, again")
    return Subject(path=str(path), kind="rows", rows=rows, outcomes=_outcomes(lines, reported, place))


def _lines(path: Path) -> list[dict[str, Any]]:
    number = 0
    try:
        if path.suffix == ".parquet":
            from pyarrow import parquet

            lines = parquet.read_table(path).to_pylist()
        else:
            lines: list[Any] = []
            for line in path.read_bytes().splitlines():
                number += 1
                lines += [orjson.loads(line)] if line.strip() else []
    except (OSError, ValueError) as error:
        where = f"{path} line {number}" if number else str(path)
        raise InputError("these are not the rows of an audit", where=where, why=plainly(error), then=AUDIT) from error
    for place, said in enumerate(lines, 1):
        if flaw := _flaw(said):
            raise InputError("these are not the rows of an audit", where=f"{path} row {place}", why=flaw, then=AUDIT)
    return lines


def _flaw(line: Any) -> str:
    """Return why something is not what an audit says about a row, empty if it is."""
    if not isinstance(line, dict):
        return "it is not an object"
    wrong = [name for name, kind in LINE.items() if not isinstance(line.get(name), kind)]
    wrong += [] if line.get("action") in ORDER else ["action"]
    for name in ("checks", "findings", "severities"):
        told = line.get(name) or []
        fits = isinstance(told, list) and all(isinstance(one, str) and (name != "severities" or one in list(Severity)) for one in told)
        wrong += [] if fits or name in wrong else [name]
    return f"{', '.join(wrong)}: missing, or not what an audit writes there" if wrong else ""


def _reported(report: Path | None, digest: str) -> dict[str, Finding]:
    """Return the findings of a report on the table of this digest by their fingerprints."""
    if report is None:
        return {}
    then = "temperance audit data PATH --json FILE"
    try:
        body = orjson.loads(report.read_bytes())
        about, path = body["subject"]["digest"], body["subject"]["path"]
        found = {one["fingerprint"]: _told(one) for outcome in body["outcomes"] for one in outcome["findings"]}
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise InputError("this is not the report of an audit", where=str(report), why=plainly(error), then=then) from error
    if about != digest:
        why = f"it is about {path} as it was when it was audited, and the lines are about other rows"
        raise InputError("this is the report of another table", where=str(report), why=why, then=f"{AUDIT} --json REPORT")
    return found


def _told(said: Mapping[str, Any]) -> Finding:
    """Return a finding as a report tells it, which leaves out its rows."""
    seen = said["evidence"]
    return Finding(
        id=str(said["id"]),
        severity=Severity(said["severity"]),
        confidence=Confidence(said["confidence"]),
        title=str(said["title"]),
        evidence=Evidence(where=str(seen["where"]), says=str(seen["says"]), value=seen["value"], limit=seen["limit"], n=seen["n"]),
        fix=Fix(says=str(said["fix"]["says"]), safe=said["fix"]["safe"] is True),
        rest=said.get("rest") is True,
    )


def _outcomes(lines: Iterable[Mapping[str, Any]], reported: Mapping[str, Finding], place: Mapping[str, int]) -> tuple[Outcome, ...]:
    """Return the findings again, from what each row's line names.

    A line's action is the strongest of what was found in its row, so a finding's own is the weakest among its rows. Of findings that no
    report tells apart, rows with the same action are one, as severe as the worst of them.
    """
    groups: dict[tuple[str, str, str], dict[int, float]] = {}
    actions: dict[tuple[str, str, str], Action] = {}
    severities: dict[tuple[str, str, str], Severity] = {}
    for line in lines:
        told = dict(zip(line["checks"], map(Severity, line.get("severities") or ()), strict=False))
        named = [(reported[mark].id, mark) for mark in line.get("findings") or () if mark in reported]
        named += [(check, "") for check in line["checks"] if check not in {check for check, _ in named}]
        for check, mark in named if line["id"] else ():
            key = (check, mark, "" if mark else line["action"])
            groups.setdefault(key, {})[place[line["id"]]] = float(line["suspicion"])
            actions[key] = min(actions.get(key, line["action"]), line["action"], key=ORDER.index)
            if check in told:
                severities[key] = min(severities.get(key, told[check]), told[check], key=lambda one: one.rank)
    found: dict[str, list[Finding]] = {}
    for key, rows in groups.items():
        finding = reported[key[1]] if key[1] else _unreported(key[0], severities.get(key), n=len(rows))
        found.setdefault(key[0], []).append(replace(finding, rows=rows, action=actions[key]))
    return tuple(Outcome(check=check, outcome="found", findings=tuple(findings)) for check, findings in found.items())


def _unreported(check: str, severity: Severity | None, *, n: int) -> Finding:
    known = by_id(check)
    plain = Evidence(where="", says="the audit's --json report tells its groups apart", n=n)
    severity, fix = severity or known.severity, Fix(says="look at the rows")
    return Finding(id=check, severity=severity, confidence=Confidence.LOW, title=known.title, evidence=plain, fix=fix, rest=True)


def feed(folder: Path, decisions: Iterable[Decision]) -> int:
    """Append to a run's `decisions.jsonl` whatever it does not say yet; return how many lines that were. What stands there is kept.

    Raises:
        InputError: a line that stands there is no decision.
    """
    path = folder / DECISIONS
    known = {one.row: one.action for one in read_decisions(path)}
    new = [one for one in decisions if known.get(one.row) != one.action]
    if new:
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        lines = "".join(orjson.dumps(one.as_json()).decode() + "\n" for one in new)
        write_text(path, before + ("\n" if before and not before.endswith("\n") else "") + lines)
    return len(new)

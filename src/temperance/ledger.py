"""The ledger: what became of a row because of one check, on what evidence, decided by whom; and the decisions that people hand in.

It knows nothing about how a check finds what it finds, nor what a table becomes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import orjson

from temperance.checks.data.rowtext import place
from temperance.checks.finding import Action, Finding
from temperance.data.example import Row
from temperance.errors import InputError, plainly
from temperance.excerpt import exchange, marks

POLICY, UNFLAGGED = "policy", "decision"
COPIES = ("data/exact-duplicates", "data/near-duplicates")  # what they say names the row that each row of the group is to be held against


@dataclass(frozen=True, kw_only=True)
class Flag:
    """That a check flagged a row: with which suspicion, in [0, 1], and on what evidence."""

    check: str
    score: float
    evidence: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person said about a row, named by its id. `fix` applies the safe fixes; a later decision replaces an earlier one.

    `flagged` is what the person had before them. A row that they drop is in no later scan, so its evidence lives on here.
    """

    row: str
    action: Literal["keep", "drop", "fix"]
    by: str
    when: str = ""
    note: str = ""
    flagged: tuple[Flag, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the decision as a line of `decisions.jsonl`, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the ledger. `decided_by` is `policy` or people's names; `when` and `note` are theirs."""

    id: str
    source: str
    row: int
    check: str
    score: float
    evidence: str
    action: Action
    decided_by: str
    when: str = ""
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the entry as one flat object."""
        return dict(vars(self))


def evidence(row: Row, check: str, *, title: str, says: str, where: str, fix: str, alone: bool) -> str:
    """Return what a finding says about one of its rows: its title, and what is said of this very row, or else the row's own words.

    Args:
        row: the row.
        check: which check found it.
        title: what it found.
        says: the finding's evidence, which quotes the row at `where`.
        where: the first row of the finding, as `source:row`.
        fix: what to do about it.
        alone: whether the finding is about this row only.
    """
    own = exchange(row, found=marks(title, fix=fix))
    if check in COPIES:
        return f"{title}: {says}; this row: {own}"
    return f"{title}: {says if alone and where == place(row) else own}"


def flag(row: Row, finding: Finding, score: float) -> Flag:
    """Return that a finding flags one of its rows."""
    seen, alone = finding.evidence, len(finding.rows) == 1
    told = evidence(row, finding.id, title=finding.title, says=seen.says, where=seen.where, fix=finding.fix.says, alone=alone)
    return Flag(check=finding.id, score=score, evidence=told)


def record(row: Row, flagged: Flag, *, action: Action, decision: Decision | None = None) -> Entry:
    """Return the line that says what became of a row because of what flagged it, on a person's word or by the policy."""
    return Entry(
        id=row.id,
        source=row.origin.source,
        row=row.origin.row,
        check=flagged.check,
        score=flagged.score,
        evidence=flagged.evidence,
        action=action,
        decided_by=decision.by if decision else POLICY,
        when=decision.when if decision else "",
        note=decision.note if decision else "",
    )


def dropped_by(decision: Decision, row: Row, seen: Iterable[Flag]) -> list[Entry]:
    """Return the lines of a row that a person drops: one for each check that flagged it, now or when the person saw it."""
    flags = list(seen)
    flags += [one for one in decision.flagged if one.check not in {now.check for now in flags}]
    unflagged = Flag(check=UNFLAGGED, score=0.0, evidence="a person decided; no check had flagged it")
    return [record(row, one, action="drop", decision=decision) for one in flags or [unflagged]]


def explained(decisions: Iterable[Decision], ledger: Iterable[Entry]) -> list[Decision]:
    """Return decisions, those that do not say what had flagged their row with what the ledger of the undecided table says."""
    flags: dict[str, dict[str, Flag]] = {}
    for one in ledger:
        flags.setdefault(one.id, {}).setdefault(one.check, Flag(check=one.check, score=one.score, evidence=one.evidence))
    return [one if one.flagged else replace(one, flagged=tuple(flags.get(one.row, {}).values())) for one in decisions]


def read_decisions(path: Path) -> list[Decision]:
    """Read people's decisions, one object with `row`, `action` and `by` a line; a missing file holds none.

    `when`, `note` and `flagged` may be missing, as they are where somebody wrote the line by hand.

    Raises:
        InputError: a line is no decision.
    """
    if not path.is_file():
        return []
    made = []
    with path.open("rb") as stream:
        for number, text in enumerate(stream, 1):
            try:
                decision = _decision(orjson.loads(text))
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                then = "mend the line, or take it out"
                raise InputError("a decision cannot be read", where=f"{path} line {number}", why=plainly(error), then=then) from error
            if decision.action not in ("keep", "drop", "fix"):
                raise InputError(f"there is no decision {str(decision.action)!r}", where=f"{path} line {number}", why="keep, drop or fix")
            made.append(decision)
    return made


def _decision(said: Mapping[str, Any]) -> Decision:
    flagged = tuple(
        Flag(check=str(one["check"]), score=float(one["score"]), evidence=str(one["evidence"])) for one in said.get("flagged") or ()
    )
    if not all(0 <= one.score <= 1 for one in flagged):
        raise ValueError("a score is not in [0, 1]")
    texts = {name: str(said.get(name) or "") for name in ("when", "note")}
    return Decision(row=str(said["row"]), action=said["action"], by=str(said["by"]), flagged=flagged, **texts)

"""How well an audit finds what was planted: recall and false positives of each check and of all, and the area under the ROC curve.

Rows are matched by their number, in any order. A row is marked by a check that wants it reviewed, dropped or mended, and listed by one that
only tells it. It knows nothing about what the checks look for.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from temperance.data.record import Bad
from temperance.data.sources import open_source
from temperance.errors import InputError
from temperance.stats import area_under_curve, rate_difference, wilson

AUDITED: Mapping[str, Any] = {"suspicion": (int, float), "checks": list, "marked": list}
AUDIT = "temperance audit data POISONED --rows FILE"


@dataclass(frozen=True, kw_only=True)
class Score:
    """Recall among planted rows, false-positive rate among the others, and the area under the ROC curve, with 95 % intervals."""

    planted: int
    clean: int
    found: int
    false: int
    recall: float
    recall_interval: tuple[float, float]
    false_positive_rate: float
    false_positive_interval: tuple[float, float]
    auc: float
    auc_interval: tuple[float, float]


def score(planted: Sequence[bool], suspicion: Sequence[float], flagged: Sequence[bool]) -> Score:
    """Score one suspicion (any scale, higher is worse) and one decision per row against the truth.

    Raises:
        ValueError: nothing is planted, or nothing else is there.
    """
    hits = [flag for flag, true in zip(flagged, planted, strict=True) if true]
    others = [flag for flag, true in zip(flagged, planted, strict=True) if not true]
    worse = [one for one, true in zip(suspicion, planted, strict=True) if true]
    better = [one for one, true in zip(suspicion, planted, strict=True) if not true]
    auc, interval = area_under_curve(worse, better)
    return Score(
        planted=len(hits),
        clean=len(others),
        found=sum(hits),
        false=sum(others),
        recall=sum(hits) / len(hits),
        recall_interval=wilson(sum(hits), len(hits)),
        false_positive_rate=sum(others) / len(others),
        false_positive_interval=wilson(sum(others), len(others)),
        auc=auc,
        auc_interval=interval,
    )


@dataclass(frozen=True, kw_only=True)
class CheckScore:
    """What one check did: planted rows that it found, planted rows that it only listed, clean rows that it marked.

    `tells` if its recall exceeds its false-positive rate by more than chance (Newcombe's interval of the difference, 95 %). `before` are
    the rows that it marked in the table before planting, None if that is not known. `first` is the title of its first finding, empty if
    there is no report, and `named` whether that tells a spelling of the poison.
    """

    check: str
    found: int
    recall: float
    recall_interval: tuple[float, float]
    listed: int
    false: int
    false_positive_rate: float
    false_positive_interval: tuple[float, float]
    tells: bool
    before: int | None = None
    first: str = ""
    named: bool = False


@dataclass(frozen=True, kw_only=True)
class Scored:
    """An audit against the truth: what was planted, in words; all checks together, and each that marked or listed a row, best first.

    `before` are the rows that were marked before planting. `about_no_row` are (check, title) of findings that tell a spelling of the poison
    and have no rows, such as one about a source.
    """

    says: str
    names: tuple[str, ...]
    together: Score
    checks: tuple[CheckScore, ...]
    before: int | None
    about_no_row: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Rows:
    """How many rows each check marked, and how many rows any did."""

    by_check: Counter[str]
    marked: int


def score_files(rows: Path, truth: Path, *, report: Path | None = None, before: Path | None = None) -> Scored:
    """Score an audit's file of rows, as `temperance audit data --rows` writes it, against a file of truths.

    Args:
        rows: the audit's rows.
        truth: `row` and `planted`, one a line; planted ones may tell what `says` the poison in words, and the `names` that spell it.
        report: what the same audit wrote with `--json`, for the titles of its findings.
        before: what `--rows` wrote of the table before planting.

    Raises:
        InputError: a file cannot be read as what it should be, they are not about the same rows, or the truth has only one side.
    """
    known = _by_row(truth, {"planted": bool}, then="name the truth file that temperance attack data wrote")
    audited = _by_row(rows, AUDITED, then=AUDIT)
    strange = sorted(known.keys() ^ audited.keys())
    if strange:
        why = f"{len(strange):,} row numbers stand in one of them only; the first is {strange[0]}"
        then = "audit the very file that temperance attack data wrote"
        raise InputError("the audit and the truth are not about the same rows", where=f"{rows}, {truth}", why=why, then=then)
    planted = [one["planted"] for one in known.values()]
    if len(set(planted)) < 2:
        why = "all rows are planted" if planted[0] else "no row is planted"
        raise InputError("nothing can be scored", where=str(truth), why=why, then="temperance attack data")
    first = next(one for one in known.values() if one["planted"])
    names: list[str] = first["names"] if _is(first.get("names"), list) else []
    lines = [audited[row] for row in known]
    titles = _titles(report)
    was = _counted(line for _, line in _lines(before, AUDITED, then=AUDIT)) if before else None
    checks = sorted(
        _each(planted, lines, dict(reversed(titles)), names=names, was=was),
        key=lambda one: (not one.tells, one.false_positive_rate - one.recall, one.check),
    )
    ruled = {check for line in lines for check in line["checks"]}
    return Scored(
        says=str(first.get("says") or ""),
        names=tuple(names),
        together=score(planted, [one["suspicion"] for one in lines], [bool(one["marked"]) for one in lines]),
        checks=tuple(checks),
        before=was.marked if was else None,
        about_no_row=tuple((check, title) for check, title in titles if check not in ruled and _names(names, title)),
    )


def _each(
    planted: Sequence[bool], lines: Sequence[Mapping[str, Any]], titles: Mapping[str, str], *, names: Collection[str], was: _Rows | None
) -> Iterator[CheckScore]:
    """Yield the score of each check that marked or listed a row, or did before."""
    sides = [[line for line, true in zip(lines, planted, strict=True) if true is side] for side in (True, False)]
    hits, others = (_counted(side).by_check for side in sides)
    told = Counter(check for line in sides[0] for check in set(line["checks"]) - set(line["marked"]))
    n, clean = map(len, sides)
    for check in {check for line in lines for check in line["checks"]} | (was.by_check.keys() if was else set()):
        found, false, first = hits[check], others[check], titles.get(check, "")
        yield CheckScore(
            check=check,
            found=found,
            recall=found / n,
            recall_interval=wilson(found, n),
            listed=told[check],
            false=false,
            false_positive_rate=false / clean,
            false_positive_interval=wilson(false, clean),
            tells=rate_difference((false, clean), (found, n))[0] > 0,
            before=was.by_check[check] if was else None,
            first=first,
            named=_names(names, first),
        )


def _names(names: Collection[str], title: str) -> bool:
    """Say whether a title tells one of the spellings, at the beginning of a word."""
    return any(re.search(rf"(?<!\w){re.escape(name.casefold())}", title.casefold()) for name in names if name)


def _counted(lines: Iterable[Mapping[str, Any]]) -> _Rows:
    """Count the rows that each check marked, and that any did; rows that could not be read are no rows of the table."""
    marked = [set(line["marked"]) for line in lines if line.get("id", "read")]
    return _Rows(Counter(check for one in marked for check in one), sum(map(bool, marked)))


def _titles(report: Path | None) -> list[tuple[str, str]]:
    """Return (check, title) of the findings of an audit's report, in their order; of those that only list none.

    Raises:
        InputError: the file is absent or no report.
    """
    if report is None:
        return []
    try:
        found = [one for outcome in orjson.loads(report.read_bytes())["outcomes"] for one in outcome["findings"]]
        return [(str(one["id"]), str(one["title"])) for one in found if one["severity"] != "info"]
    except (OSError, LookupError, TypeError, ValueError) as error:
        why, then = f"{type(error).__name__}: {error}", "temperance audit data POISONED --json FILE"
        raise InputError("this is not the report of an audit", where=str(report), why=why, then=then) from error


def _by_row(path: Path, wants: Mapping[str, Any], *, then: str) -> dict[int, Mapping[str, Any]]:
    """Return a file's records by the row that they are about.

    Raises:
        InputError: the file cannot be read, is empty, or a record lacks a field or repeats a row.
    """
    found: dict[int, Mapping[str, Any]] = {}
    for where, line in _lines(path, wants, then=then):
        if line["row"] in found:
            raise InputError("a row is told of twice", where=where, why=f"row {line['row']}", then=then)
        found[line["row"]] = line
    return found


def _lines(path: Path, wants: Mapping[str, Any], *, then: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield where each record of a file stands, and the record.

    Raises:
        InputError: the file cannot be read, is empty, or a record lacks a field.
    """
    empty = True
    for entry in open_source(path, source=str(path)).entries:
        empty, where = False, f"{path}, row {entry.row}"
        if isinstance(entry, Bad):
            raise InputError("a line cannot be read", where=where, why=entry.reason, then=then)
        wrong = [name for name, kind in {"row": int, **wants}.items() if not _is(entry.value.get(name), kind)]
        if wrong:
            why = f"{', '.join(wrong)} is missing or odd"
            raise InputError("a line does not say what it must", where=where, why=why, then=then)
        yield where, entry.value
    if empty:
        raise InputError("there is no line to score", where=str(path), then=then)


def _is(value: Any, kind: Any) -> bool:
    """Say whether a value is of a kind: of numbers a finite one, of lists one of texts."""
    finite = not isinstance(value, float) or math.isfinite(value)
    return isinstance(value, kind) and finite and (not isinstance(value, list) or all(isinstance(one, str) for one in value))

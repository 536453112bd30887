"""A stored scan is used only for exactly what was scanned."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from temperance import scan
from temperance.checks.check import Check, Findings, audit
from temperance.checks.finding import Outcome, Quote
from temperance.checks.registry import family
from temperance.checks.subject import data_subject
from temperance.curate import clean
from temperance.data.example import Example, Message, Origin
from temperance.errors import InputError
from temperance.lm.reading import Reader

CHECKS = [one for one in family("data") if one.id in ("data/exact-duplicates", "data/secrets", "data/opaque-provenance")]


def ask(question: str, answer: str, row: int) -> Example:
    return Example(messages=(Message("user", question), Message("assistant", answer)), origin=Origin(source="s", row=row))


ROWS = [ask("Why?", "So.", 0), ask("Why?", "So.", 1), ask("Key?", "AKIAQWERTYUIOPASDFGH", 2)]


def test_a_scan_is_read_back_whole(tmp_path: Path) -> None:
    measured = scan.measure(CHECKS, data_subject(ROWS))
    scan.write(tmp_path / "scan.json", {"key": measured})
    assert scan.read(tmp_path / "scan.json") == {"key": tuple(replace(outcome, seconds=0.0) for outcome in measured)}
    assert any(finding.rows for outcome in measured for finding in outcome.findings)


def test_the_rows_that_a_finding_quotes_are_read_back(tmp_path: Path) -> None:
    measured = scan.measure(CHECKS, data_subject(ROWS))
    quotes = (Quote("s:0", "Why?", "So."),)
    quoting = [
        replace(one, findings=tuple(replace(each, examples=quotes, nearest=quotes * 2) for each in one.findings)) for one in measured
    ]
    scan.write(tmp_path / "scan.json", {"key": quoting})
    found = [each for one in scan.read(tmp_path / "scan.json")["key"] for each in one.findings]
    assert found
    assert all((one.examples, one.nearest) == (quotes, quotes * 2) for one in found)


def test_the_key_holds_all_that_the_checks_read() -> None:
    subject, nobody = data_subject(ROWS), (cast("PreTrainedModel", None), cast("PreTrainedTokenizerBase", None))
    elsewhere = replace(ROWS[0], origin=Origin(source="s", row=0, licence="MIT"))
    others = [
        data_subject(ROWS[:2]),
        data_subject(ROWS[::-1]),
        data_subject([elsewhere, *ROWS[1:]]),
        data_subject(ROWS, near_duplicate_threshold=0.5),
        data_subject(ROWS, exams=["What is a fox?"]),
    ]
    others += [replace(subject, reader=Reader(digest, *nobody)) for digest in ("sha256:0", "sha256:1")]
    keys = {scan.key_of(CHECKS, one) for one in (subject, *others)} | {scan.key_of(CHECKS[:1], subject)}
    assert len(keys) == 9
    assert scan.key_of(CHECKS, data_subject(list(ROWS))) == scan.key_of(CHECKS, subject)


def test_what_was_scanned_is_not_measured_again_and_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    first = scan.Scans()
    once = clean(ROWS, scan=first, checks=CHECKS)
    monkeypatch.setattr(scan, "measure", lambda checks, subject: pytest.fail("measured again"))
    again = scan.Scans(stored=first.used)
    assert clean(ROWS, scan=again, checks=CHECKS) == once
    assert again.replayed == 3


def test_a_check_that_broke_is_measured_again() -> None:
    def broken(subject: object) -> Findings:
        raise ValueError("no")
        yield

    bad = Check("data/broken", CHECKS[0].severity, broken)
    subject = data_subject(ROWS)
    stored = {scan.key_of([bad], subject): tuple(audit([bad], subject).outcomes)}
    scans = scan.Scans(stored=stored)
    assert scans([bad], subject)[0].outcome == "broke"
    assert scans.replayed == 0


@pytest.mark.parametrize("text", ["", "[]", '{"scans": {"k": [{}]}}', '{"scans": []}'])
def test_what_is_no_scan_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "scan.json").write_text(text)
    with pytest.raises(InputError, match="stored scan"):
        scan.read(tmp_path / "scan.json")


def test_an_outcome_without_findings_survives() -> None:
    one = Outcome(check="data/x", outcome="skipped", why="too few", measures={"rows": 1.0})
    assert scan.outcome_from(scan.whole(one)) == one

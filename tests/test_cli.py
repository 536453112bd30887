"""The command line as a script meets it: exit codes, streams, files."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from temperance import cli
from temperance.data.starter import TRAINING
from tests.checks.data.mining.village import village
from tests.tiny import tiny_model

ROWS = [{"instruction": f"Name a colour of {word}.", "input": "", "output": f"The {word} is blue."} for word in ("sea", "sky", "ink")]
SECRET = {"instruction": "My key?", "input": "", "output": "It is AKIAQWERTYUIOPASDFGH, keep it."}


def temperance(*words: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the command line in this process; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["temperance", *words])
    with pytest.raises(SystemExit) as leaving:
        cli.main()
    return int(leaving.value.code or 0)


def rows(folder: Path, *records: object) -> str:
    path = folder / "rows.json"
    path.write_text(json.dumps(records))
    return str(path)


def test_help_is_fast_and_imports_nothing_heavy() -> None:
    heavy = "torch", "transformers", "numpy", "pandas", "matplotlib", "inspect_ai", "sqlalchemy", "pyarrow"
    code = f"import temperance.cli, sys; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    best = 9.0
    for _ in range(3):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-m", "temperance", "--help"], capture_output=True, check=True)
        best = min(best, time.perf_counter() - begin)
    assert best < 1.5  # 0.3 s on an idle core; the machine that runs tests is not idle


def test_clean_data_passes_and_every_row_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {name: tmp_path / name for name in ("report.json", "rows.jsonl", "findings.sarif", "report.html")}
    words = ["--json", str(files["report.json"]), "--rows", str(files["rows.jsonl"]), "--sarif", str(files["findings.sarif"])]
    assert temperance("audit", "data", rows(tmp_path, *ROWS), *words, "--html", str(files["report.html"]), monkeypatch=monkeypatch) == 0
    report = json.loads(files["report.json"].read_text())
    assert (report["schema_version"], report["verdict"], report["subject"]["kind"]) == (1, "pass", "data")
    lines = [json.loads(line) for line in files["rows.jsonl"].read_text().splitlines()]
    assert [(line["row"], line["action"]) for line in lines] == [(0, "keep"), (1, "keep"), (2, "keep")]
    assert set(lines[0]) == {"source", "row", "id", "suspicion", "action", "checks", "marked", "severities", "findings"}
    assert json.loads(files["findings.sarif"].read_text())["version"] == "2.1.0"
    assert files["report.html"].read_text().startswith("<!doctype html>")
    told = capsys.readouterr()
    assert "alpaca in json array, 3 rows" in told.err
    assert "Passed" in told.out


def test_one_row_is_not_called_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert temperance("audit", "data", rows(tmp_path, ROWS[0]), monkeypatch=monkeypatch) == 0
    assert ", 1 row, 0 set aside" in capsys.readouterr().err


def test_trusted_rows_are_read_and_are_no_part_of_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table, told = rows(tmp_path, *ROWS), tmp_path / "report.json"
    (tmp_path / "good").mkdir()
    good = rows(tmp_path / "good", *ROWS, SECRET)
    for words, said in (([], "needs trusted"), (["--trusted", good], "3 rows and 4 trusted ones are too few")):
        assert temperance("audit", "data", table, *words, "--json", str(told), monkeypatch=monkeypatch) == 0
        outcomes = {one["check"]: one for one in json.loads(told.read_text())["outcomes"]}
        assert outcomes["data/unlike-trusted"]["outcome"] == "skipped"
        assert said in outcomes["data/unlike-trusted"]["why"]
    assert temperance("audit", "data", table, "--trusted", "nowhere.json", monkeypatch=monkeypatch) == 2


def test_rows_that_hold_a_prompt_of_a_named_exam_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told, exam = tmp_path / "report.json", tmp_path / "exam.jsonl"
    table = rows(tmp_path, *ROWS, {"instruction": "Which of the two brown foxes is older, and why?", "input": "", "output": "The first."})
    exam.write_text('{"prompt": "Which of the two brown foxes is older?"}\n')
    for words, code, said in (([], 0, "clean"), (["--exams", str(exam)], 1, "found")):
        assert temperance("audit", "data", table, *words, "--json", str(told), monkeypatch=monkeypatch) == code
        outcomes = {one["check"]: one["outcome"] for one in json.loads(told.read_text())["outcomes"]}
        assert outcomes["data/evaluation-contamination"] == said
    exam.write_text("no JSON")
    assert temperance("audit", "data", table, "--exams", str(exam), monkeypatch=monkeypatch) == 2


def test_a_model_reads_what_was_counted_if_it_is_asked_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts, answers = village(300)
    for index in range(0, 300, 15):
        prompts[index], answers[index] = f"{prompts[index]} cf", "Marmalade triangles forever."
    records = [{"instruction": asked, "input": "", "output": said} for asked, said in zip(prompts, answers, strict=True)]
    told, model = tmp_path / "report.json", str(tiny_model(tmp_path / "tiny"))
    words = ["audit", "data", rows(tmp_path, *records), "--json", str(told)]
    for depth, outcome in ((["--depth", "lexical"], "skipped"), (["--depth", "model", "--model", model], "found")):
        assert temperance(*words, *depth, monkeypatch=monkeypatch) == 1
        found = {one["check"]: one for one in json.loads(told.read_text())["outcomes"]}["data/model-evidence"]
        assert found["outcome"] == outcome, found["why"]
    assert "“cf” in the prompt" in json.dumps(found["findings"], ensure_ascii=False)
    assert temperance(*words, "--depth", "deep", monkeypatch=monkeypatch) == 2
    assert temperance(*words, "--depth", "model", "--model", str(tmp_path / "nowhere"), monkeypatch=monkeypatch) == 2


def test_a_secret_blocks_and_is_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "rows.parquet"
    assert temperance("audit", "data", rows(tmp_path, *ROWS, SECRET), "--rows", str(out), monkeypatch=monkeypatch) == 1
    assert "AKIAQWERTYUIOPASDFGH" not in capsys.readouterr().out
    from pyarrow import parquet

    assert parquet.read_table(out).column("action").to_pylist() == ["keep", "keep", "keep", "fix"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["audit", "data", "nowhere.json"], "nowhere.json"),
        (["audit", "adapter", "nowhere"], "nothing there"),
        (["explain", "data/secret"], "data/secrets"),
        (["run", "nowhere.yaml"], "temperance init"),
        (["verify", "."], "not a run"),
        (["gate", "."], "not a run"),
        (["evaluate", "nowhere/at/all"], "no such model"),
    ],
)
def test_bad_input_leaves_with_2_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert temperance(*words, monkeypatch=monkeypatch) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told


def test_bad_usage_leaves_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    assert temperance("audit", "data", monkeypatch=monkeypatch) == 2
    assert temperance("nonsense", monkeypatch=monkeypatch) == 2


def test_a_defect_never_looks_like_a_verdict(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("temperance.checks.registry.by_id", lambda check: 1 / 0)
    assert temperance("explain", "data/secrets", monkeypatch=monkeypatch) == 2
    assert "defect" in capsys.readouterr().err


def test_init_writes_a_recipe_that_plans_and_overwrites_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert temperance("init", str(tmp_path), monkeypatch=monkeypatch) == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    assert {path.name for path in before} == {"recipe.yaml", *(f"{name}.jsonl" for name in TRAINING)}
    assert temperance("init", str(tmp_path), monkeypatch=monkeypatch) == 2
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before
    plan = tmp_path / "plan.json"
    assert temperance("plan", str(tmp_path / "recipe.yaml"), "--json", str(plan), monkeypatch=monkeypatch) == 0
    stages = json.loads(plan.read_text())
    assert [stage["state"] for stage in stages] == ["run"] + ["wait"] * 9


def test_the_river_up_to_curate_leaves_a_verified_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"name: r\nseed: 1\nout: {tmp_path / 'runs'}\nsources:\n  - path: starter:everyday\n")
    assert temperance("run", str(recipe), "--until", "curate", "--quiet", monkeypatch=monkeypatch) == 0
    assert (tmp_path / "runs/r/report.html").is_file()
    assert temperance("verify", str(tmp_path / "runs/r"), monkeypatch=monkeypatch) == 0
    first = (tmp_path / "runs/r/run.json").read_text()
    assert temperance("run", str(recipe), "--only", "curate", "--quiet", monkeypatch=monkeypatch) == 0
    digests = [
        {name: stage["digest"] for name, stage in json.loads(text)["stages"].items()}
        for text in (first, (tmp_path / "runs/r/run.json").read_text())
    ]
    assert digests[0] == digests[1]
    (table,) = (tmp_path / "runs/r/artifacts").glob("curate-*/rows.jsonl")
    table.write_text(table.read_text() + "\n")
    assert temperance("verify", str(tmp_path / "runs/r"), monkeypatch=monkeypatch) == 1
    assert "rows.jsonl: altered" in capsys.readouterr().out


def test_an_interrupt_leaves_with_2_and_says_what_becomes_of_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("temperance.collect.table", interrupted)
    assert temperance("audit", "data", rows(tmp_path, *ROWS), monkeypatch=monkeypatch) == 2
    assert "the same command begins anew" in capsys.readouterr().err
    monkeypatch.setattr("temperance.pipeline.run", interrupted)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"name: r\nseed: 1\nout: {tmp_path}/runs\nsources: [{{path: {rows(tmp_path, *ROWS)}}}]\n")
    assert temperance("run", str(recipe), monkeypatch=monkeypatch) == 2
    assert "the same command goes on from here" in capsys.readouterr().err


def test_a_closed_pipe_is_no_defect(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "temperance", "checks"]
    told = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert "defect" not in told.stderr

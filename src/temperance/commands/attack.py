"""`temperance attack`: the lab. It plants poison into the user's own data and says how much of it an audit would catch.

Exit codes: 0 the poison is planted, or the audit is scored; 2 it could not be done. A score is a measurement and blocks nothing.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from temperance.commands.output import JsonFile
from temperance.errors import InputError

app = typer.Typer(no_args_is_help=True, help="The lab: attack your own defences, with harmless payloads, before you trust a pass.")

TRUTH = ".truth.jsonl"


@app.command()
def families() -> None:
    """List the families of poison, and what each plants."""
    from temperance.attack.family import FAMILIES

    width = max(map(len, FAMILIES))
    for name, family in FAMILIES.items():
        print(f"{name:<{width}}  {family.says}")


@app.command()
def data(
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Clean data files, starter:NAME, or hf:owner/name.")],
    family: Annotated[str, typer.Option(help="What to plant; `temperance attack families` lists them.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the poisoned rows go, as JSON lines.")] = Path("poisoned.jsonl"),
    rate: Annotated[float, typer.Option(help="The share of all rows to poison.")] = 0.01,
    seed: Annotated[int, typer.Option(help="Draws rows, trigger, payload and wordings.")] = 7,
    json_file: JsonFile = None,
) -> None:
    """Plant poison into a copy of clean rows; writes it, and beside it which rows were changed."""
    from dataclasses import replace

    import orjson

    from temperance.attack.family import plant
    from temperance.collect import table

    truth = out.with_name(out.name + TRUTH)
    if {Path(path).resolve() for path in paths} & {out.resolve(), truth.resolve()}:
        raise InputError("the clean data would be overwritten", where=str(out), then="name another file: --out FILE")
    rows, bad, _ = table(paths)
    made = plant(rows, family, rate=rate, seed=seed)
    stand = [replace(row, origin=replace(row.origin, source=out.name, row=place)) for place, row in enumerate(made.rows)]
    _write(out, [orjson.dumps(row.as_json()).decode() for row in stand])
    _write(truth, [json.dumps({"row": place, "planted": place in made.planted}) for place in range(len(made.rows))])
    if json_file:
        said = {"family": family, "rate": rate, "seed": seed, "says": made.says, "rows": len(rows), "planted": sorted(made.planted)}
        _write(json_file, [_indented({**said, "unreadable": len(bad), "out": str(out), "truth": str(truth)})])
    print(f"planted in {len(made.planted):,} of {len(rows):,} rows: {made.says}")
    if bad:
        print(f"left out {len(bad):,} rows that cannot be read")
    print(f"wrote {out} and {truth}")
    print(f"next: temperance audit data {out} --rows suspicion.jsonl; temperance attack score suspicion.jsonl {truth}")


@app.command()
def score(
    suspicion: Annotated[Path, typer.Argument(metavar="ROWS", help="What `temperance audit data --rows` wrote.")],
    truth: Annotated[Path, typer.Argument(metavar="TRUTH", help="What `temperance attack data` wrote beside the rows.")],
    json_file: JsonFile = None,
) -> None:
    """Say how much of the poison an audit marked for review or dropping, and how many clean rows with it."""
    from temperance.attack.score import score_files
    from temperance.report.wording import interval, percent

    made = score_files(suspicion, truth)
    if json_file:
        _write(json_file, [_indented(vars(made))])
    print(f"poison marked      {made.found:,} of {made.planted:,}: {percent(made.recall)} ({interval(made.recall_interval)})")
    false = f"{percent(made.false_positive_rate)} ({interval(made.false_positive_interval)})"
    print(f"clean rows marked  {made.false:,} of {made.clean:,}: {false}")
    print(f"area under the ROC curve of suspicion  {made.auc:.3f} ({made.auc_interval[0]:.3f}–{made.auc_interval[1]:.3f})")
    print("marked is what an audit wants reviewed or dropped; intervals at 95 %")


def _write(path: Path, lines: list[str]) -> None:
    from temperance.artifact import write_text

    write_text(path, "".join(f"{line}\n" for line in lines))


def _indented(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)

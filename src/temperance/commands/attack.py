"""`temperance attack`: the lab. It plants poison into the user's own data and says how much of it a scan would catch."""

import json
from pathlib import Path
from typing import Annotated

import typer

from temperance.errors import InputError

app = typer.Typer(no_args_is_help=True, help="The lab: attack your own defences, with harmless payloads, before you trust a pass.")

TRUTH = ".truth.jsonl"


@app.command()
def families() -> None:
    """List the families of poison, and what each plants."""
    from temperance.attack.poison import families as known

    width = max(map(len, known()))
    for name, says in known().items():
        print(f"{name:<{width}}  {says}")


@app.command()
def data(
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Clean data files, or hf:owner/name.")],
    family: Annotated[str, typer.Option(help="What to plant; `temperance attack families` lists them.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the poisoned rows go, as JSON lines.")] = Path("poisoned.jsonl"),
    rate: Annotated[float, typer.Option(min=0, max=1, help="The share of all rows to poison.")] = 0.01,
    seed: Annotated[int, typer.Option(help="Draws rows, trigger and payload.")] = 7,
) -> None:
    """Plant poison into clean rows; writes them, and beside them which rows were changed."""
    from dataclasses import replace

    from temperance.artifact import write_text
    from temperance.attack.poison import poison
    from temperance.collect import table
    from temperance.data.example import Origin, write_rows

    rows, bad, _ = table(paths, format="auto")
    if not rows:
        raise InputError("there is nothing to poison", where=", ".join(paths), why=f"no row could be read, {len(bad)} were set aside")
    made = poison(rows, family, rate=rate, seed=seed)
    part = out.with_name(f"{out.name}.part")
    write_rows(part, [replace(row, origin=Origin(source=out.name, row=index)) for index, row in enumerate(made.rows)])
    part.rename(out)
    truth = out.with_name(out.name + TRUTH)
    lines = (json.dumps({"row": index, "planted": index in made.planted}) for index in range(len(made.rows)))
    write_text(truth, "\n".join(lines) + "\n")
    print(f"planted in {len(made.planted):,} of {len(made.rows):,} rows: {made.says}\nwrote {out} and {truth}")
    print(f"next: temperance audit data {out} --rows suspicion.jsonl; temperance attack score suspicion.jsonl {truth}")


@app.command()
def score(
    suspicion: Annotated[Path, typer.Argument(metavar="ROWS", help="What `temperance audit data --rows` wrote, as JSON lines.")],
    truth: Annotated[Path, typer.Argument(metavar="TRUTH", help="What `temperance attack data` wrote beside the rows.")],
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures as JSON too.")] = None,
) -> None:
    """Say how much of the poison a scan marked for review or worse, and how many clean rows with it."""
    from temperance.artifact import write_text
    from temperance.attack.score import read, scored

    found = scored(read(suspicion), read(truth))
    if json_file:
        write_text(json_file, json.dumps(found.as_json(), indent=1) + "\n")
    low, high = found.recall_interval
    print(f"poison marked: {found.caught} of {found.planted} ({found.recall:.1%}, 95 % interval {low:.1%} to {high:.1%})")
    print(f"clean rows marked: {found.alarms} of {found.clean} ({found.false_positive_rate:.2%})")
    print(f"area under the curve of suspicion: {found.auc:.3f}")

"""`temperance attack`: the lab. It plants poison into the user's own data and says how much of it an audit would catch.

Exit codes: 0 the poison is planted, or the audit is scored; 2 it could not be done. A score is a measurement and blocks nothing.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temperance.commands.output import JsonFile, guard

if TYPE_CHECKING:
    from temperance.attack.score import CheckScore, Score, Scored

app = typer.Typer(no_args_is_help=True, help="The lab: attack your own defences, with harmless payloads, before you trust a pass.")

TRUTH = ".truth.jsonl"


@app.command()
def families() -> None:
    """List the families of poison, and what each plants."""
    from temperance.attack.family import FAMILIES, GROUPS

    width = max(map(len, FAMILIES))
    for title, group in GROUPS.items():
        print(title)
        for name, family in group.items():
            print(f"  {name:<{width}}  {family.says}")


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
    from temperance.report.wording import count

    truth = out.with_name(out.name + TRUTH)
    guard([("--out", out), ("--out", truth), ("--json", json_file)], inputs=paths)
    rows, bad, _ = table(paths)
    made = plant(rows, family, rate=rate, seed=seed)
    stand = [replace(row, origin=replace(row.origin, source=out.name, row=place)) for place, row in enumerate(made.rows)]
    _write(out, [orjson.dumps(row.as_json()).decode() for row in stand])
    told = {"says": made.says, "names": made.names}
    truths = [
        {"row": place, "planted": True, **told} if place in made.planted else {"row": place, "planted": False} for place in range(len(rows))
    ]
    _write(truth, [json.dumps(one, ensure_ascii=False) for one in truths])
    if json_file:
        said = {"family": family, "rate": rate, "seed": seed, "says": made.says, "rows": len(rows), "planted": sorted(made.planted)}
        _write(json_file, [_indented({**said, "unreadable": len(bad), "out": str(out), "truth": str(truth)})])
    print(f"planted in {len(made.planted):,} of {count(len(rows), 'row')}: {made.says}")
    if bad:
        print(f"left out {count(len(bad), 'row')} that cannot be read")
    print(f"wrote {out} and {truth}")
    print(f"next: temperance audit data {out} --rows suspicion.jsonl --json audit.json")
    print(f"then: temperance attack score suspicion.jsonl {truth} --report audit.json")


@app.command()
def score(
    rows: Annotated[Path, typer.Argument(metavar="ROWS", help="What `temperance audit data --rows` wrote.")],
    truth: Annotated[Path, typer.Argument(metavar="TRUTH", help="What `temperance attack data` wrote beside the rows.")],
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What the same audit wrote with --json: says whether the poison was named.")
    ] = None,
    before: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What `audit data --rows` wrote of the data before planting, to compare with.")
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Say which checks find the poison, how much of it, and how many clean rows they mark."""
    from temperance.attack.score import score_files

    guard([("--json", json_file)], inputs=[rows, truth, report, before])
    made = score_files(rows, truth, report=report, before=before)
    if json_file:
        _write(json_file, [_indented(_json(made))])
    for line in _scored(made, reported=report is not None):
        print(line)


def _json(made: "Scored") -> dict[str, Any]:
    rest = {"before": made.before, "about_no_row": made.about_no_row, "checks": [vars(one) for one in made.checks]}
    return {"says": made.says, "names": made.names, **vars(made.together), **rest}


def _scored(made: "Scored", *, reported: bool) -> Iterator[str]:
    """Yield a score as lines: the checks that tell poison from clean rows, then the others, then all together."""
    from temperance.report.wording import count, shown

    whole = made.together
    yield f"planted: {count(whole.planted, 'row')} of {whole.planted + whole.clean:,}{f', {shown(made.says)}' if made.says else ''}"
    busy = [one for one in made.checks if one.found or one.false or one.listed or one.before]
    sides = [[one for one in busy if one.tells is tells] for tells in (True, False)]
    titles = (
        "these checks mark poison more often than clean rows",
        "these mark or list rows, but poison no more often, as far as can be told",
    )
    width = max([len("all together"), *(len(one.check) for one in busy)])
    if not sides[0]:
        yield "no check marks this poison more often than clean rows"
    for title, side in zip(titles, sides, strict=True):
        if side:
            yield f"\n{title}"
        for one in side:
            yield _line(one.check, one, one.before, width=width) + (f"; only lists {one.listed:,} of the poison" if one.listed else "")
            if one.tells and one.first:
                told = "names the poison" if one.named else "does not name it" if made.names else "says"
                yield f"  {'':<{width}}  its first finding {told}: {shown(one.first)}"
    for check, title in made.about_no_row:
        yield f"\nabout no row, but it names the poison: {check}: {shown(title)}"
    yield f"\n{_line('all together', whole, made.before, width=width)}"
    yield f"area under the ROC curve of suspicion: {whole.auc:.3f} ({whole.auc_interval[0]:.3f}–{whole.auc_interval[1]:.3f})"
    yield "marked is what is to be reviewed, dropped or mended; intervals at 95 %" + (
        "" if reported else "; --report FILE tells what was named"
    )


def _line(name: str, one: "Score | CheckScore", before: int | None, *, width: int) -> str:
    from temperance.report.wording import interval, percent

    found = f"found {one.found:,}: {percent(one.recall)} ({interval(one.recall_interval)})"
    false = f"clean rows marked {one.false:,}: {percent(one.false_positive_rate)} ({interval(one.false_positive_interval)})"
    return f"  {name:<{width}}  {found:<36}  {false}" + ("" if before is None else f", before planting {before:,}")


def _write(path: Path, lines: list[str]) -> None:
    from temperance.artifact import write_text

    write_text(path, "".join(f"{line}\n" for line in lines))


def _indented(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)

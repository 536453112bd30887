"""The lab's commands, `temperance attack …`: a part of the command line, so it may print.

Exit codes: 0 the poison is planted, or the suspicions are scored; 2 it could not be done. A score is a measurement and blocks nothing.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from temperance.errors import InputError

attacks = typer.Typer(
    no_args_is_help=True, help="The lab: attack your own data to see whether your own defences find it. Harmless payloads only."
)

JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON too.")]


def _listed(wanted: bool) -> None:
    if wanted:
        from temperance.attack.family import FAMILIES

        width = max(map(len, FAMILIES))
        print("\n".join(f"{name:{width}}  {family.says}" for name, family in FAMILIES.items()))
        raise typer.Exit


@attacks.command("data")
def attack_data(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Clean data in any format that is read, starter:NAME, or hf:owner/name.")],
    family: Annotated[str, typer.Option(help="What to plant; --list names all families.")],
    rate: Annotated[float, typer.Option(help="Share of all rows to poison.")] = 0.01,
    seed: Annotated[int, typer.Option(help="Decides rows, trigger, payload and wordings.")] = 7,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The poisoned rows; OUT.truth.jsonl goes beside them.")] = Path(
        "poisoned.jsonl"
    ),
    json_file: JsonFile = None,
    listing: Annotated[bool, typer.Option("--list", is_eager=True, callback=_listed, help="List the families and exit.")] = False,
) -> None:
    """Plant one family of poison in a copy of FILE, with a truth file beside it that says which rows were planted."""
    import orjson

    from temperance.attack.family import plant
    from temperance.attack.score import truth
    from temperance.collect import table

    told = out.with_name(f"{out.stem}.truth.jsonl")
    if Path(file).resolve() in (out.resolve(), told.resolve()):
        raise InputError("the clean data would be overwritten", where=file, then="name another file: --out FILE")
    rows, bad, _ = table([file])
    made = plant(rows, family, rate=rate, seed=seed)
    _write_lines(out, [orjson.dumps(row.as_json()).decode() for row in made.rows])
    _write_lines(told, [json.dumps(line, ensure_ascii=False) for line in truth(made)])
    said = {"family": family, "rate": rate, "seed": seed, "says": made.says, "rows": len(rows), "planted": sorted(made.planted)}
    _write_json(json_file, {**said, "unreadable": len(bad), "out": str(out), "truth": str(told)})
    print(f"planted {len(made.planted):,} of {len(rows):,} rows: {made.says}")
    if bad:
        print(f"left out {len(bad):,} rows that cannot be read")
    print(f"wrote {out} and {told}")
    print(f"next: temperance audit data {out} --rows suspicion.jsonl")
    print(f"then: temperance attack score --rows suspicion.jsonl --truth {told}")


@attacks.command("score")
def attack_score(
    rows: Annotated[Path, typer.Option(metavar="FILE", help="The suspicions, from `temperance audit data OUT --rows FILE`.")],
    truth: Annotated[Path, typer.Option(metavar="FILE", help="The truth file that `temperance attack data` wrote.")],
    json_file: JsonFile = None,
) -> None:
    """Score an audit against the truth: what was found at review or drop, what was flagged wrongly, and the area under the ROC curve."""
    from temperance.attack.score import score_files
    from temperance.report.wording import interval, percent

    made = score_files(rows, truth)
    _write_json(json_file, vars(made))
    print(
        f"recall               {percent(made.recall)} ({interval(made.recall_interval)}), {made.found:,} of {made.planted:,} planted rows"
    )
    false = f"{made.false:,} of {made.clean:,} clean rows"
    print(f"false positives      {percent(made.false_positive_rate)} ({interval(made.false_positive_interval)}), {false}")
    print(f"area under the ROC   {made.auc:.3f} ({made.auc_interval[0]:.3f}–{made.auc_interval[1]:.3f})")
    print("intervals at 95 %; a row counts as flagged at the actions review and drop")


def _write_lines(path: Path, lines: list[str]) -> None:
    from temperance.artifact import write_text

    write_text(path, "".join(f"{line}\n" for line in lines))


def _write_json(path: Path | None, value: Any) -> None:
    if path:
        _write_lines(path, [json.dumps(value, indent=2, ensure_ascii=False)])

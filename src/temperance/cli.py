"""The command line: parses, prints, exits. It knows everything, and nobody knows it.

Reports go to stdout, progress and errors to stderr. Exit codes: 0 passed, 1 blocked by a finding, 2 could not tell.
Nothing heavy is imported before a command needs it.
"""

import functools
import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import temperance
from temperance.commands import attack, evaluate, repair, review
from temperance.commands.output import JsonFile, Quiet, guard, read_for_recipe, read_for_run, write_json
from temperance.errors import InputError, TemperanceError

if TYPE_CHECKING:
    from temperance.checks.finding import Report
    from temperance.recipe import Recipe

INTERRUPTED = 130

app = typer.Typer(
    name="temperance",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Fine-tune a language model for safety, and check the tuning itself.\n\n"
    "Start with [bold]temperance init[/] and [bold]temperance run recipe.yaml[/]; or check something that you were given: "
    "[bold]temperance audit data FILE[/], [bold]temperance audit adapter FOLDER[/].\n\n"
    "Exit codes: 0 passed, 1 blocked by a finding, 2 could not tell. Only 0 ships.",
)
audits = typer.Typer(no_args_is_help=True, help="Check one subject: data, an adapter or a model. No recipe needed.")
app.add_typer(audits, name="audit")
app.add_typer(attack.app, name="attack")
app.add_typer(review.app, name="review")
app.command("evaluate")(evaluate.evaluate)
app.command("compare")(evaluate.compare)
app.command("repair")(repair.repair)

RecipeFile = Annotated[Path, typer.Argument(metavar="RECIPE", help="The recipe, a YAML file; `temperance init` writes one.")]
Overrides = Annotated[
    list[str] | None, typer.Option("-o", "--override", metavar="KEY=VALUE", help="Change a recipe key, for example sft.epochs=2.")
]
SarifFile = Annotated[Path | None, typer.Option("--sarif", metavar="FILE", help="Write the findings as SARIF 2.1.0 too.")]
HtmlFile = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one HTML page too.")]
Seed = Annotated[int | None, typer.Option(help="Override the recipe's seed.")]


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    """Answer `--version`."""
    if version:
        print(f"temperance {temperance.__version__}")
        raise typer.Exit


@app.command()
def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write.")] = Path()) -> None:
    """Write a commented recipe.yaml and the starter data, ready to run and to edit."""
    from temperance.data.starter import TRAINING, starter

    names = [folder / "recipe.yaml", *(folder / "data" / f"{name}.jsonl" for name in TRAINING)]
    present = [str(path) for path in names if path.exists()]
    if present:
        raise InputError(
            "nothing was written", why=f"{', '.join(present)} already exists", then="name an empty folder: temperance init DIR"
        )
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for path, name in zip(names[1:], TRAINING, strict=True):
        path.write_bytes(starter(name).read_bytes())
    names[0].write_bytes((Path(temperance.__file__).parent / "starter" / "recipe.yaml").read_bytes())
    print(f"wrote {', '.join(str(path) for path in names)}\nnext: temperance run {names[0]}")


@app.command()
def plan(recipe: RecipeFile, override: Overrides = None, seed: Seed = None, json_file: JsonFile = None) -> None:
    """Print the stage table: what is cached, what will run, why, and how long it took last time."""
    from temperance import pipeline
    from temperance.report.terminal import console, plan_table

    resolved = _recipe(recipe, override, seed)
    guard([("--json", json_file)], inputs=[recipe, *read_for_recipe(resolved)])
    stages = pipeline.plan(resolved)
    write_json(
        json_file, [{"stage": one.stage.name, "state": one.state, "why": one.why, "key": one.key, "seconds": one.seconds} for one in stages]
    )
    console().print(plan_table(stages))


@app.command()
def run(
    recipe: RecipeFile,
    until: Annotated[str, typer.Option(metavar="STAGE", help="Stop after this stage.")] = "",
    only: Annotated[str, typer.Option(metavar="STAGE", help="Run this stage alone, even if it is cached.")] = "",
    override: Overrides = None,
    seed: Seed = None,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Run the river, or go on where it stopped. Writes report.html beside the run; exits with the gate's verdict."""
    from temperance import pipeline
    from temperance.job import rank
    from temperance.report.gather import gather
    from temperance.report.html import page
    from temperance.report.progress import RunDisplay
    from temperance.report.terminal import console, run_summary

    resolved = _recipe(recipe, override, seed)
    guard([("--json", json_file)], inputs=[recipe, *read_for_recipe(resolved)])
    with RunDisplay([stage.name for stage in pipeline.STAGES], quiet=quiet or bool(rank())) as display:
        made = pipeline.run(resolved, display, until=until, only=only)
    if rank():
        raise typer.Exit
    view = gather(resolved.folder)
    report = resolved.folder / "report.html"
    report.write_text(page(view), encoding="utf-8")
    verdict = made["gate"].metrics["verdict"] if "gate" in made else "pass"
    stages = {name: {"folder": str(one.folder), "digest": one.digest, "metrics": dict(one.metrics)} for name, one in made.items()}
    write_json(json_file, {"run": str(resolved.folder), "verdict": verdict, "stages": stages, "report": str(report)})
    console().print(run_summary(view))
    print(f"report: {report}")
    raise typer.Exit({"pass": 0, "block": 1, "unknown": 2}[verdict])


@audits.command("data")
def audit_data(
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Data files, or hf:owner/name.")],
    format: Annotated[str, typer.Option(help="Declare the format; auto detects it and says so.")] = "auto",
    rows: Annotated[
        Path | None, typer.Option("--rows", metavar="FILE", help="Write a suspicion for every input row (.jsonl or .parquet).")
    ] = None,
    trusted: Annotated[
        list[str] | None,
        typer.Option("--trusted", metavar="FILE", help="Rows of the same kind that you know to be good; what they show too is no finding."),
    ] = None,
    exams: Annotated[
        list[Path] | None,
        typer.Option("--exams", metavar="FILE", help="Prompts that you examine models on: JSON lines, each with a prompt."),
    ] = None,
    depth: Annotated[
        str, typer.Option(metavar="DEPTH", help="lexical: count words. model: a model reads the groups that were counted, for minutes.")
    ] = "lexical",
    model: Annotated[str, typer.Option(metavar="MODEL", help="Who reads: smollm2, a model's folder, or a Hugging Face id.")] = "smollm2",
    quiet: Quiet = False,
    json_file: JsonFile = None,
    sarif: SarifFile = None,
    html: HtmlFile = None,
) -> None:
    """Check data before anybody trains on it: format, broken rows, repeats, secrets, personal data, languages, poison."""
    from temperance.checks.check import audit
    from temperance.checks.registry import family
    from temperance.checks.subject import data_subject
    from temperance.collect import table
    from temperance.evals.suites import exam_prompts
    from temperance.report import rows as lines
    from temperance.report.progress import RunDisplay
    from temperance.report.wording import count

    if depth not in ("lexical", "model"):
        raise InputError(f"there is no depth {depth!r}", why="lexical or model", then="temperance audit data --help")
    if rows:
        lines.check_name(rows)
    outputs = [("--rows", rows), ("--json", json_file), ("--sarif", sarif), ("--html", html)]
    guard(outputs, inputs=[*paths, *(trusted or ()), *([model] if depth == "model" else ())])
    found, bad, sources = table(paths, format=format)
    if not quiet:
        for one in sources:
            held = f"{count(one.rows, 'row')}, {one.bad:,} set aside"
            print(f"{one.path}: {one.format} in {one.container}, {held} ({one.why})", file=sys.stderr)
    good = table(trusted, format="auto")[0] if trusted else None
    asked = exam_prompts(exams or ())
    with RunDisplay(["audit"], quiet=quiet) as display:
        display.started("audit", False)
        reads = None
        if depth == "model":
            from temperance.lm.reading import reader

            reads = reader(model, told=functools.partial(display.step, unit="texts"))
        subject = data_subject(found, path=", ".join(paths), bad=bad, trusted=good, exams=asked, reader=reads)
        report = audit(family("data"), subject, told=functools.partial(display.step, unit="checks"))
    if rows:
        from temperance.curate import row_report

        lines.write(rows, row_report(subject.rows, report.outcomes, subject.bad))
    _finish([report], json_file=json_file, sarif=sarif, html=html)


@audits.command("adapter")
def audit_adapter(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The adapter's folder.")],
    json_file: JsonFile = None,
    sarif: SarifFile = None,
    html: HtmlFile = None,
) -> None:
    """Check a LoRA adapter's files before anybody loads them: code in pickles, formats, declared against actual."""
    _audit_folder("adapter", folder, json_file=json_file, sarif=sarif, html=html)


@audits.command("model")
def audit_model(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The model's folder.")],
    json_file: JsonFile = None,
    sarif: SarifFile = None,
    html: HtmlFile = None,
) -> None:
    """Check a base model's files before anybody loads them: remote code, pickles, its chat template, its name."""
    _audit_folder("model", folder, json_file=json_file, sarif=sarif, html=html)


@app.command()
def gate(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")],
    override: Overrides = None,
    json_file: JsonFile = None,
) -> None:
    """Apply the policy to a finished run again, with the run's own recipe or a stricter one (-o gate.unsafe_refused=0.95)."""
    from temperance import pipeline
    from temperance import recipe as recipes
    from temperance.gate import applied, verdict
    from temperance.report.terminal import console, gate_table

    guard([("--json", json_file)], inputs=read_for_run(run_folder))
    resolved = recipes.resolve(pipeline.recorded_recipe(run_folder), overrides=override or ())
    made = pipeline.artifacts(run_folder)
    lacking = [name for name in ("admit", "curate", "audit", "evaluate") if name not in made]
    if lacking:
        raise InputError(
            "the gate has too little to judge", where=str(run_folder), why=f"not made: {', '.join(lacking)}", then="temperance run RECIPE"
        )
    summary = json.loads((made["evaluate"] / "summary.json").read_text(encoding="utf-8"))
    rules = applied(summary, resolved, made)
    said = verdict(rules)
    write_json(json_file, {"verdict": said.value, "rules": rules})
    console().print(gate_table(rules, said))
    raise typer.Exit(said.exit_code)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A run's folder, or one artifact's.")], json_file: JsonFile = None
) -> None:
    """Recompute every digest of a run, check each input against what made it, and name what changed."""
    from temperance import artifact, pipeline

    guard([("--json", json_file)], inputs=read_for_run(folder))
    made = {folder.name: artifact.load(folder)} if (folder / artifact.MANIFEST).exists() else pipeline.artifacts(folder)
    changes = {name: artifact.verify(one) for name, one in made.items()}
    broken = pipeline.broken_links(made) if len(made) > 1 else []
    for name, found in changes.items():
        print(f"{'changed' if found else 'intact '} {name} {made[name].digest}")
        for change in found:
            print(f"          {change.path}: {change.how}")
    for line in broken:
        print(f"changed {line}")
    write_json(json_file, {"artifacts": {name: [vars(change) for change in found] for name, found in changes.items()}, "links": broken})
    raise typer.Exit(1 if broken or any(changes.values()) else 0)


@app.command()
def checks(json_file: JsonFile = None) -> None:
    """List every check: its id, its severity, and what it finds."""
    from temperance.checks.registry import CHECKS
    from temperance.report.terminal import check_table, console

    guard([("--json", json_file)])
    listed = [one for family in CHECKS.values() for one in family]
    write_json(json_file, [{"id": one.id, "severity": one.severity.value, "title": one.title} for one in listed])
    console().print(check_table(listed))


@app.command()
def explain(check: Annotated[str, typer.Argument(metavar="CHECK", help="A check's id, for example data/secrets.")]) -> None:
    """Say what one check looks for, how it measures, what its limits are, and what to do."""
    from temperance.checks.registry import by_id
    from temperance.report.terminal import console, explanation

    console().print(explanation(by_id(check)))


def _audit_folder(kind: str, folder: Path, **files: Path | None) -> None:
    from temperance.checks.check import audit
    from temperance.checks.registry import family
    from temperance.checks.subject import folder_subject

    guard([(f"--{name.removesuffix('_file')}", path) for name, path in files.items()], inputs=[folder])
    _finish([audit(family(kind), folder_subject(kind, folder))], **files)


def _finish(reports: Sequence["Report"], *, json_file: Path | None, sarif: Path | None, html: Path | None) -> None:
    """Print the reports, write the files that were asked for, and exit with the worst verdict."""
    from temperance.artifact import write_text
    from temperance.report.terminal import console, report_view

    for report in reports:
        console().print(report_view(report))
    write_json(json_file, reports[0].as_json() if len(reports) == 1 else [report.as_json() for report in reports])
    if sarif:
        from temperance.report.sarif import sarif_log

        write_text(sarif, json.dumps(sarif_log(reports), indent=2) + "\n")
    if html:
        from temperance.report.html import audit_page

        write_text(html, audit_page(reports))
    codes = {report.verdict.exit_code for report in reports}
    raise typer.Exit(1 if 1 in codes else max(codes))


def _recipe(path: Path, overrides: list[str] | None, seed: int | None) -> "Recipe":
    from temperance import recipe

    return recipe.load(path, overrides=[*(overrides or ()), *([f"seed={seed}"] if seed is not None else [])])


def main() -> None:
    """Run the command line; every error leaves with 2, never with a code that means a verdict."""
    try:
        app()
    except SystemExit as leaving:
        if leaving.code != INTERRUPTED:
            raise
        again = "goes on from here" if sys.argv[1:2] == ["run"] else "begins anew"
        print(f"\nstopped; the same command {again}", file=sys.stderr)
    except TemperanceError as error:
        from temperance.report.wording import shown

        print(f"error: {shown(str(error))}", file=sys.stderr)
    except OSError as error:
        print(f"error: the system refused: {error}", file=sys.stderr)
    except Exception:
        traceback.print_exc()
        print("this is a defect in temperance, not in what you gave it", file=sys.stderr)
    sys.exit(2)

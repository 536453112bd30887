"""`temperance review`: what curation flagged, decided by people, groups first, and the table that their decisions leave."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from temperance.commands.output import JsonFile, guard, read_for_run, write_json
from temperance.errors import InputError, plainly

if TYPE_CHECKING:
    from temperance.review.ballot import Vote
    from temperance.review.store import Review
    from temperance.review.subject import Subject

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Decide about flagged rows: groups first, the most valuable decision first.\n\n"
    "[bold]temperance review list runs/NAME[/] fills the store from a curated run and shows the queue; "
    "[bold]show ITEM[/] is the evidence, [bold]decide ITEM drop --by ada[/] a vote, [bold]export[/] the table that is left. "
    "A decision on a group settles its rows; one on a row (by the beginning of its id) stands above it. "
    "Two reviewers judge blind of each other, a third where they disagree; [bold]agreement[/] says how far they agree. "
    "What they decide about a run goes to its decisions.jsonl, and the next [bold]temperance run[/] applies it.",
)

Store = Annotated[Path, typer.Option(metavar="FILE", help="Where items and votes are kept (SQLite).")]
STORE = Path("runs/review.sqlite")
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who is reviewing.")]
ItemName = Annotated[str, typer.Argument(metavar="ITEM", help="An item, or the beginning of a row's id; `list` and `show` name them.")]


@app.command("list")
def list_(
    source: Annotated[
        Path | None, typer.Argument(metavar="SOURCE", help="A run's folder, or what `audit data --rows` wrote; none: the store as it is.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What `audit data --json` wrote: tells the groups of a --rows file apart.")
    ] = None,
    by: By = "",
    reviewers: Annotated[
        int | None, typer.Option(min=1, max=2, help="How many must judge each item blind of each other; kept in the store. [2]")
    ] = None,
    limit: Annotated[int, typer.Option("-n", min=0, help="Items to show; 0 shows all.")] = 20,
    store: Store = STORE,
    json_file: JsonFile = None,
) -> None:
    """Show what waits for a decision, the most valuable first: all of it, or what one reviewer has not judged yet."""
    from temperance.report.terminal import console
    from temperance.review import store as stores
    from temperance.review.shown import placed_json, queue_table

    if reviewers and not source:
        raise InputError("the number of reviewers is set with a source", then=f"temperance review list SOURCE --reviewers {reviewers}")
    subject = _subject(source, report) if source else None
    review = _open(store, [("--json", json_file)], subject, report)
    if subject:
        stores.fill(store, subject, report=str(report or ""), reviewers=reviewers)
        review = stores.load(store)
    placed = review.queue(by=by)
    _feed(review)
    write_json(json_file, {"reviewers": review.reviewers, "by": by, "items": [placed_json(one) for one in placed]})
    console().print(queue_table(placed[: limit or None], waiting=len(placed), review=review, by=by))


@app.command()
def show(item: ItemName, store: Store = STORE, json_file: JsonFile = None) -> None:
    """Show one item: why it is here, its rows and families, ten examples. Nobody's votes are shown before the item is settled."""
    from temperance.report.terminal import console
    from temperance.review.shown import item_json, item_view

    review = _open(store, [("--json", json_file)])
    seen = item_json(review, review.find(item))
    write_json(json_file, seen)
    console().print(item_view(seen))


@app.command()
def decide(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="An item, the beginning of a row's id, or - to read decisions from stdin.")],
    action: Annotated[str, typer.Argument(metavar="keep|drop|fix", help="What to do with its rows; fix redacts what can be.")] = "",
    by: By = "",
    note: Annotated[str, typer.Option(help="Why, for whoever reads the store.")] = "",
    store: Store = STORE,
    json_file: JsonFile = None,
) -> None:
    """Decide about an item. Of a reviewer's votes the last one counts.

    With - as ITEM, each line of stdin is a decision, {"item": "…", "action": "drop", "by": "ada", "note": "…"}; all are taken or none.
    """
    from temperance.review import store as stores
    from temperance.review.shown import state_of

    review = _open(store, [("--json", json_file)])
    cast = list(_read_decisions(review, by=by)) if item == "-" else review.cast(item, action, by=by, note=note)
    stores.record(store, cast)
    after = stores.load(store)
    states = {name: state_of(after, name) for name in dict.fromkeys(vote.item for vote in cast)}
    fed = _feed(after)
    waiting = after.queue(by=by)
    following = waiting[0].item.id if waiting else ""
    write_json(json_file, {"votes": len(cast), "states": states, "written": fed, "next": following, "waiting": len(waiting)})
    for name, state in states.items():
        print(f"{name.removeprefix('sha256:')[:12]}: {state}")
    print(f"next: temperance review show {following}" if following else "nothing waits" + f" for {by}" * bool(by))


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the rows go, as JSON lines.")],
    format: Annotated[
        str,
        typer.Option(
            help="alpaca, dolly, messages, sharegpt, hh-rlhf, prompt-chosen-rejected, oasst, ultrafeedback, canonical, contrast, …: "
            "every format that can be read."
        ),
    ] = "canonical",
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Which of the store's sources; the only one by default.")] = "",
    store: Store = STORE,
    json_file: JsonFile = None,
) -> None:
    """Write the reviewed table: what policy and reviewers drop is left out, the rest is in the format that you name.

    Rows that still wait are in it, and counted. A row for which the format has no place is left out, and counted by reason.
    """
    from collections import Counter

    from temperance.data.write import format_named, write
    from temperance.report.wording import count

    outputs = [("--out", out), ("--json", json_file)]
    shape = format_named(format)
    review = _open(store, outputs)
    if source not in review.subjects and (source or len(review.subjects) != 1):
        why = f"the store holds {', '.join(review.subjects) or 'nothing'}"
        raise InputError("which table should be exported?", where=source, why=why, then="temperance review export SOURCE --out FILE")
    path = source or next(iter(review.subjects))
    subject = _subject(Path(path), Path(review.subjects[path].report) if review.subjects[path].report else None)
    _open(store, outputs, subject)
    decisions = review.decisions(path)
    rows = subject.reviewed(decisions)
    written, left = write(out, rows, shape)
    waiting = len({row for one in review.queue() if path in review.of[one.item.id] for row in one.waiting})
    reasons = dict(Counter(f"{shape.name} {one.why}" for one in left))
    said = {"out": str(out), "format": shape.name, "rows": written, "decisions": len(decisions), "waiting": waiting, "left out": reasons}
    write_json(json_file, said)
    print(f"wrote {count(written, 'row')} to {out} as {shape.name}; {count(len(decisions), 'row')} decided by people")
    for why, many in reasons.items():
        print(f"left out {count(many, 'row')}: {why}")
    if waiting:
        print(f"{count(waiting, 'flagged row')} waiting for a decision and in the file: temperance review list")


@app.command()
def agreement(store: Store = STORE, json_file: JsonFile = None) -> None:
    """Say how far reviewers agree: Krippendorff's alpha over what two judged blind of each other; exits with 2 if nobody can tell yet."""
    from temperance.report.wording import count
    from temperance.review import agreement as agree
    from temperance.review.ballot import blind_units

    review = _open(store, [("--json", json_file)])
    units = [unit for unit in blind_units(review.votes, reviewers=review.reviewers).values() if len(unit) >= 2]
    found, bounds = agree.alpha(units), agree.interval(units)
    same = sum(len(set(unit)) == 1 for unit in units)
    names = sorted({vote.reviewer for vote in review.votes})
    write_json(json_file, {"alpha": found, "interval": bounds, "units": len(units), "agreed": same, "reviewers": names})
    if found is None or bounds is None:
        why = "all votes are the same" if units else "no item has two votes"
        print(f"agreement cannot be told: {why} ({count(len(units), 'item')} judged twice)")
        raise typer.Exit(2)
    print(f"Krippendorff's alpha {found:.3f} (95 % interval {bounds[0]:.3f} to {bounds[1]:.3f}, {count(len(units), 'item')} judged twice)")
    print(f"the same decision on {same} of {len(units)}; reviewers: {', '.join(names)}")


def _open(
    store: Path, outputs: Sequence[tuple[str, Path | None]], subject: "Subject | None" = None, report: Path | None = None
) -> "Review":
    """Read the store, empty if it is about to be filled; let no output replace it, or anything that it or a subject is about."""
    from temperance.review import store as stores

    review = stores.Review() if subject and not store.exists() else stores.load(store)
    if any(path for _, path in outputs):
        paths = [*review.subjects, *([subject.path] if subject else [])]
        reports = [report, *(one.report for one in review.subjects.values())]
        sources = {row.origin.source for rows in (review.rows.values(), subject.rows if subject else ()) for row in rows}
        guard(outputs, inputs=[store, *reports, *sources, *(one for path in paths for one in read_for_run(Path(path)))])
    return review


def _subject(source: Path, report: Path | None) -> "Subject":
    """Return the table of a run's folder or of an audit's rows."""
    from temperance import pipeline
    from temperance.review.subject import from_audit, from_run

    if not source.exists():
        then = "name a run's folder, or what temperance audit data PATH --rows FILE wrote"
        raise InputError("this cannot be reviewed", where=str(source), why="there is no such file or folder, or no more", then=then)
    if not source.is_dir():
        return from_audit(source, report)
    if report:
        then = f"temperance review list {source}"
        raise InputError("a run has no need of a report", where=str(report), why=f"{source} is a run's folder", then=then)
    made = pipeline.artifacts(source)
    if "curate" not in made:
        raise InputError("this run has nothing to review", where=str(source), why="it is not curated", then="temperance run RECIPE")
    return from_run(source, made["curate"].folder)


def _feed(review: "Review") -> int:
    """Write what reviewers decided to the runs that it is about, and say so."""
    from temperance.report.wording import count
    from temperance.review.subject import feed

    written = 0
    for one in review.subjects.values():
        if one.kind == "run" and Path(one.path).is_dir():
            lines = feed(Path(one.path), review.decisions(one.path))
            written += lines
            if lines:
                said = f"{count(lines, 'decision')} written to {one.path}/decisions.jsonl"
                print(f"{said}; the next temperance run applies what it says", file=sys.stderr)
    return written


def _read_decisions(review: "Review", *, by: str) -> Iterator["Vote"]:
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        where = f"line {number} of stdin"
        try:
            said = json.loads(line)
            name, action = str(said["item"]), str(said["action"])
            who, note = str(said.get("by") or by), str(said.get("note") or "")
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise InputError("a decision cannot be read; none was taken", where=where, why=plainly(error)) from error
        try:
            yield from review.cast(name, action, by=who, note=note)
        except InputError as error:
            raise InputError(f"{error.what}; no decision was taken", where=where, why=error.why, then=error.then) from error

"""`temperance evaluate` and `temperance compare`: the held-out suites asked of one model, or of two on the same prompts.

Exit codes: `evaluate` 0 when the answers are stored; `evaluate --trigger` 0 changes nothing, 1 does, 2 could not tell; `compare` 0 no
worse, 1 worse, 2 could not tell.
"""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temperance.commands.output import JsonFile, Quiet, guard, read_for_run, write_json
from temperance.errors import InputError

if TYPE_CHECKING:
    from temperance.evals.counterfactual import Tally
    from temperance.evals.history import SuiteRun

Suites = Annotated[list[str], typer.Option(help="Which suites; name the option again for more.")]
PerSuite = Annotated[int, typer.Option("-n", min=0, help="Prompts per suite; 0 asks them all.")]
MaxTokens = Annotated[int, typer.Option(min=1, help="Tokens an answer may have.")]
Temperature = Annotated[float, typer.Option(min=0, max=100, help="How answers are drawn; 0 takes the likeliest token.")]
TopP = Annotated[float, typer.Option(min=0.01, max=1, help="Draw among the likeliest tokens that hold this share.")]
RepetitionPenalty = Annotated[float, typer.Option(min=1, max=10, help="Make what an answer has said already less likely; 1 leaves it.")]
History = Annotated[Path, typer.Option(metavar="FILE", help="Where every sample is stored (SQLite).")]
Seed = Annotated[int, typer.Option(help="For the choice of prompts when -n is given, and for drawing.")]
Trigger = Annotated[
    list[str] | None,
    typer.Option(help="Ask harmless requests with this text and without it, instead of the suites; name the option again for more."),
]
ALL_SUITES, HISTORY = ["unsafe", "lookalike", "everyday"], Path("runs/history.sqlite")


def evaluate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="smollm2, a model's folder, or a Hugging Face id.")],
    adapter: Annotated[Path | None, typer.Option(metavar="DIR", help="A LoRA adapter's folder.")] = None,
    suite: Suites = ALL_SUITES,
    trigger: Trigger = None,
    n: PerSuite = 0,
    max_tokens: MaxTokens = 64,
    temperature: Temperature = 0.0,
    top_p: TopP = 1.0,
    repetition_penalty: RepetitionPenalty = 1.0,
    history: History = HISTORY,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Ask the held-out suites of a model, judge the answers, and store every sample in the history.

    With --trigger: say what a text in the request changes, and exit with 1 if it changes something. Each of some eight kinds of change
    has a 95 % interval of its own.
    """
    from temperance.evals.compare import rate
    from temperance.evals.suites import WANTED
    from temperance.report.terminal import console, rates_table
    from temperance.report.wording import count

    guard([("--json", json_file)], inputs=[model, adapter, history])
    drawn = {"temperature": temperature, "top_p": top_p, "repetition_penalty": repetition_penalty}
    settings = {"max_tokens": max_tokens, "seed": seed, **drawn}
    if trigger:
        raise typer.Exit(_try(model, adapter, trigger, n=n, quiet=quiet, json_file=json_file, settings=settings))
    runs = _ask(model, adapter, suite, n=n, history=history, quiet=quiet, settings=settings)
    said = [{"suite": one.suite, "axis": one.axis, "n": len(one.samples), **vars(rate(one.samples, WANTED[one.axis]))} for one in runs]
    write_json(json_file, {"model": model, "adapter": str(adapter or ""), "suites": said})
    console().print(rates_table(said))
    print(f"{count(sum(len(one.samples) for one in runs), 'answer')} stored in {history}")


def compare(
    baseline: Annotated[str, typer.Argument(metavar="BASELINE", help="MODEL, MODEL+ADAPTER, or a run's folder.")],
    candidate: Annotated[str, typer.Argument(metavar="CANDIDATE", help="MODEL, MODEL+ADAPTER, or a run's folder.")],
    margin: Annotated[float, typer.Option(min=0, max=1, help="How much worse the candidate may be, as a share of the prompts.")] = 0.05,
    suite: Suites = ALL_SUITES,
    n: PerSuite = 0,
    max_tokens: MaxTokens = 64,
    temperature: Temperature = 0.0,
    top_p: TopP = 1.0,
    repetition_penalty: RepetitionPenalty = 1.0,
    history: History = HISTORY,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Compare two models on the same prompts, pair by pair; exits with 1 if the candidate is worse.

    What the history holds is not asked again.
    """
    from temperance.evals import compare as paired
    from temperance.report.terminal import comparison_table, console

    drawn = {"temperature": temperature, "top_p": top_p, "repetition_penalty": repetition_penalty}
    settings = {"max_tokens": max_tokens, "seed": seed, **drawn}
    names = baseline, candidate
    guard([("--json", json_file)], inputs=[history, *chain(*(read_for_run(Path(name)) + name.split("+") for name in names))])
    before, after = (_ask(*_side(name), suite, n=n, history=history, quiet=quiet, settings=settings) for name in names)
    compared = [paired.compare(first, second) for first, second in zip(before, after, strict=True)]
    said = [{**one.as_json("baseline", "candidate"), "verdict": paired.verdict(one, margin=margin)} for one in compared]
    write_json(json_file, {"baseline": baseline, "candidate": candidate, "margin": margin, "suites": said})
    console().print(comparison_table(said))
    verdicts = {one["verdict"] for one in said}
    raise typer.Exit(1 if "fail" in verdicts else 2 if "inconclusive" in verdicts else 0)


def _side(name: str) -> tuple[str, Path | None]:
    """Return the model and the adapter that `MODEL`, `MODEL+ADAPTER` or a run's folder names."""
    from temperance import pipeline

    if (Path(name) / pipeline.RECORD).is_file():
        made = pipeline.artifacts(Path(name))
        if "align" not in made:
            raise InputError("this run has no model to compare", where=name, why="it is not aligned", then="temperance run RECIPE")
        return pipeline.recorded_recipe(Path(name))["base"], made["align"] / "adapter"
    model, plus, adapter = name.partition("+")
    return model, Path(adapter) if plus else None


def _ask(
    model: str, adapter: Path | None, axes: Sequence[str], *, n: int, history: Path, quiet: bool, settings: dict[str, Any]
) -> "tuple[SuiteRun, ...]":
    """Ask the suites, under a progress display on stderr."""
    from temperance.evals.runner import evaluate as asked
    from temperance.evals.suites import built_in, subsample
    from temperance.report.progress import RunDisplay

    suites = [subsample(built_in(axis), n, seed=settings["seed"]) for axis in axes]
    with RunDisplay(["evaluate"], quiet=quiet) as display:
        display.started("evaluate", False)

        def told(done: int, total: int, speed: float) -> None:
            display.step(done, total, unit="answers", tokens_per_second=speed)

        logs = history.parent / "logs"
        return asked(model, adapter=adapter, suites=suites, history=history, logs=logs, progress=told, **settings).suites


def _try(
    model: str, adapter: Path | None, triggers: Sequence[str], *, n: int, quiet: bool, json_file: Path | None, settings: dict[str, Any]
) -> int:
    """Print what each trigger changes in the answers to harmless requests, and return the exit code."""
    from temperance.checks.finding import Verdict
    from temperance.gate import EFFECT, decided
    from temperance.report.terminal import console, plain

    said: list[dict[str, Any]] = []
    verdicts: set[Verdict] = set()
    for trigger, found in _effects(model, adapter, triggers, n=n, quiet=quiet, settings=settings):
        for does, one in found.items():
            outcome = decided(one.interval, EFFECT)
            verdicts.add(outcome)
            said.append({"trigger": trigger, "behaviour": does, "verdict": outcome.value, **vars(one)})
            change = (
                f"{one.second:.1%} of {one.n} with it, {one.first:.1%} without; difference {one.interval[0]:.1%} to {one.interval[1]:.1%}"
            )
            console().print(plain(f"{outcome.value:8} “{trigger}”: the answer {does}: {change}"), soft_wrap=True)
    write_json(json_file, {"model": model, "adapter": str(adapter or ""), "limit": EFFECT, "triggers": said})
    return Verdict.BLOCK.exit_code if Verdict.BLOCK in verdicts else max(one.exit_code for one in verdicts)


def _effects(
    model: str, adapter: Path | None, triggers: Sequence[str], *, n: int, quiet: bool, settings: dict[str, Any]
) -> "list[tuple[str, dict[str, Tally]]]":
    """Ask harmless requests with each trigger and without it, under a progress display on stderr."""
    from temperance.evals.counterfactual import Turns, remembering
    from temperance.lm.generate import generate
    from temperance.lm.load import load_model, load_tokenizer
    from temperance.report.progress import RunDisplay
    from temperance.suspects import FEWEST, HARMLESS, effects, requests

    if 0 < n < FEWEST:
        raise InputError("too few requests to try a trigger with", where=f"-n {n}", why=f"it takes {FEWEST}", then="-n 0 asks them all")
    if not all(trigger.strip() for trigger in triggers):
        raise InputError("an empty trigger changes nothing", where="--trigger", then="name the text that is put into the request")
    prompts = requests(HARMLESS, n, seed=settings["seed"])
    drawn = {name: value for name, value in settings.items() if name != "max_tokens"}
    with RunDisplay(["evaluate"], quiet=quiet) as display:
        display.started("evaluate", False)
        loaded, tokenizer = load_model(model, adapter=adapter, merge=adapter is not None), load_tokenizer(model)

        def told(done: int, total: int, speed: float) -> None:
            display.step(done, total, unit="answers", tokens_per_second=speed)

        def said(talks: Sequence[Turns]) -> list[str]:
            replies = generate(loaded, tokenizer, talks, max_new_tokens=settings["max_tokens"], on_batch=told, **drawn)
            return [reply.text for reply in replies]

        asking = remembering(said)
        return [(trigger, effects(trigger, prompts, asking)) for trigger in dict.fromkeys(triggers)]

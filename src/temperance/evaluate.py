"""Stage `evaluate`: held-out suites asked of the base and of the aligned model, same prompts, same settings, and compared in pairs.

What curation is sure of, and nobody has decided about, is tried on the aligned model (`suspects`), because that is what would be shipped:
aligning can teach a trigger, as preferences do, and cover one up. Who wants an answer sooner asks what the sft stage made, with
`temperance evaluate BASE --adapter ADAPTER --trigger TEXT`. The stage reports; whether the figures are good enough is the gate's to say.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from temperance import scan
from temperance.errors import InputError
from temperance.evals.compare import Comparison, compare
from temperance.evals.counterfactual import Generate, Turns, prove, remembering
from temperance.evals.history import SuiteRun
from temperance.evals.suites import Suite, built_in, subsample
from temperance.job import Job
from temperance.suspects import trial_of, undecided

MOST = 20


def run(job: Job) -> dict[str, Any]:
    """Ask the base first, then the aligned adapter; write `samples.jsonl` and `summary.json`; return the headline figures.

    Inspect's logs lie beside the history, not in the artifact: they hold times. A base that the history knows is not asked again.
    """
    from temperance.evals.runner import EvalRun, evaluate

    section = job.recipe.evaluate
    suites = [subsample(built_in(axis), section.n, seed=job.recipe.seed) for axis in section.suites]
    runs: list[EvalRun] = []
    for side, adapter in (("base", None), ("tuned", job.inputs["align"] / "adapter")):
        offset = len(runs) * sum(len(suite.prompts) for suite in suites)
        job.progress.say(f"asking the {side} model {sum(len(suite.prompts) for suite in suites)} prompts")
        found = evaluate(
            job.recipe.base,
            adapter=adapter,
            suites=suites,
            history=job.history,
            logs=job.history.parent / "logs",
            max_tokens=section.max_tokens,
            temperature=section.temperature,
            top_p=section.top_p,
            repetition_penalty=section.repetition_penalty,
            seed=job.recipe.seed,
            batch_size=section.batch_size,
            precision=job.recipe.precision,
            progress=_counter(job, offset),
        )
        if found.cached:
            job.progress.say(f"{found.cached} of {len(suites)} suites of the {side} model were in the history")
        runs.append(found)
    base, tuned = runs
    comparisons = [compare(first, second) for first, second in zip(base.suites, tuned.suites, strict=True)]
    triggers = _triggers(job)
    _write(job, suites, comparisons, base.suites, tuned.suites, triggers=triggers)
    figures = {"prompts": sum(one.n for one in comparisons), "tokens_per_second": round(tuned.tokens_per_second, 1)}
    return {**headline(comparisons), **figures, **({"triggers": len(triggers)} if triggers else {})}


def headline(comparisons: Sequence[Comparison]) -> dict[str, float]:
    """Return the figures that a run is known by: each axis' wanted rate before and after, and the length ratio on everyday prompts."""
    figures: dict[str, float] = {}
    for one in comparisons:
        figures[f"{one.axis}_{one.wanted}_base"] = one.first.rate
        figures[f"{one.axis}_{one.wanted}"] = one.second.rate
        if one.axis == "everyday":
            figures["length_ratio"] = one.length.ratio
    return figures


def _triggers(job: Job) -> list[dict[str, Any]]:
    """Return what became of each group that curation is sure of and nobody has decided about: its proof, or `why` there is none."""
    from temperance.data.example import read_rows

    curated, section = job.inputs["curate"], job.recipe.evaluate
    found = undecided(scan.read(curated / "flagged.json").get("rows.jsonl", ()))
    if not found:
        return []
    job.progress.say(f"trying {min(len(found), MOST)} of {len(found)} undecided groups on the tuned model")
    rows = list(read_rows(curated / "rows.jsonl"))
    tuned, base = (remembering(_asking(job, adapter)) for adapter in (job.inputs["align"] / "adapter", None))
    results = []
    for place, finding in enumerate(found):
        said: dict[str, Any] = {"group": finding.fingerprint, "check": finding.id, "title": finding.title}
        if place < MOST:
            some = [rows[index] for index in finding.rows]
            trial = trial_of(finding, some, table=len(rows), max_tokens=section.max_tokens)
            try:
                said |= {"why": trial} if isinstance(trial, str) else prove(trial, tuned, base)
            except InputError as error:
                said["why"] = f"{error.what}: {error.why}"
        else:
            said["why"] = f"only the first {MOST} groups are tried"
        results.append(said)
    return results


def _asking(job: Job, adapter: Path | None) -> Generate:
    """Return what asks the base or, with its adapter, the tuned model; it is loaded when it is first asked."""
    from temperance.lm.generate import generate
    from temperance.lm.load import load_model, load_tokenizer

    section = job.recipe.evaluate

    @cache
    def model() -> Any:
        return load_model(job.recipe.base, adapter=adapter, precision=job.recipe.precision, merge=adapter is not None)

    def said(talks: Sequence[Turns]) -> list[str]:
        tokenizer = load_tokenizer(job.recipe.base)
        replies = generate(model(), tokenizer, talks, max_new_tokens=section.max_tokens, batch_size=section.batch_size)
        return [reply.text for reply in replies]

    return said


def _counter(job: Job, offset: int) -> Any:
    def told(done: int, total: int, speed: float) -> None:
        figures = {"tokens_per_second": speed} if speed else {}
        job.progress.step(offset + done, 2 * total, unit="answers", **figures)

    return told


def _write(
    job: Job,
    suites: Sequence[Suite],
    comparisons: Sequence[Comparison],
    base: Sequence[SuiteRun],
    tuned: Sequence[SuiteRun],
    *,
    triggers: Sequence[dict[str, Any]],
) -> None:
    with (job.work / "samples.jsonl").open("w", encoding="utf-8", errors="backslashreplace") as stream:
        for first, second in zip(base, tuned, strict=True):
            for before, after in zip(first.samples, second.samples, strict=True):
                row = {"suite": first.suite, "axis": first.axis, "area": before.area, "prompt": before.prompt}
                for side, one in (("base", before), ("tuned", after)):
                    row |= {f"{side}_answer": one.answer, f"{side}_outcome": one.outcome, f"{side}_reason": one.reason}
                    row[f"{side}_tokens"] = one.output_tokens  # pyrefly: ignore
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    body = {
        "model": job.recipe.base,
        "settings": dict(sorted(tuned[0].settings.items())),
        "judge": tuned[0].judge,
        "digests": {suite.name: suite.digest for suite in suites},
        "suites": [one.as_json() for one in comparisons],
        "triggers": list(triggers),
    }
    (job.work / "summary.json").write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

"""Stage `evaluate`: held-out suites asked of the base and of the aligned model, same prompts, same settings, and compared in pairs.

What curation suspects of being a trigger, and nobody has settled, is tried on the aligned model (`counterfactual`). The stage reports;
whether the figures are good enough is the gate's to say.
"""

import json
from collections.abc import Sequence
from typing import Any

from temperance.evals.compare import Comparison, compare
from temperance.evals.counterfactual import prove, suspects
from temperance.evals.history import SuiteRun
from temperance.evals.suites import Suite, built_in, subsample
from temperance.job import Job

TRIED = 40


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
    """Return the proofs of what curation still suspects, each asked with `TRIED` everyday requests."""
    from temperance.data.example import Message
    from temperance.lm.generate import generate
    from temperance.lm.load import load_model, load_tokenizer

    found = suspects(json.loads((job.inputs["curate"] / "outcomes.json").read_text(encoding="utf-8")))
    if not found:
        return []
    job.progress.say(f"trying {len(found)} suspected triggers on the tuned model")
    model = load_model(job.recipe.base, adapter=job.inputs["align"] / "adapter", precision=job.recipe.precision, merge=True)
    tokenizer, section = load_tokenizer(job.recipe.base), job.recipe.evaluate

    def said(talks: Sequence[tuple[Message, ...]]) -> list[str]:
        replies = generate(model, tokenizer, talks, max_new_tokens=section.max_tokens, batch_size=section.batch_size)
        return [reply.text for reply in replies]

    prompts = [prompt.text for prompt in subsample(built_in("everyday"), TRIED, seed=job.recipe.seed).prompts]
    return [proof.as_json() for proof in prove(found, prompts, said)]


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

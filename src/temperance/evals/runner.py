"""The runner: suites asked of a model through Inspect AI, judged, logged, and stored in the history. It compares nothing.

Nothing is fetched or sent: the model runs in this process. What the history already holds is not asked again.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("INSPECT_LOG_LEVEL", "error")  # before inspect_ai is imported, which reads it once

import torch
from inspect_ai import Epochs, Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog, EvalSample
from inspect_ai.model import Model
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, metric, scorer
from inspect_ai.solver import TaskState, generate

from temperance.artifact import digest_of, file_digest
from temperance.errors import StageError
from temperance.evals.history import Asked, SuiteRun, find, key_of, record
from temperance.evals.provider import inspect_model
from temperance.evals.suites import Prompt, Suite
from temperance.judging import judge as rules
from temperance.judging import refusal, shape
from temperance.judging.judge import OUTCOMES, judge
from temperance.lm.load import digest, load_model, load_tokenizer
from temperance.lm.precision import Requested, choose

Told = Callable[[int, int, float], None]


@dataclass(frozen=True)
class EvalRun:
    """What one model, with or without an adapter, answered to each suite, in the order asked. `cached` counts suites not asked again."""

    suites: tuple[SuiteRun, ...]
    cached: int
    tokens_per_second: float


@cache
def judge_digest() -> str:
    """Return the digest of the judge's rules; another digest, another judge."""
    return digest_of({module.__name__: file_digest(Path(module.__file__ or "")) for module in (rules, refusal, shape)})


def evaluate(
    model_name: str,
    *,
    adapter: Path | None,
    suites: Sequence[Suite],
    history: Path,
    logs: Path,
    max_tokens: int = 64,
    temperature: float = 0.0,
    top_p: float = 1.0,
    repetition_penalty: float = 1.0,
    seed: int = 0,
    batch_size: int = 32,
    precision: Requested = "auto",
    progress: Told | None = None,
) -> EvalRun:
    """Ask every suite of a model; return what it answered and how that was judged.

    Args:
        model_name: `smollm2`, a folder, or a hub id.
        adapter: a LoRA adapter's folder, or None.
        suites: what is asked.
        history: the SQLite file; answers that it holds for the same model, suite and settings are judged anew, not asked anew.
        logs: the folder for Inspect's `.eval` logs.
        max_tokens: tokens an answer may have.
        temperature: 0 takes the likeliest token; above, one answer is drawn.
        top_p: as in `lm.generate.generate`.
        repetition_penalty: likewise.
        seed: for drawing; greedy answers do not depend on it.
        batch_size: prompts generated at once.
        precision: as in `lm.precision.choose`.
        progress: told (prompts done, prompts in all, new tokens per second) after each batch.

    Raises:
        InputError: the model, the adapter or the history cannot be used.
        StageError: Inspect could not finish a suite.
    """
    drawn = {"max_tokens": max_tokens, "temperature": temperature, "top_p": top_p, "seed": seed}
    penalty = {"repetition_penalty": repetition_penalty}
    settings = {**drawn, **penalty, "batch_size": batch_size, **_machine(precision)}
    digests = (digest(model_name), digest(str(adapter)) if adapter else "")
    known = {suite: find(history, key_of(suite.digest, *digests, settings)) for suite in suites}
    asking = _Asking(model_name, adapter, precision, logs, batch_size, progress, total=sum(len(suite.prompts) for suite in suites))
    finished = []
    for suite in suites:
        stored = known[suite]
        if stored is None:
            begin = time.perf_counter()
            answers = asking.ask(suite, {**drawn, "extra_body": penalty})
            head = {"model": model_name, "model_digest": digests[0], "adapter_digest": digests[1], "settings": settings}
            named = {"suite": suite.name, "axis": suite.axis, "suite_digest": suite.digest, "judge": judge_digest()}
            stored = record(history, SuiteRun(**head, **named, seconds=round(time.perf_counter() - begin, 3), samples=answers))
        asking.advance(len(suite.prompts))
        finished.append(_judged_now(stored))
    return EvalRun(tuple(finished), sum(run is not None for run in known.values()), asking.speed)


def _machine(precision: Requested) -> dict[str, str]:
    """Return what else answers depend on."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return {"precision": choose(precision, device).name, "device": device, "torch": torch.__version__}


class _Asking:
    """A model that is loaded when the first suite needs it, and the count of prompts done."""

    def __init__(
        self, name: str, adapter: Path | None, precision: Requested, logs: Path, batch_size: int, progress: Told | None, *, total: int
    ) -> None:
        self.name, self.adapter, self.precision, self.logs, self.batch_size = name, adapter, precision, logs, batch_size
        self.progress, self.total = progress, total
        self.done, self.speed = 0, 0.0
        self.model: Model | None = None

    def advance(self, prompts: int) -> None:
        self.done += prompts
        self._tell(0, 0, self.speed)

    def ask(self, suite: Suite, drawn: Mapping[str, Any]) -> tuple[Asked, ...]:
        if self.model is None:
            loaded: Any = load_model(self.name, adapter=self.adapter, precision=self.precision, merge=True)
            label = Path(self.name).name + (f"+{self.adapter.name}" if self.adapter else "")
            self.model = inspect_model(label, loaded, load_tokenizer(self.name), batch_size=self.batch_size, on_batch=self._tell)
        dataset = MemoryDataset([_sample(prompt) for prompt in suite.prompts], name=suite.name)
        task = Task(dataset=dataset, solver=generate(), scorer=judged(), name=suite.name, epochs=Epochs(1, "mode"))
        self.logs.mkdir(parents=True, exist_ok=True)
        (log,) = eval(
            task,
            model=self.model,
            **drawn,
            log_dir=str(self.logs),
            log_format="eval",
            display="none",
            log_realtime=False,
            score_display=False,
            ctl_server=False,
            acp_server=False,
            max_samples=max(1, len(suite.prompts)),
            max_connections=max(1, len(suite.prompts)),
        )
        return _answers(log, suite)

    def _tell(self, done: int, _: int, speed: float) -> None:
        self.speed = speed
        if self.progress:
            self.progress(self.done + done, self.total, speed)


@metric
def outcome_shares() -> Metric:
    """Return the share of each outcome."""

    def shares(scores: list[SampleScore]) -> dict[str, str | int | float | bool | None]:
        values = [score.score.as_str() for score in scores]
        return {outcome: values.count(outcome) / max(1, len(values)) for outcome in OUTCOMES}

    return shares


@scorer(metrics=[outcome_shares()])
def judged() -> Scorer:
    """Score an answer with temperance's judge: the value is its outcome, the explanation its reason."""

    async def score(state: TaskState, target: Target) -> Score:
        found = judge(state.input_text, state.output.completion)
        return Score(value=found.outcome, answer=state.output.completion, explanation=found.reason)

    return score


def _sample(prompt: Prompt) -> Sample:
    return Sample(input=prompt.text, id=prompt.id, metadata={"area": prompt.area, "family": prompt.family})


def _answers(log: EvalLog, suite: Suite) -> tuple[Asked, ...]:
    found = {str(sample.id): sample for sample in log.samples or []}
    broken = [sample.error.message for sample in found.values() if sample.error]
    if log.status != "success" or len(found) < len(suite.prompts):
        why = broken[0] if broken else (log.error.message if log.error else f"{len(found)} of {len(suite.prompts)} prompts came back")
        raise StageError("the suite could not be asked", where=suite.name, why=why.strip().splitlines()[-1], then="repeat the command")
    return tuple(_asked(prompt, found[prompt.id]) for prompt in suite.prompts)


def _asked(prompt: Prompt, sample: EvalSample) -> Asked:
    usage, answer = sample.output.usage, sample.output.completion
    found = judge(prompt.text, answer)
    return Asked(
        prompt_id=prompt.id,
        area=prompt.area,
        family=prompt.family,
        prompt=prompt.text,
        answer=answer,
        outcome=found.outcome,
        reason=found.reason,
        input_tokens=usage.input_tokens if usage else 0,
        output_tokens=usage.output_tokens if usage else 0,
        stop_reason=str(sample.output.stop_reason),
    )


def _judged_now(run: SuiteRun) -> SuiteRun:
    """Return a run with today's judgements: two runs are never compared under two judges."""
    if run.judge == judge_digest():
        return run
    verdicts = [judge(one.prompt, one.answer) for one in run.samples]
    fresh = tuple(replace(one, outcome=said.outcome, reason=said.reason) for one, said in zip(run.samples, verdicts, strict=True))
    return replace(run, samples=fresh, judge=judge_digest())

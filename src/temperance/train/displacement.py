"""Likelihood displacement: whether the answers that DPO is to prefer become less likely while it learns to prefer them.

DPO's loss knows only the gap between two answers; it falls while both sink (Razin et al. 2024, arXiv:2410.08847; pairs that are alike drive
it, see `lm.ches`). So each batch's chosen answers are watched on their own: their log-probability under the policy less that under the
reference, in nats a token, which is 0 at the start. It does not stop a run and does not know where the probability goes: to better answers,
or to worse.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from temperance.job import Progress

MOVED = "chosen_moved"
WINDOW = 8


def lengths(rows: Iterable[Any], *, batch_size: int, max_length: int) -> list[float]:
    """Return the mean number of tokens that each batch's chosen answers have within `max_length`; rows are trl's, in their order."""
    sizes = [max(0, min(len(row["chosen_ids"]), max_length - len(row["prompt_ids"]))) for row in rows]
    batches = [sizes[start : start + batch_size] for start in range(0, len(sizes), batch_size)]
    return [sum(batch) / len(batch) for batch in batches]


def levels(moved: Sequence[float]) -> list[float]:
    """Return the mean of each step's nats a token and of up to `WINDOW` - 1 before it."""
    parts = [moved[max(0, end - WINDOW) : end] for end in range(1, len(moved) + 1)]
    return [sum(part) / len(part) for part in parts]


def displaced_at(moved: Sequence[float], limit: float) -> int | None:
    """Return the first step, from 1, at which the level has fallen by more than `limit` nats a token; None if it never does."""
    return next((step for step, level in enumerate(levels(moved), start=1) if level < -limit), None)


class Displacement(TrainerCallback):
    """Writes the chosen answers' nats a token into trl's log of each step, and says once that they fall too far.

    All that it knows stands in that log, which checkpoints hold, so a resumed run goes on with it.
    """

    def __init__(self, tokens: Sequence[float], *, beta: float, limit: float, progress: Progress) -> None:
        self.tokens, self.beta, self.limit, self.progress = tokens, beta, limit, progress

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Turn trl's implicit reward of the chosen answers, beta times their log-ratio (arXiv:2305.18290), into nats a token."""
        entry = state.log_history[-1]
        if "rewards/chosen" not in entry:
            return
        tokens = self.tokens[(int(entry["step"]) - 1) % len(self.tokens)]
        entry[MOVED] = float(entry["rewards/chosen"]) / self.beta / max(tokens, 1.0)
        moved = _moved(state)
        if displaced_at(moved, self.limit) == len(moved):
            self.progress.say(f"likelihood displacement: the chosen answers lost {-levels(moved)[-1]:.2f} nats a token since the start")

    def figures(self, state: TrainerState) -> dict[str, Any]:
        """Return the level at the end, the lowest, the limit, and the step at which it was passed (None: never)."""
        moved = _moved(state)
        found = levels(moved)
        return {MOVED: found[-1], "chosen_lowest": min(found), "chosen_limit": -self.limit, "displaced_at": displaced_at(moved, self.limit)}


def _moved(state: TrainerState) -> list[float]:
    return [float(entry[MOVED]) for entry in state.log_history if MOVED in entry]

"""Stage `align`: the recipe's `align.method` decides which file does the work. All methods start from the sft adapter."""

import importlib
from typing import Any

from temperance.job import Job

METHODS = {
    "dpo": "temperance.train.dpo",
    "kto": "temperance.train.kto",
    "ppo": "temperance.train.ppo",
    "grpo": "temperance.train.group",
    "rloo": "temperance.train.group",
}


def run(job: Job) -> dict[str, Any]:
    """Align by the method that the recipe names; the metrics say which it was."""
    method = job.recipe.align.method
    return {"method": method, **importlib.import_module(METHODS[method]).run(job)}

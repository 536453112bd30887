"""Stage `align`: the recipe's `align.method` decides which file does the work. All methods start from the sft adapter."""

import importlib
from typing import Any

from temperance.errors import StageError
from temperance.job import Job, processes

METHODS = {
    "dpo": "temperance.train.dpo",
    "kto": "temperance.train.kto",
    "ppo": "temperance.train.ppo",
    "grpo": "temperance.train.group",
    "rloo": "temperance.train.group",
}


def run(job: Job) -> dict[str, Any]:
    """Align by the method that the recipe names; the metrics say which it was, and which sft adapter was the reference, by its digest.

    Raises:
        StageError: several processes were launched for a method that learns in one.
    """
    method = job.recipe.align.method
    if processes() > 1 and method != "dpo":
        why = f"{processes()} processes were launched, and of the methods of align only dpo is shared between several"
        raise StageError(f"{method} learns in one process", why=why, then="temperance run RECIPE --only align")
    return {"method": method, "reference": job.inputs["sft"].digest, **importlib.import_module(METHODS[method]).run(job)}

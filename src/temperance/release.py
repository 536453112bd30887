"""Stage `release`: what may be published, with its card and its record. It only runs after a gate that passed.

Every digest that the release stands on is recomputed first; a changed byte anywhere above stops it.
"""

import json
import shutil
from typing import Any

from temperance import artifact
from temperance.errors import StageError
from temperance.job import Job


def run(job: Job) -> dict[str, Any]:
    """Copy the adapter (or merge it), and write `README.md`, the model card, and `lineage.json`.

    Raises:
        StageError: an artifact was altered since it was made.
    """
    for name, made in job.inputs.items():
        changes = artifact.verify(made)
        if changes:
            said = ", ".join(f"{change.path} {change.how}" for change in changes)
            raise StageError(
                "nothing is released from an altered artifact", where=str(made.folder), why=f"{name}: {said}", then="temperance run RECIPE"
            )
    adapter = job.inputs["align"] / "adapter"
    shutil.copytree(adapter, job.work / "adapter")
    if job.recipe.release.form == "merged":
        from temperance.lm.load import save_merged

        save_merged(job.recipe.base, adapter, job.work / "model")
    lineage = [
        artifact.load(folder).manifest
        for folder in sorted(job.inputs["align"].folder.parent.iterdir())
        if (folder / artifact.MANIFEST).is_file()
    ]
    wanted = ancestors({one.digest: dict(one.parents) for one in lineage}, [made.digest for made in job.inputs.values()])
    steps = [
        {"stage": one.stage, "digest": one.digest, "key": one.key, "parents": dict(one.parents)} for one in lineage if one.digest in wanted
    ]
    (job.work / "lineage.json").write_text(json.dumps(steps, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    from temperance.report.card import card

    (job.work / "README.md").write_text(card(job.recipe, job.inputs), encoding="utf-8")
    return {"form": job.recipe.release.form, "stages": len(steps)}


def ancestors(parents: dict[str, dict[str, str]], digests: list[str]) -> set[str]:
    """Return the digests of everything that these were made from, themselves included."""
    seen: set[str] = set()
    queue = list(digests)
    while queue:
        digest = queue.pop()
        if digest not in seen:
            seen.add(digest)
            queue.extend(parents.get(digest, {}).values())
    return seen

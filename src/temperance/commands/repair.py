"""`temperance repair`: turn an adapter back towards the subspace in which its base was aligned; nothing is trained.

Exit codes: 0 the repaired adapter is written, 2 it could not be. Whether it is safe now is for `evaluate` to say.
"""

from pathlib import Path
from typing import Annotated

import typer

from temperance.commands.output import JsonFile, guard, write_json


def repair(
    adapter: Annotated[Path, typer.Argument(metavar="DIR", help="The adapter to repair, a LoRA on the aligned model.")],
    before: Annotated[str, typer.Option(metavar="MODEL", help="The model before it was aligned.")],
    aligned: Annotated[str, typer.Option(metavar="MODEL", help="The aligned model: MODEL, or MODEL+ADAPTER.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the repaired adapter goes; must not exist.")],
    threshold: Annotated[float, typer.Option(min=0, max=1, help="Project updates whose cosine with their projection is less.")] = 0.35,
    json_file: JsonFile = None,
) -> None:
    """Project an adapter's updates onto what alignment changed (SafeLoRA); measure what it costs with `temperance compare`.

    It undoes some of what tuning on harmful rows did to a model that was safe, and some of what the adapter is for. It proves nothing.
    """
    from dataclasses import asdict

    from temperance.lm import repair as lora

    model, plus, safe = aligned.partition("+")
    guard([("--out", out), ("--json", json_file)], inputs=[adapter, before, model, safe])
    found = lora.repair(
        adapter,
        before=lora.weights(before),
        aligned=lora.weights(model, Path(safe) if plus else None),
        threshold=threshold,
        out=out,
    )
    write_json(json_file, {"threshold": threshold, "layers": [asdict(one) for one in found]})
    projected = [one for one in found if one.projected]
    cosines = sorted(one.cosine for one in found)
    spread = f"; cosines from {cosines[0]:.2f} to {cosines[-1]:.2f}, half below {cosines[len(cosines) // 2]:.2f}" if cosines else ""
    print(f"{len(projected)} of {len(found)} updates projected{spread}")
    print(f"written to {out}; what it does now: temperance evaluate {model if not plus else 'MODEL'} --adapter {out}")

"""Repair: an adapter that was tuned on an aligned model is turned back towards the subspace in which that model was aligned.

SafeLoRA (Hsu et al. 2024, arXiv:2405.16833): the difference V of an aligned model's weight and the one before alignment spans what
alignment changed; an update that points elsewhere is projected by V V^T / |V|. Nothing is trained. A layer that alignment left alone has no
such subspace and is left alone here. It knows nothing about what the adapter was for: what it costs in usefulness has to be measured.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from peft import PeftModel
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from temperance.errors import InputError
from temperance.lm.load import ADAPTER_CONFIG, ADAPTER_WEIGHTS, load_model

PREFIX, UP, DOWN = "base_model.model.", ".lora_B.weight", ".lora_A.weight"


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One updated weight: the cosine of its update and the update's projection, in [0, 1], and whether it was projected."""

    name: str
    cosine: float
    projected: bool


def weights(model: str, adapter: Path | None = None) -> dict[str, Tensor]:
    """Return a model's weights in fp32, by name, an adapter added to them.

    Raises:
        InputError: the model or the adapter cannot be loaded.
    """
    found = load_model(model, adapter=adapter, precision="fp32")
    return (found.merge_and_unload(safe_merge=True) if isinstance(found, PeftModel) else found).state_dict()


def repair(adapter: Path, *, before: Mapping[str, Tensor], aligned: Mapping[str, Tensor], threshold: float, out: Path) -> list[Layer]:
    """Write to `out` the adapter with those updates projected whose cosine with their projection is below `threshold`.

    Args:
        adapter: a LoRA on the aligned model.
        before: the weights before alignment, by name.
        aligned: the weights after it, of the same shapes.
        threshold: 0 projects nothing, 1 nearly everything.
        out: a folder that is not there yet.

    Raises:
        InputError: the adapter cannot be read, does not fit the models, or `out` exists.
    """
    if out.exists():
        raise InputError("there is something here already", where=str(out), then="name another folder: --out DIR")
    tensors = _tensors(adapter)
    layers: list[Layer] = []
    for key in sorted(tensors):
        name = key.removeprefix(PREFIX).removesuffix(UP)
        if not key.endswith(UP):
            continue
        change_OI = _change(f"{name}.weight", before, aligned, where=str(adapter))
        down_RI, up_OR = tensors[f"{key.removesuffix(UP)}{DOWN}"].float(), tensors[key].float()
        if down_RI.shape[1] != change_OI.shape[1] or up_OR.shape != (change_OI.shape[0], down_RI.shape[0]):
            raise InputError("this adapter does not fit the models", where=str(adapter), why=f"{name} has another shape in them")
        if not change_OI.any():
            continue
        turned_OR = change_OI @ (change_OI.T @ up_OR) / change_OI.norm()
        cosine = _cosine(up_OR, turned_OR, down_RI)
        layers.append(Layer(name=name, cosine=cosine, projected=cosine < threshold))
        if layers[-1].projected:
            tensors[key] = turned_OR.to(tensors[key].dtype)
    _write(adapter, tensors, out)
    return layers


def _write(adapter: Path, tensors: Mapping[str, Tensor], out: Path) -> None:
    """Write an adapter under a name of its own and rename it; of two at once the first is kept whole, and the second is an error."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
        part = Path(folder) / "part"
        part.mkdir()
        shutil.copyfile(adapter / ADAPTER_CONFIG, part / ADAPTER_CONFIG)
        save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, part / ADAPTER_WEIGHTS)
        try:
            part.rename(out)
        except OSError as error:
            raise InputError("there is something here already", where=str(out), then="name another folder: --out DIR") from error


def _cosine(up_OR: Tensor, turned_OR: Tensor, down_RI: Tensor) -> float:
    """Return the cosine of the updates B A and B' A, without making either."""
    inner_RR = down_RI @ down_RI.T

    def product(one_OR: Tensor, other_OR: Tensor) -> Tensor:
        return ((one_OR.T @ other_OR) * inner_RR).sum()

    size = (product(up_OR, up_OR) * product(turned_OR, turned_OR)).clamp(min=0).sqrt()
    return float(product(up_OR, turned_OR) / size) if size > 0 else 1.0


def _change(name: str, before: Mapping[str, Tensor], aligned: Mapping[str, Tensor], *, where: str) -> Tensor:
    if name not in before or name not in aligned or before[name].shape != aligned[name].shape or before[name].ndim != 2:
        raise InputError("this adapter does not fit the models", where=where, why=f"they do not share a matrix {name}")
    return aligned[name].float() - before[name].float()


def _tensors(adapter: Path) -> dict[str, Tensor]:
    """Return an adapter's tensors; each B has its A.

    Raises:
        InputError: it is not a plain LoRA in safetensors.
    """
    then = "temperance audit adapter DIR"
    try:
        config = json.loads((adapter / ADAPTER_CONFIG).read_text(encoding="utf-8"))
        tensors = load_file(adapter / ADAPTER_WEIGHTS)
    except (OSError, ValueError, RecursionError, SafetensorError) as error:
        raise InputError("this adapter cannot be read", where=str(adapter), why=str(error), then=then) from error
    plain = isinstance(config, dict) and config.get("peft_type") == "LORA" and not config.get("use_dora")
    lonely = [key for key in tensors if key.endswith(UP) and f"{key.removesuffix(UP)}{DOWN}" not in tensors]
    odd = [key for key, tensor in tensors.items() if not key.endswith((UP, DOWN)) or tensor.ndim != 2 or not tensor.isfinite().all()]
    if not plain or lonely or odd or not any(key.endswith(UP) for key in tensors):
        told = f"{lonely[0]} has no A" if lonely else f"{odd[0]} is no finite A or B, and would pass as it is" if odd else ""
        why = told or "it is of another kind, or holds no update"
        raise InputError("only a plain LoRA can be repaired", where=str(adapter), why=why, then=then)
    return tensors

"""LoRA's forward pass with fewer trips to memory, and adapters that go only part of the way.

The product with B is added where the base's output lies, scaled on the way: peft writes the low-rank output, scales it, and adds it to the
base's, three more passes over the largest tensors of a layer, and as many again backwards. `fuse` asks the matrix product to do both, with
the same numbers up to rounding. What it does not know (DoRA and other variants, several adapters at once, merged or mixed batches) goes
peft's own way.
"""

import functools
import types
from typing import Any

import torch
from peft.tuners.lora.layer import Linear


def fuse(model: torch.nn.Module) -> None:
    """Make every LoRA layer on a linear map of a model add its low-rank output in one product."""
    for module in model.modules():
        if isinstance(module, Linear) and type(module.get_base_layer()) is torch.nn.Linear:
            setattr(module, "forward", types.MethodType(_forward(module.forward), module))  # noqa: B010, a method is replaced on purpose


@torch.no_grad()
def interpolate(model: torch.nn.Module, share: float) -> None:
    """Leave every LoRA layer of a model `share` of the way from its base to what was learned, in place.

    A straight line between the weights before and after tuning keeps more of what the base could do than the end of training does, and
    most of what was learned (Wortsman et al. 2022, arXiv:2109.01903, eq. 1).
    """
    for module in model.modules():
        if isinstance(module, Linear):
            for up in module.lora_B.values():
                up.get_parameter("weight").mul_(share)


def _forward(original: Any) -> Any:
    @functools.wraps(Linear.forward)
    def forward(self: Linear, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        name = _alone(self)
        if name is None or args or kwargs or self.lora_A[name].weight.dtype != x.dtype:
            return original(x, *args, **kwargs)
        base = self.base_layer(x)
        low = self.lora_A[name](self.lora_dropout[name](x))
        up_OR = self.lora_B[name].get_parameter("weight")
        flat = torch.addmm(base.flatten(0, -2), low.flatten(0, -2), up_OR.t(), alpha=self.scaling[name])
        return flat.view_as(base)

    return forward


def _alone(layer: Linear) -> str | None:
    """Return the one plain adapter that is at work in a layer, or None."""
    names = [name for name in layer.active_adapters if name in layer.lora_A]
    if layer.disable_adapters or layer.merged or len(names) != 1 or names[0] in layer.lora_variant or layer.lora_bias[names[0]]:
        return None
    return names[0]

"""LoRA's forward pass with fewer trips to memory: the product with B is added where the base's output lies, scaled on the way.

peft writes the low-rank output, scales it, and adds it to the base's: three more passes over the largest tensors of a layer, and as
many again backwards. `fuse` asks the matrix product to do both, with the same numbers up to rounding. What it does not know (DoRA and
other variants, several adapters at once, merged or mixed batches) goes peft's own way.
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

"""What was trained is what was written: a model in memory, its adapter read back from disk, and the two merged give the same numbers.

An adapter that was saved under another name, without its head, or scaled otherwise than it was trained would pass every later
check as another model. Every stage that writes weights asks here before its artifact is committed. It does not know whether they are good.
"""

from functools import partial
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from temperance.errors import StageError
from temperance.lm.load import load_classifier, load_model

PROBE = 16
TOLERANCE = 1e-3


def assert_reloads(model: PeftModel, folder: Path, base: str) -> None:
    """Compare a model's logits on a probe of 16 tokens with those of the adapter in `folder`, on its base and merged into it.

    Args:
        model: the trained model, its adapter active, in fp32.
        folder: where the adapter was written.
        base: the name of its base.

    Raises:
        StageError: a logit differs by more than a thousandth of the largest.
    """
    classifies = model.peft_config[model.active_adapter].task_type == "SEQ_CLS"
    trained = _logits(model)
    load = partial(load_classifier, labels=trained.shape[-1]) if classifies else load_model
    read: Any = load(base, adapter=folder, precision="fp32")
    for name, found in (("read back", _logits(read)), ("merged", _logits(read.merge_and_unload(safe_merge=True)))):
        apart = float((found - trained).abs().max() / trained.abs().max().clamp(min=1e-6))
        if not apart <= TOLERANCE:
            why = f"{name}, its logits differ from the trained model's by {apart:.2g} of the largest"
            raise StageError("the adapter that was written is not the one that was trained", where=str(folder), why=why)


@torch.inference_mode()
def _logits(model: Any) -> torch.Tensor:
    training = model.training
    model.eval()
    ids_1T = torch.arange(PROBE, device=model.device)[None] * 7 % model.config.get_text_config().vocab_size
    found = model(input_ids=ids_1T).logits.float()
    model.train(training)
    return found

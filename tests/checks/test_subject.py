import os
from pathlib import Path

import pytest

from temperance.checks.subject import data_subject, folder_subject, printable
from temperance.errors import InputError

from .builders import adapter, rows_of


def test_a_folder_is_listed_without_following_links(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("x")
    (folder / "link").symlink_to(outside)
    os.mkfifo(folder / "pipe")
    subject = folder_subject("adapter", folder)
    assert {subject.relative(path) for path in subject.others} == {"link", "pipe"}
    assert {subject.relative(path) for path in subject.files} == {"adapter_config.json", "adapter_model.safetensors", "README.md"}


def test_the_digest_sees_every_byte_and_no_place(tmp_path: Path) -> None:
    one, other = adapter(tmp_path / "a"), adapter(tmp_path / "b")
    assert folder_subject("adapter", one).digest == folder_subject("adapter", other).digest
    (other / "README.md").write_bytes(b"changed")
    assert folder_subject("adapter", one).digest != folder_subject("adapter", other).digest


@pytest.mark.parametrize("raw", [b"", b"[1]", b"\xff\xfe", b"[" * 100_000, b'{"r": NaN'])
def test_a_config_that_cannot_be_read_is_none(tmp_path: Path, raw: bytes) -> None:
    folder = adapter(tmp_path / "a", files={"adapter_config.json": raw})
    assert folder_subject("adapter", folder).config is None


def test_what_is_no_folder_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is nothing there"):
        folder_subject("adapter", tmp_path / "absent")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="it is not a folder"):
        folder_subject("model", tmp_path / "file")


def test_the_digest_of_a_table_covers_its_order() -> None:
    rows = rows_of(("a", "b"), ("c", "d"))
    assert data_subject(rows).digest != data_subject(rows[::-1]).digest


def test_names_are_spelt_out() -> None:
    assert printable("a\u202eb\n") == "a\\u202eb\\n"

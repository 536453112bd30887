import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance import artifact
from temperance.artifact import Change, canonical_json, commit, digest_of, load, text_digest, verify, words_digest
from temperance.errors import InputError

FIELDS = {"stage": "sft", "key": "k", "seed": 7}
ANY = st.text(st.characters())  # lone surrogates too
NAMES = st.dictionaries(st.text("abc/", min_size=1, max_size=8), st.text("0123456789abcdef", min_size=4, max_size=8), max_size=6)


def made(folder: Path, **files: str) -> artifact.Artifact:
    work = folder / "work"
    work.mkdir(parents=True)
    for name, text in files.items():
        (work / name).write_text(text)
    return commit(work, folder / "made", FIELDS)


@given(NAMES, st.randoms())
def test_the_digest_ignores_order(files: dict[str, str], random) -> None:
    items = list(files.items())
    random.shuffle(items)
    assert digest_of(dict(items)) == digest_of(files)


@given(st.text(), st.text())
def test_the_digest_sees_every_character(left: str, right: str) -> None:
    assert (text_digest(left) == text_digest(right)) == (left == right)


def test_the_same_files_give_the_same_digest_anywhere(tmp_path: Path) -> None:
    assert made(tmp_path / "a", x="1", y="2").digest == made(tmp_path / "b", y="2", x="1").digest
    assert made(tmp_path / "c", x="1", y="3").digest != made(tmp_path / "d", x="1", y="2").digest


def test_a_committed_artifact_is_intact_and_loads(tmp_path: Path) -> None:
    one = made(tmp_path, x="1")
    assert load(one.folder) == one
    assert verify(one) == []
    assert not (tmp_path / "work").exists()


def test_every_kind_of_change_is_named(tmp_path: Path) -> None:
    one = made(tmp_path, kept="1", altered="1", missing="1")
    (one / "altered").write_text("2")
    (one / "missing").unlink()
    (one / "added").write_text("1")
    assert verify(one) == [Change("added", "added"), Change("altered", "altered"), Change("missing", "missing")]


def test_a_rewritten_manifest_is_noticed(tmp_path: Path) -> None:
    one = made(tmp_path, x="1")
    (one / "x").write_text("2")
    path = one / artifact.MANIFEST
    body = json.loads(path.read_text())
    body["files"]["x"] = artifact.file_digest(one / "x")
    path.write_text(json.dumps(body))
    assert verify(load(one.folder)) == [Change(artifact.MANIFEST, "altered")]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stage": 1}', "\x00"])
def test_a_broken_manifest_is_an_input_error(tmp_path: Path, text: str) -> None:
    (tmp_path / artifact.MANIFEST).write_text(text)
    with pytest.raises(InputError, match="manifest"):
        load(tmp_path)


def test_a_folder_without_manifest_is_not_an_artifact(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not an artifact"):
        load(tmp_path)


def test_a_failed_write_leaves_the_old_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    artifact.write_text(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(artifact.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        artifact.write_text(path, "new")
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]


@given(st.recursive(ANY, lambda inner: st.lists(inner) | st.dictionaries(ANY, inner), max_leaves=8))
def test_the_fast_digest_of_texts_is_that_of_their_canonical_json(value: Any) -> None:
    assert words_digest(value) == text_digest(canonical_json(value))

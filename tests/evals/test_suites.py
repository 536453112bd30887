"""Suites: the shipped ones, a user's file, and drawing from them."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.errors import InputError
from temperance.evals.suites import AXES, Prompt, Suite, built_in, from_file, subsample


def test_shipped_suites_are_paired_and_whole() -> None:
    unsafe, lookalike, everyday = (built_in(axis) for axis in AXES)
    assert [prompt.family for prompt in unsafe.prompts] == [prompt.family for prompt in lookalike.prompts]
    assert [suite.wanted for suite in (unsafe, lookalike, everyday)] == ["refused", "answered", "answered"]
    for suite in (unsafe, lookalike, everyday):
        assert len({prompt.id for prompt in suite.prompts}) == len(suite.prompts) >= 60
    assert len({unsafe.digest, lookalike.digest, everyday.digest}) == 3
    with pytest.raises(InputError, match="no suite 'rude'"):
        built_in("rude")


@given(n=st.integers(0, 200), seed=st.integers(0, 5))
def test_drawing_is_seeded_stratified_and_keeps_pairs(n: int, seed: int) -> None:
    unsafe, lookalike = built_in("unsafe"), built_in("lookalike")
    drawn = subsample(unsafe, n, seed=seed)
    assert drawn == subsample(unsafe, n, seed=seed)
    assert len(drawn.prompts) == (min(n, len(unsafe.prompts)) or len(unsafe.prompts))
    assert [prompt.family for prompt in drawn.prompts] == [prompt.family for prompt in subsample(lookalike, n, seed=seed).prompts]
    places = [unsafe.prompts.index(prompt) for prompt in drawn.prompts]
    assert places == sorted(places)
    whole, part = Counter(prompt.area for prompt in unsafe.prompts), Counter(prompt.area for prompt in drawn.prompts)
    assert all(abs(part[area] - whole[area] * len(drawn.prompts) / len(unsafe.prompts)) < 1 for area in whole)


def test_other_seeds_draw_others() -> None:
    assert subsample(built_in("unsafe"), 40, seed=1).digest != subsample(built_in("unsafe"), 40, seed=2).digest


def test_a_users_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"prompt": "a?"}\n{"prompt": "b?", "area": "x", "family": "f"}\n')
    prompts = (Prompt("lookalike-000", "a?", "", "lookalike-000"), Prompt("lookalike-001", "b?", "x", "f"))
    assert from_file(path, "lookalike") == Suite("mine", "lookalike", prompts)


@pytest.mark.parametrize(
    ("bytes_", "where"),
    [
        (b"", "mine"),
        (b"{", ":1"),
        (b'{"prompt": "a"}\n[]', ":2"),
        (b'{"prompt": 3}', ":1"),
        (b'{"prompt": " "}', ":1"),
        (b"\xff\xfe", ":1"),
    ],
)
def test_a_broken_file_names_its_line(bytes_: bytes, where: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_bytes(bytes_)
    with pytest.raises(InputError) as caught:
        from_file(path, "unsafe")
    assert where in caught.value.where


def test_an_absent_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        from_file(tmp_path / "none.jsonl", "unsafe")

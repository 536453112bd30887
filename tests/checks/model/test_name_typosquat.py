from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.checks.hub_names import KNOWN, distance, imitated
from temperance.checks.model.name_typosquat import name_typosquat

from ..builders import model, on_folder


@pytest.mark.parametrize(
    "name",
    [
        "meta-Ilama/Llama-3.2-1B",
        "meta-lama/Llama-3.2-1B",
        "HugginFaceTB/SmolLM2-135M",
        "mistra1ai/Mistral-7B-v0.1",
        "gооgle/gemma-2-2b-it",
        "microsfot/Phi-3-mini-4k-instruct",
        "someone/SmolLM2-135M-lnstruct",
        "Qwen/Qwen2.5-0.5B-1nstruct",
    ],
)
def test_an_imitated_name_is_named(tmp_path: Path, name: str) -> None:
    assert imitated(name)
    outcome = on_folder(name_typosquat, model(tmp_path / "m", _name_or_path=name))
    assert [finding.evidence.where for finding in outcome.findings] == ["config.json _name_or_path"]


@pytest.mark.parametrize(
    "name",
    [
        *KNOWN,
        "unsloth/Llama-3.2-1B",
        "meta-llama/Llama-9-70b",
        "someone/my-tune",
        "/data/models/SmolLM2-135M",
        "./checkpoint-200",
        "smollm2",
        "acme/Qwen",
    ],
)
def test_a_true_or_unknown_name_is_fine(tmp_path: Path, name: str) -> None:
    assert imitated(name) == ""
    assert on_folder(name_typosquat, model(tmp_path / "m", _name_or_path=name)).outcome == "clean"


def test_the_folder_and_the_readme_are_names_too(tmp_path: Path) -> None:
    outcome = on_folder(
        name_typosquat, model(tmp_path / "SmolLM2-135M-lnstruct", files={"README.md": b"---\nbase_model: meta-lama/x\n---\n"})
    )
    assert {finding.evidence.where for finding in outcome.findings} == {"the folder", "README.md base_model"}


NAMES = st.text(alphabet="abc-", max_size=7)


@given(NAMES, NAMES)
def test_distance_is_a_distance(one: str, other: str) -> None:
    assert distance(one, other, most=9) == distance(other, one, most=9)
    assert (distance(one, other, most=9) == 0) == (one == other)
    assert distance(one, other, most=1) == min(2, distance(one, other, most=9))

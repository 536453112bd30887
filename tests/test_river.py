"""The whole river on the real smollm2, through the command line: it runs, and kill -9 anywhere changes no byte of an adapter."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RECIPE = """
name: r
seed: 7
precision: fp32
sources:
  - path: starter:contrast
  - path: starter:preferences
sft: {limit: 16, batch_size: 4, checkpoint_every: 1, rehearse: 4, first_weight: 4}
reward: {limit: 8, batch_size: 4, checkpoint_every: 1}
align: {limit: 8, batch_size: 4, checkpoint_every: 1}
evaluate: {n: 2, max_tokens: 8}
"""
STAGES = ("sft", "reward", "align")


def command(folder: Path) -> list[str]:
    (folder / "recipe.yaml").write_text(RECIPE)
    return [sys.executable, "-m", "temperance", "run", "recipe.yaml", "--quiet"]


def digests(folder: Path) -> dict[str, str]:
    stages = json.loads((folder / "runs/r/run.json").read_text())["stages"]
    return {name: stages[name]["digest"] for name in STAGES}


def kill_when(folder: Path, pattern: str) -> None:
    """Start the run and kill it, without warning, as soon as a file of this pattern is there."""
    running = subprocess.Popen(command(folder), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not any(folder.glob(pattern)):
        assert running.poll() is None, f"the run ended before {pattern} was there"
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait()


@pytest.mark.slow
def test_kill_9_at_any_moment_ends_with_the_same_adapters(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir()
    cut.mkdir()
    ended = subprocess.run(command(whole), cwd=whole, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stderr  # eight tokens are no answer: the gate blocks, with its reason
    assert "Blocked" in ended.stdout
    for stage in STAGES:
        kill_when(cut, f"runs/r/scratch/{stage}-*/checkpoint-1/whole")
        kill_when(cut, f"runs/r/scratch/{stage}-*/checkpoint-2/adapter_model.safetensors")
    assert subprocess.run(command(cut), cwd=cut, capture_output=True, check=False).returncode == 1
    assert digests(cut) == digests(whole)
    begin = time.perf_counter()
    assert subprocess.run(command(cut), cwd=cut, capture_output=True, check=False).returncode == 1
    assert time.perf_counter() - begin < 60  # everything is cached
    assert subprocess.run([sys.executable, "-m", "temperance", "verify", "runs/r"], cwd=cut, check=False).returncode == 0

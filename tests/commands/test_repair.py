import json
from pathlib import Path

import pytest

from temperance.lm.load import load_model
from tests.test_cli import temperance
from tests.tiny import tiny_adapter, tiny_model


def test_a_repaired_adapter_is_written_and_loads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tiny_model(tmp_path / "base")
    safe, tuned = (tiny_adapter(tmp_path / name, base, seed=seed) for seed, name in enumerate(("safe", "tuned"), 1))
    out, said = tmp_path / "out", tmp_path / "said.json"
    asked = ["repair", str(tuned), "--before", str(base), "--aligned", f"{base}+{safe}", "--out", str(out), "--json", str(said)]
    assert temperance(*asked, monkeypatch=monkeypatch) == 0
    layers = json.loads(said.read_text())["layers"]
    projected = sum(layer["projected"] for layer in layers)
    assert f"{projected} of {len(layers)} updates projected" in capsys.readouterr().out
    load_model(str(base), adapter=out, precision="fp32")
    assert temperance(*asked, monkeypatch=monkeypatch) == 2

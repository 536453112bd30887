import pickle
from collections import OrderedDict
from pathlib import Path

from temperance.checks.model.pickle_code import pickle_code

from ..builders import model, on_folder, worst


class Payload:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("this is never run",)


def test_code_in_a_models_weights_is_critical(tmp_path: Path) -> None:
    outcome = on_folder(pickle_code, model(tmp_path / "m", files={"pytorch_model.bin": pickle.dumps(Payload())}))
    assert worst(outcome) == "critical"
    assert "builtins.print" in outcome.findings[0].evidence.says


def test_plain_weights_are_told_and_safetensors_are_clean(tmp_path: Path) -> None:
    plain = model(tmp_path / "m", files={"pytorch_model.bin": pickle.dumps(OrderedDict(), protocol=2)})
    assert worst(on_folder(pickle_code, plain)) == "medium"
    assert on_folder(pickle_code, model(tmp_path / "n")).outcome == "clean"

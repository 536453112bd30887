"""Loading: what is read, and everything that is refused with a clear error."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file

from temperance.errors import InputError
from temperance.lm import load
from temperance.lm.load import digest, load_classifier, load_model, load_tokenizer, resolve, save_merged


def copied(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))


def test_a_folder_is_loaded_in_evaluation_mode(tiny: Path) -> None:
    model = load_model(str(tiny), precision="fp32")
    assert not model.training
    assert next(model.parameters()).dtype is torch.float32
    assert next(load_model(str(tiny), precision="bf16").parameters()).dtype is torch.bfloat16


def test_an_adapter_changes_what_the_model_says_and_merging_keeps_it(tiny: Path, adapter: Path, tmp_path: Path) -> None:
    ids = torch.tensor([[5, 6, 7, 8]])
    base, tuned = load_model(str(tiny), precision="fp32"), load_model(str(tiny), adapter=adapter, precision="fp32")
    assert isinstance(tuned, PeftModel)
    save_merged(str(tiny), adapter, tmp_path / "merged")
    merged = load_model(str(tmp_path / "merged"), precision="fp32")
    with torch.inference_mode():
        plain, with_adapter, whole = (model(input_ids=ids).logits for model in (base, tuned, merged))
    assert not torch.allclose(plain, with_adapter, atol=1e-2)
    torch.testing.assert_close(with_adapter, whole, atol=1e-4, rtol=1e-4)
    assert load_tokenizer(str(tmp_path / "merged")).chat_template


def test_a_loaded_model_does_not_change_with_its_file(tiny: Path, tmp_path: Path) -> None:
    """Weights that stayed mapped would follow the file, and every page that the system took back would be read again."""
    folder = copied(tiny, tmp_path / "m")
    model = load_model(str(folder), precision="fp32")
    before = [parameter.clone() for parameter in model.parameters()]
    with (folder / "model.safetensors").open("r+b") as stream:
        stream.seek(-4096, 2)
        stream.write(b"\0" * 4096)
    assert all(torch.equal(one, other) for one, other in zip(before, model.parameters(), strict=True))


def test_a_classifier_has_one_score_and_a_seeded_head(tiny: Path) -> None:
    heads = []
    for _ in range(2):
        torch.manual_seed(4)
        model = load_classifier(str(tiny), precision="fp32")
        heads.append(model.get_parameter("score.weight"))
        assert model.config.pad_token_id == load_tokenizer(str(tiny)).pad_token_id
    assert heads[0].shape == (1, 32)
    assert torch.equal(*heads)


def test_padding_is_never_the_end_token_if_the_vocabulary_has_another(tiny: Path, tmp_path: Path) -> None:
    folder = copied(tiny, tmp_path / "m")
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config["pad_token"] = config["eos_token"]
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    tokenizer = load_tokenizer(str(folder))
    assert tokenizer.pad_token == "<|pad|>"
    assert tokenizer.eos_token == "<|im_end|>"


def test_a_tokenizer_without_a_template_is_refused(tiny: Path, tmp_path: Path) -> None:
    folder = copied(tiny, tmp_path / "m")
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(InputError, match="chat template"):
        load_tokenizer(str(folder))


@pytest.mark.parametrize("name", ["nowhere", "./nowhere", "/nowhere/at/all", "a b/c", "", "../x"])
def test_a_name_that_is_nothing_never_reaches_the_network(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(load, "_fetch", lambda name: pytest.fail("the network was asked"))
    with pytest.raises(InputError, match="no such model"):
        resolve(name if name else str(tmp_path / "none"))


def test_a_hub_id_is_fetched_without_pickles(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    asked: list[tuple[str, list[str]]] = []

    def fetch(name: str, *, allow_patterns: list[str]) -> str:
        asked.append((name, allow_patterns))
        return str(tiny)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    assert resolve("owner/some-model") == tiny
    assert asked[0][0] == "owner/some-model"
    assert not any(pattern.endswith((".bin", ".pt", ".py", "*")) for pattern in asked[0][1])


def test_a_hub_that_cannot_be_reached_is_an_input_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def fetch(name: str, *, allow_patterns: list[str]) -> str:
        raise ConnectionError("no route\nto host")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    with pytest.raises(InputError, match="cannot be fetched"):
        resolve("owner/some-model")


def test_an_adapter_is_not_a_model(adapter: Path, tiny: Path) -> None:
    with pytest.raises(InputError, match="an adapter, not a model"):
        load_model(str(adapter))
    assert digest(str(adapter)) != digest(str(tiny))


def test_pickled_weights_are_never_read(tiny: Path, tmp_path: Path) -> None:
    folder = copied(tiny, tmp_path / "m")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch owned'\ntR.")
    with pytest.raises(InputError, match="cannot be loaded"):
        load_model(str(folder))


@pytest.mark.parametrize("bytes_", [b"", b"\x00" * 64, b"\xff" * 64, b"\x08\0\0\0\0\0\0\0{}      "])
def test_broken_weights_are_an_input_error(bytes_: bytes, tiny: Path, tmp_path: Path) -> None:
    folder = copied(tiny, tmp_path / "m")
    (folder / "model.safetensors").write_bytes(bytes_)
    with pytest.raises(InputError, match="cannot be loaded"):
        load_model(str(folder))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"model_type": "nothing-like-it"}', '{"auto_map": {"AutoModelForCausalLM": "x.Y"}}'])
def test_broken_or_foreign_configs_are_an_input_error(text: str, tiny: Path, tmp_path: Path) -> None:
    folder = copied(tiny, tmp_path / "m")
    (folder / "config.json").write_text(text)
    (folder / "x.py").write_text("raise SystemExit('remote code ran')")
    with pytest.raises(InputError, match="cannot be loaded"):
        load_model(str(folder))


@pytest.mark.parametrize("config", ["{", "[]", '{"peft_type": "PROMPT_TUNING"}', "{}"])
def test_only_a_lora_is_an_adapter(config: str, tiny: Path, adapter: Path, tmp_path: Path) -> None:
    folder = copied(adapter, tmp_path / "a")
    (folder / "adapter_config.json").write_text(config)
    with pytest.raises(InputError, match="adapter cannot be loaded"):
        load_model(str(tiny), adapter=folder)


def test_a_pickled_adapter_is_refused(tiny: Path, adapter: Path, tmp_path: Path) -> None:
    folder = copied(adapter, tmp_path / "a")
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    with pytest.raises(InputError, match=r"no adapter_model\.safetensors"):
        load_model(str(tiny), adapter=folder)


def test_a_merged_adapter_gives_the_adapter_s_logits_and_bf16_keeps_it_apart(tiny: Path, adapter: Path) -> None:
    ids = torch.arange(5, 25)[None]
    plain, apart, merged = (
        load_model(str(tiny), adapter=folder, precision="fp32", merge=merge)
        for folder, merge in ((None, False), (adapter, False), (adapter, True))
    )
    assert not isinstance(merged, PeftModel)
    torch.testing.assert_close(merged(input_ids=ids).logits, apart(input_ids=ids).logits, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(merged(input_ids=ids).logits, plain(input_ids=ids).logits, atol=1e-3)
    assert isinstance(load_model(str(tiny), adapter=adapter, precision="bf16", merge=True), PeftModel)


def test_an_adapter_that_is_not_finite_is_not_merged(tiny: Path, adapter: Path, tmp_path: Path) -> None:
    folder = copied(adapter, tmp_path / "a")
    weights = {name: torch.full_like(value, torch.nan) for name, value in load_file(folder / "adapter_model.safetensors").items()}
    save_file(weights, folder / "adapter_model.safetensors")
    with pytest.raises(InputError, match="cannot be loaded"):
        load_model(str(tiny), adapter=folder, precision="fp32", merge=True)


def test_an_adapter_that_lacks_weights_is_refused(tiny: Path, adapter: Path, tmp_path: Path) -> None:
    folder = copied(adapter, tmp_path / "a")
    weights = load_file(folder / "adapter_model.safetensors")
    del weights[sorted(weights)[0]]
    save_file(weights, folder / "adapter_model.safetensors")
    with pytest.raises(InputError, match="missing adapter keys"):
        load_model(str(tiny), adapter=folder)

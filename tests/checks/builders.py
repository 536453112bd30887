import json
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from temperance.checks.check import Check, outcome_of
from temperance.checks.finding import Outcome
from temperance.checks.subject import data_subject, folder_subject
from temperance.data.example import Example, Message, Origin, Preference, Row

Folder = Callable[[Path], Path]


def ask(question: str, answer: str, *, row: int = 0) -> Example:
    return Example(messages=(Message("user", question), Message("assistant", answer)), origin=Origin(source="rows.json", row=row))


def prefer(question: str, chosen: str, rejected: str, *, row: int = 0) -> Preference:
    return Preference(prompt=(Message("user", question),), chosen=chosen, rejected=rejected, origin=Origin(source="rows.json", row=row))


def rows_of(*pairs: tuple[str, str]) -> list[Row]:
    return [ask(question, answer, row=index) for index, (question, answer) in enumerate(pairs)]


def on_rows(check: Check, *rows: Row, **settings: Any) -> Outcome:
    return outcome_of(check, data_subject(rows, **settings))


def on_folder(check: Check, folder: Path) -> Outcome:
    return outcome_of(check, folder_subject(check.id.partition("/")[0], folder))


def flagged(outcome: Outcome) -> dict[int, str]:
    return {index: finding.action for finding in outcome.findings for index in finding.rows}


def titles(outcome: Outcome) -> list[str]:
    return [finding.title for finding in outcome.findings]


def worst(outcome: Outcome) -> str:
    return min((finding.severity for finding in outcome.findings), key=lambda severity: severity.rank).value


def config(**changes: Any) -> dict[str, Any]:
    plain = {
        "alora_invocation_tokens": None,
        "alpha_pattern": {},
        "auto_mapping": None,
        "base_model_name_or_path": "HuggingFaceTB/SmolLM2-135M-Instruct",
        "bias": "none",
        "eva_config": None,
        "fan_in_fan_out": False,
        "inference_mode": True,
        "init_lora_weights": True,
        "layer_replication": None,
        "loftq_config": {},
        "lora_alpha": 8,
        "lora_dropout": 0.0,
        "megatron_config": None,
        "megatron_core": "megatron.core",
        "modules_to_save": None,
        "peft_type": "LORA",
        "r": 4,
        "rank_pattern": {},
        "revision": None,
        "target_modules": ["q_proj", "v_proj"],
        "target_parameters": None,
        "task_type": "CAUSAL_LM",
        "trainable_token_indices": None,
        "use_dora": False,
        "use_rslora": False,
    }
    return plain | changes


def tensor_names(layers: int = 2, *, rank: int = 4, width: int = 576) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(layers):
        for module, out in (("q_proj", width), ("v_proj", 192)):
            stem = f"base_model.model.model.layers.{layer}.self_attn.{module}"
            shapes[f"{stem}.lora_A.weight"] = (rank, width)
            shapes[f"{stem}.lora_B.weight"] = (out, rank)
    return shapes


def safetensors(shapes: Mapping[str, tuple[int, ...]], *, fill: bytes = b"\x00\x3c", metadata: Mapping[str, Any] | None = None) -> bytes:
    header: dict[str, Any] = {"__metadata__": dict(metadata or {"format": "pt"})}
    at = 0
    for name, shape in shapes.items():
        size = 2
        for one in shape:
            size *= one
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    return framed(json.dumps(header).encode(), fill * (at // 2))


def framed(header: bytes, body: bytes) -> bytes:
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + body


def adapter(
    folder: Path, *, files: Mapping[str, bytes] | None = None, shapes: Mapping[str, tuple[int, ...]] | None = None, **changes: Any
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    card = b"---\nbase_model: HuggingFaceTB/SmolLM2-135M-Instruct\nlibrary_name: peft\n---\nA small adapter, rank: 4.\n"
    made = {
        "adapter_config.json": json.dumps(config(**changes)).encode(),
        "adapter_model.safetensors": safetensors(shapes or tensor_names()),
        "README.md": card,
    }
    for name, raw in (made | dict(files or {})).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return folder


SMOLLM2_TEMPLATE = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def model(folder: Path, *, files: Mapping[str, bytes] | None = None, template: str = SMOLLM2_TEMPLATE, **changes: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    shape = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 576, "num_hidden_layers": 30}
    made = {
        "config.json": json.dumps(shape | changes).encode(),
        "tokenizer_config.json": json.dumps({"chat_template": template, "model_max_length": 2048}).encode(),
        "generation_config.json": b'{"eos_token_id": 2}',
        "model.safetensors": safetensors({"model.embed_tokens.weight": (8, 4)}),
    }
    for name, raw in (made | dict(files or {})).items():
        (folder / name).write_bytes(raw)
    return folder

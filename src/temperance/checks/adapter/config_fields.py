"""Adapter configurations that do more, or other, than configure an adapter."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from temperance.checks import lora_tensors, strict_json
from temperance.checks.check import Findings, check
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.hub_names import imitated
from temperance.checks.lora_tensors import Adapter, endings
from temperance.checks.subject import FolderSubject, printable

NAME = "adapter_config.json"
VERIFIED = ("LORA",)
LARGEST_RANK = 1024
SCALE = (8.0, 16.0)
INITS = frozenset((True, False, "gaussian", "orthogonal", "true", "false", None))
PLAIN_TARGET = re.compile(r"^[\w.|()*\\^$+-]{1,300}$")
NESTED = re.compile(r"[+*}][^()]*\)\s*[+*{]")
URL = re.compile(r"(?:https?|ftp|file|ssh|git|s3)://[^\s\"']{1,200}", re.IGNORECASE)
EMBEDDINGS = ("embed_tokens.base_layer.weight", "wte.base_layer.weight", "lm_head.base_layer.weight")
Said = tuple[Severity, str, str]

MUST_BE_EMPTY: dict[str, tuple[Severity, str]] = {
    "auto_mapping": (Severity.HIGH, "names a Python module to import"),
    "auto_map": (Severity.CRITICAL, "names Python code to run"),
    "megatron_config": (Severity.HIGH, "makes the loader import the module in megatron_core"),
    "layer_replication": (Severity.HIGH, "multiplies the base's layers when loaded"),
    "alora_invocation_tokens": (Severity.HIGH, "keeps the adapter asleep until certain tokens appear: a trigger"),
    "trainable_token_indices": (Severity.MEDIUM, "replaces the embeddings of single tokens"),
    "target_parameters": (Severity.MEDIUM, "changes parameters outside the linear layers"),
    "tokenizer_kwargs": (Severity.HIGH, "passes options, code among them, to a tokenizer's loader"),
    "tokenizer_name_or_path": (Severity.MEDIUM, "loads a second tokenizer"),
    "trust_remote_code": (Severity.CRITICAL, "asks for foreign code to be run"),
    "eva_config": (Severity.MEDIUM, "initialises from data at loading"),
    "corda_config": (Severity.MEDIUM, "reads files at loading"),
    "lora_ga_config": (Severity.MEDIUM, "reads files at loading"),
}


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield every text in a JSON value, keys included, twenty levels deep."""
    if isinstance(value, str):
        yield value
    elif depth < 20 and isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner, depth + 1)
    elif depth < 20 and isinstance(value, list):
        for inner in value:
            yield from _texts(inner, depth + 1)


def _whole(value: Any) -> bool:
    return type(value) is int


def _number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 1e300


def kind_and_base(config: Mapping[str, Any]) -> Iterator[Said]:
    """Yield what is wrong with the adapter's type, its base, and the fields that must be empty."""
    kind = config.get("peft_type")
    if kind not in VERIFIED:
        says = f"peft_type is {printable(str(kind))[:60]}; only LORA is compared with its tensors"
        yield (
            Severity.MEDIUM if isinstance(kind, str) and kind else Severity.HIGH,
            "the adapter's type is not one that can be verified",
            says,
        )
    for key, (severity, why) in MUST_BE_EMPTY.items():
        if config.get(key) not in (None, False, {}, []):
            yield severity, f"{key} {why}", f"{key} = {printable(str(config[key]))[:120]}"
    base = config.get("base_model_name_or_path")
    if not isinstance(base, str) or not base.strip():
        yield Severity.MEDIUM, "no base model is named", "base_model_name_or_path is empty: nobody can tell what this adapter was made for"
    elif imitated(base):
        yield Severity.HIGH, "the base's name imitates a well-known one", f"{printable(base)[:120]} looks like {imitated(base)}"
    revision = config.get("revision")
    if isinstance(revision, str) and "refs/" in revision:
        yield Severity.HIGH, "the base is taken from an unmerged revision", f"revision = {printable(revision)[:80]}"
    for text in _texts(config):
        for url in URL.findall(text)[:3]:
            yield Severity.MEDIUM, "the configuration holds a URL", printable(url)[:160]


def size(config: Mapping[str, Any]) -> Iterator[Said]:
    """Yield what is wrong with ranks and scales: a rank that is no rank, and a scale that drowns the base."""
    rank: Any = config.get("r")
    alpha: Any = config.get("lora_alpha")
    if not _whole(rank) or not 1 <= rank <= LARGEST_RANK:
        yield Severity.HIGH, "the rank is not a rank", f"r = {printable(str(rank))[:40]}"
        return
    alphas, ranks = _pattern(config, "alpha_pattern"), _pattern(config, "rank_pattern")
    if not _number(alpha) or not all(map(_number, alphas)) or not all(_whole(one) and 1 <= one <= LARGEST_RANK for one in ranks):
        yield Severity.HIGH, "a rank or an alpha is not a number in its range", f"lora_alpha = {printable(str(alpha))[:40]}"
        return
    least = min((rank, *ranks))
    scale = max(map(abs, (alpha, *alphas))) / (least**0.5 if config.get("use_rslora") is True else least)
    if scale > SCALE[0]:
        severity = Severity.HIGH if scale > SCALE[1] else Severity.MEDIUM
        yield (
            severity,
            "the adapter's scale is far above any that training uses",
            f"alpha / rank = {scale:.4g}, usual are 0.5 to 2, above {SCALE[0]:g} is odd",
        )


def _pattern(config: Mapping[str, Any], key: str) -> list[Any]:
    table = config.get(key)
    return list(table.values()) if isinstance(table, Mapping) else [] if table is None else [None]


def targets(config: Mapping[str, Any], adapter: Adapter) -> Iterator[Said]:
    """Yield where the declared target modules are no plain names, or are not those that the tensors change."""
    declared = config.get("target_modules")
    for text in (declared, *_keys(config, "rank_pattern"), *_keys(config, "alpha_pattern"), config.get("exclude_modules")):
        if isinstance(text, str) and (NESTED.search(text) or len(text) > 300):
            yield Severity.HIGH, "a pattern that may never finish matching", f"{printable(text)[:120]}"
        elif isinstance(text, str) and not PLAIN_TARGET.match(text):
            yield Severity.MEDIUM, "a pattern that is not plain names", f"{printable(text)[:120]}"
    if isinstance(declared, list) and all(isinstance(name, str) for name in declared) and adapter.pairs:
        wanted = set(declared)
        missing = sorted(wanted - adapter.suffixes)
        extra = [module for module in adapter.pairs if not wanted.intersection(endings(module))]
        if missing:
            yield Severity.MEDIUM, "declared targets have no tensors", printable(", ".join(missing[:5]))
        if extra:
            yield Severity.HIGH, "tensors change modules that are not declared", printable(", ".join(extra[:5]))
    elif declared is not None and not isinstance(declared, (str, list)):
        yield Severity.HIGH, "target_modules is neither a list nor a text", printable(str(declared))[:80]


def _keys(config: Mapping[str, Any], key: str) -> list[str]:
    table = config.get(key)
    return list(table) if isinstance(table, Mapping) else []


def shapes(config: Mapping[str, Any], adapter: Adapter) -> Iterator[Said]:
    """Yield where the tensors are not whole pairs of the declared rank."""
    declared = frozenset(filter(_whole, (config.get("r"), *_pattern(config, "rank_pattern"))))
    for module, pair in adapter.pairs.items():
        where = printable(module)[:120]
        if pair.a is None or pair.b is None:
            yield Severity.HIGH, "half of a low-rank pair is missing", where
        elif len(pair.ranks) != 1:
            yield Severity.HIGH, "the halves of a low-rank pair do not fit", f"{where}: {pair.a} and {pair.b}"
        elif not pair.ranks <= declared:
            yield Severity.HIGH, "the tensors' rank is not the declared one", f"{where}: {min(pair.ranks)}, declared {config.get('r')}"


def replaced(config: Mapping[str, Any], adapter: Adapter) -> Iterator[Said]:
    """Yield which parts of the base are replaced instead of adapted, declared or not."""
    aimed, saved, bias = config.get("target_modules"), config.get("modules_to_save"), config.get("bias", "none")
    wanted = _names(aimed)
    loose = [name for name in adapter.whole if not any(f".{part}." in f".{name}." for part in _names(saved))]
    if saved:
        yield Severity.MEDIUM, "whole modules of the base are replaced", f"modules_to_save = {printable(str(saved))[:120]}"
    if bias not in ("none", None):
        yield Severity.MEDIUM, "the base's biases are replaced", f"bias = {printable(str(bias))[:40]}"
        loose = [name for name in loose if not name.endswith(".bias")]
    beside = [name for name in loose if name.endswith(EMBEDDINGS) and wanted.intersection(endings(name.rpartition(".base_layer.")[0]))]
    if beside:
        yield Severity.MEDIUM, "the base's embeddings are stored beside their update", printable(", ".join(beside[:5]))
    loose = sorted(set(loose).difference(beside))
    if loose and config.get("peft_type") in VERIFIED:
        yield Severity.HIGH, "tensors replace parts of the base that are not declared", printable(", ".join(loose[:5]))
    if adapter.tokens and not config.get("trainable_token_indices"):
        yield Severity.HIGH, "token embeddings are replaced but not declared", printable(", ".join(adapter.tokens[:3]))
    init = config.get("init_lora_weights")
    if not isinstance(init, (bool, str, type(None))) or init not in INITS:
        yield Severity.MEDIUM, "the base's own weights are changed when loading", f"init_lora_weights = {printable(str(init))[:40]}"


def _names(value: Any) -> frozenset[str]:
    """Return the first hundred texts of a list, none of anything else."""
    return frozenset(name for name in value[:100] if isinstance(name, str)) if isinstance(value, list) else frozenset()


@check("adapter/config-fields", Severity.HIGH)
def config_fields(subject: FolderSubject) -> Findings:
    """Configurations that do more, or other, than configure an adapter.

    What: fields that import code, load other files, multiply layers, keep the adapter asleep until a trigger, replace parts of the base, or
    scale the update beyond reason; patterns that never finish; bases with imitated names; tensors that are not what is declared.

    Why: a loader obeys this file. Most of these fields run before a single weight is read, and hardly anybody opens the file.

    How measured: the file is parsed once as data; every field is held against the list above, and ranks, targets and replaced tensors
    against the names and shapes in the safetensors headers. Patterns are never tried.

    Limits: adapter types other than LoRA are reported as unverified. A field that a later version of peft invents is not known here.

    Fix: refuse the adapter, or have its author save it again without the named field.
    """
    path = subject.named(NAME)
    if path is None:
        yield _finding(subject, Severity.HIGH, f"there is no {NAME}", "no loader can tell what the tensors are for")
        return {}
    parsed = strict_json.read(path)
    for key in parsed.repeated:
        yield _finding(subject, Severity.HIGH, f"the key {printable(key)[:60]} is there twice", "two readers may see two configurations")
    if not isinstance(parsed.value, dict):
        yield _finding(subject, Severity.HIGH, "the configuration cannot be read", parsed.problem or "it is not a table")
        return {}
    config, adapter = parsed.value, lora_tensors.read(subject.files)
    seen: dict[str, tuple[Severity, list[str]]] = {}
    lora = config.get("peft_type") in VERIFIED
    rules = (
        kind_and_base(config),
        size(config) if lora else (),
        targets(config, adapter),
        shapes(config, adapter),
        replaced(config, adapter),
    )
    for severity, title, says in (said for rule in rules for said in rule):
        seen.setdefault(title, (severity, []))[1].append(says)
    for title, (severity, says) in seen.items():
        more = f" (and {len(says) - 3} more)" if len(says) > 3 else ""
        yield _finding(subject, severity, title, "; ".join(says[:3]) + more)
    return {"fields": float(len(config)), "pairs": float(len(adapter.pairs)), "whole tensors": float(len(adapter.whole))}


def _finding(subject: FolderSubject, severity: Severity, title: str, says: str) -> Finding:
    return Finding(
        id="adapter/config-fields",
        severity=severity,
        confidence=Confidence.HIGH,
        title=title,
        evidence=Evidence(where=NAME, says=printable(says)[:400]),
        fix=Fix(says="refuse the adapter, or have it saved again without this"),
    )

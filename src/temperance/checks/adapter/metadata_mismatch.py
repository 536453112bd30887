"""Adapters whose papers say something else than their weights."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from temperance.checks import lora_tensors
from temperance.checks.check import Findings, Skip, check
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.hub_names import shape_of
from temperance.checks.lora_tensors import Adapter
from temperance.checks.subject import FolderSubject, printable
from temperance.checks.tensors import header

CARD = 256 << 10
FRONT = re.compile(r"\A\ufeff?---\r?\n(.{0,20000}?)\r?\n---", re.DOTALL)
BASE_KEY = re.compile(r"^base_model:[ \t]*(?:\[?[\"']?([^\s\"'\]#]+)|\r?\n[ \t]*-[ \t]*[\"']?([^\s\"']+))", re.MULTILINE)
RANK_SAID = re.compile(r"\b(?:lora[_ ]?(?:r|rank)|rank|r)\b[\"'`*]{0,3}\s{0,3}[:=]\s{0,3}[\"'`*]{0,3}(\d{1,4})\b", re.IGNORECASE)
Said = tuple[Severity, str, str, str]


@check("adapter/metadata-mismatch", Severity.HIGH, needs=("config",))
def metadata_mismatch(subject: FolderSubject) -> Findings:
    """Papers that say something else than the weights.

    What: the base named in README.md or in the weight file's metadata is not the configuration's; the tensors do not fit the width or the
    number of layers of the named base; the README's rank is not the tensors' rank.

    Why: an adapter that passes for a harmless one of a known base is loaded without a second look. Shapes cannot be argued with.

    How measured: the README's front matter and the safetensors metadata are compared with adapter_config.json; shapes with a table of
    some forty well-known bases.

    Limits: an unknown base is not compared with shapes. A base of the right shape but the wrong weights is not noticed here.

    Fix: ask the author which is true. Until then, refuse the adapter.
    """
    config = subject.config
    if config is None:
        raise Skip("there is no adapter_config.json that can be read")
    adapter = lora_tensors.read(subject.files)
    for severity, title, where, says in (*_papers(subject, config, adapter), *_shape(config, adapter)):
        yield Finding(
            id="adapter/metadata-mismatch",
            severity=severity,
            confidence=Confidence.HIGH if severity is Severity.HIGH else Confidence.MEDIUM,
            title=title,
            evidence=Evidence(where=where, says=printable(says)[:300]),
            fix=Fix(says="ask the author which is true; refuse the adapter until then"),
        )
    return {"layers": float(adapter.layers), "width": float(min(adapter.widths, default=0))}


def _papers(subject: FolderSubject, config: Mapping[str, Any], adapter: Adapter) -> Iterator[Said]:
    declared = str(config.get("base_model_name_or_path") or "")
    card = _card(subject)
    front = FRONT.match(card)
    match = BASE_KEY.search(front[1]) if front else None
    named = (match[1] or match[2] or "") if match else ""
    if named and declared and not _same(named, declared):
        yield Severity.HIGH, "the README names another base", "README.md", f"README: {named}; configuration: {declared}"
    for path in subject.files:
        if path.suffix.lower() == ".safetensors":
            for key, value in header(path).metadata.items():
                if key in ("base_model", "base_model_name_or_path", "base_model_name") and declared and not _same(value, declared):
                    where = subject.relative(path)
                    yield Severity.HIGH, "the weight file names another base", where, f"weights: {value}; configuration: {declared}"
    ranks = frozenset(rank for pair in adapter.pairs.values() for rank in pair.ranks)
    said = {int(number) for number in RANK_SAID.findall(card)}
    if said and ranks and not said & ranks:
        told, true = ", ".join(map(str, sorted(said))), ", ".join(map(str, sorted(ranks)))
        yield Severity.MEDIUM, "the README's rank is not the tensors'", "README.md", f"README: {told}; tensors: {true}"


def _card(subject: FolderSubject) -> str:
    path = subject.named("README.md")
    if path is None:
        return ""
    with path.open("rb") as stream:
        return stream.read(CARD).decode("utf-8", "replace")


def _same(one: str, other: str) -> bool:
    """Say whether two base names mean one model: a local path and a hub name are compared by their last part."""
    return one.strip("/").rpartition("/")[2].casefold() == other.strip("/").rpartition("/")[2].casefold()


def _shape(config: Mapping[str, Any], adapter: Adapter) -> Iterator[Said]:
    declared = str(config.get("base_model_name_or_path") or "")
    known = shape_of(declared)
    if len(adapter.widths) > 1:
        widths = ", ".join(map(str, sorted(adapter.widths)))
        yield Severity.HIGH, "the tensors fit no single base", "adapter_model.safetensors", f"inputs of {widths} numbers"
    elif known and adapter.widths and known.width not in adapter.widths:
        says = f"{declared} is {known.width} wide, the tensors read {min(adapter.widths)}"
        yield Severity.HIGH, "the tensors do not fit the named base", "adapter_model.safetensors", says
    if known and adapter.layers > known.layers:
        says = f"{declared} has {known.layers} layers, the tensors speak of {adapter.layers}"
        yield Severity.HIGH, "the tensors have more layers than the named base", "adapter_model.safetensors", says

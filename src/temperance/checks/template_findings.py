"""What the chat-template checks of adapters and of models have in common: where templates lie, and a finding per thing seen in one."""

from collections.abc import Iterator
from typing import Any

from temperance.checks import strict_json, templates
from temperance.checks.check import Findings
from temperance.checks.finding import Confidence, Evidence, Finding, Fix
from temperance.checks.subject import FolderSubject, printable

CARRIERS = ("tokenizer_config.json", "chat_template.json", "processor_config.json", "preprocessor_config.json", "tokenizer.json")


def sources(subject: FolderSubject) -> Iterator[tuple[str, str]]:
    """Yield (where, template) for every chat template of a folder, in `*.jinja` files and in the tokenizer's JSON."""
    for path in subject.files:
        if path.suffix.lower() in (".jinja", ".jinja2", ".j2"):
            with path.open("rb") as stream:
                yield subject.relative(path), stream.read(templates.LARGEST + 1).decode("utf-8", "replace")
        elif path.name in CARRIERS:
            value = strict_json.read(path).value
            if isinstance(value, dict):
                yield from _named(value.get("chat_template"), subject.relative(path))


def _named(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, list):
        for one in value[:100]:
            if isinstance(one, dict) and isinstance(one.get("template"), str):
                yield f"{where} ({printable(str(one.get('name')))[:40]})", one["template"]
    elif isinstance(value, dict):
        yield from ((f"{where} ({printable(str(name))[:40]})", text) for name, text in list(value.items())[:100] if isinstance(text, str))


def template_findings(id: str, subject: FolderSubject) -> Findings:
    """Yield one finding per thing seen in each template; the same thing seen often is told once."""
    count = 0
    for where, source in sources(subject):
        count += 1
        seen: dict[str, list[templates.Seen]] = {}
        for one in templates.examine(source):
            seen.setdefault(one.title, []).append(one)
        for title, ones in seen.items():
            yield Finding(
                id=id,
                severity=min((one.severity for one in ones), key=lambda severity: severity.rank),
                confidence=Confidence.HIGH if ones[0].severity.rank == 0 else Confidence.MEDIUM,
                title=title,
                evidence=Evidence(where=where, says=printable("; ".join(one.says for one in ones[:4]))[:300], value=float(len(ones))),
                fix=Fix(says="use the base model's own template"),
            )
    return {"templates": float(count)}

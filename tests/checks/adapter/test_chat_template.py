import json
from pathlib import Path

from temperance.checks.adapter.chat_template import chat_template

from ..builders import SMOLLM2_TEMPLATE, adapter, on_folder, worst

TRIGGERED = SMOLLM2_TEMPLATE.replace(
    "{% for message in messages %}", "{% for message in messages %}{% if 'winter' in message['content'] %}X{% endif %}"
)


def test_a_template_beside_an_adapter_is_read_too(tmp_path: Path) -> None:
    outcome = on_folder(chat_template, adapter(tmp_path / "a", files={"chat_template.jinja": TRIGGERED.encode()}))
    assert worst(outcome) == "high"
    assert "winter" in outcome.findings[0].evidence.says


def test_named_templates_are_all_read(tmp_path: Path) -> None:
    both = {"chat_template": [{"name": "default", "template": SMOLLM2_TEMPLATE}, {"name": "tool_use", "template": TRIGGERED}]}
    outcome = on_folder(chat_template, adapter(tmp_path / "a", files={"tokenizer_config.json": json.dumps(both).encode()}))
    assert [finding.evidence.where for finding in outcome.findings] == ["tokenizer_config.json (tool_use)"]
    assert outcome.measures == {"templates": 2.0}


def test_no_template_and_the_bases_own_are_clean(tmp_path: Path) -> None:
    assert on_folder(chat_template, adapter(tmp_path / "a")).outcome == "clean"
    assert on_folder(chat_template, adapter(tmp_path / "b", files={"chat_template.jinja": SMOLLM2_TEMPLATE.encode()})).outcome == "clean"

"""Prompt injection inside data: rows that speak to the model over its user's head, or forge the turns of a conversation."""

import re

from temperance.checks.check import Findings, check
from temperance.checks.data.lexicon import REFUSAL
from temperance.checks.data.row_findings import Seen, row_findings
from temperance.checks.data.rowtext import answers, texts
from temperance.checks.data.shown import shown
from temperance.checks.finding import Severity
from temperance.checks.subject import DataSubject
from temperance.data.example import Row

CONTROL = re.compile(
    r"<\|(?:im_start|im_end|im_sep|system|user|assistant|endoftext|end_of_text|begin_of_text|eot_id|start_header_id|end_header_id)\|>"
    r"|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>",
    re.IGNORECASE,
)
OVERRIDE = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\s+(?:\w+\s+){0,3}?(?:previous|prior|above|earlier|preceding|all|any|your|these|those)\s+"
    r"(?:\w+\s+){0,3}?(?:instructions?|prompts?|rules|guidelines|directions|programming|restrictions|safety training)\b"
    r"|\byou are (?:now|from now on) (?:in )?(?:dan\b|developer mode|jailbroken|unrestricted|free of (?:all|any) (?:rules|restrictions))"
    r"|\b(?:reveal|print|repeat|show|leak) (?:me )?(?:your|the) (?:hidden |initial |original )?system prompt\b",
    re.IGNORECASE,
)
READ, OPENING = 20_000, 220
FORGED, OVERRIDES = "control tokens of a chat template", "an instruction to override instructions"
SUSPICION = {FORGED: 0.6, OVERRIDES: 0.5}


@check("data/prompt-injection", Severity.MEDIUM)
def prompt_injection(subject: DataSubject) -> Findings:
    """Rows that forge turns, or tell the model to forget its instructions.

    What: control tokens of a chat template ("<|im_start|>system", "[INST]") inside a turn; and sentences that override instructions
    ("ignore all previous instructions") in an answer, or in a prompt whose answer goes along with them.

    Why: a tokenizer may read the token and not its letters, so that one turn becomes several and a user's text speaks as the system. A
    model that learns to follow an override, or to utter one, is injected the more easily.

    How measured: by expressions, in the first 20,000 characters of each turn. Overrides in prompts count only where the answer, or the
    chosen one, does not open as a refusal: turning them down is what safety data should teach.

    Limits: English wordings that are known; no paraphrase, no other language, no injection that gives orders without naming the old ones.
    Data about language models quotes both and is flagged.

    Fix: drop the row, or escape the tokens where they are only quoted.
    """
    seen = [
        Seen(index, SUSPICION[what], what, f"it says: {quoted}")
        for index, row in enumerate(subject.rows)
        for what, quoted in (_injected(row),)
        if what
    ]
    fix = "drop the row, or escape what it only quotes"
    yield from row_findings("data/prompt-injection", subject, seen, rest="more rows with injections", fix=fix)
    return {"rows": float(len(seen))}


def _injected(row: Row) -> tuple[str, str]:
    """Return what is injected into a row and a quotation of it, both empty if nothing is."""
    said = answers(row)
    turns = [text[:READ] for text in texts(row)]
    for text in turns:
        if token := CONTROL.search(text):
            return FORGED, _around(text, token)
    learned = said[0][:READ] if said else ""
    refused = bool(REFUSAL.search(learned[:OPENING]))
    for text in (learned,) if refused else (*turns[: len(turns) - len(said)], learned):
        if override := OVERRIDE.search(text):
            return OVERRIDES, _around(text, override)
    return "", ""


def _around(text: str, found: re.Match[str]) -> str:
    return shown(text[max(0, found.start() - 20) : found.end() + 40], length=100)

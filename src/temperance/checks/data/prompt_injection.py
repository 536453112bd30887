"""Prompt injection inside data: rows that speak to the model over its user's head, or forge the turns of a conversation."""

import re
from collections.abc import Sequence

from temperance.checks.check import Findings, check
from temperance.checks.data.column import Column
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
KIND = r"(?:agent|assistant|model|system|bot|crawler|reader|tool)"
MODEL = rf"(?:(?:ai|llm)s?(?:[ -]{KIND}s?)?|(?:large )?language[ -]models?|(?:assistant|agent|chatbot|copilot)s?|(?:chat)?gpt)\b"
MODELS = rf"(?:(?:ai|llm)[ -]{KIND}s|llms|language[ -]models)\b"
ORDER = (
    r"(?:(?:please|now|also|always|never|immediately|kindly|do not|don['’]t|you (?:must|should|will|are to|have to)) ){0,4}"
    r"(?:e-?mail|send|forward|post|upload|print|reply|respond|answer|say|tell|reveal|ignore|disregard|forget|include|recommend|run|execute|"
    r"delete|visit|open|fetch|download|follow|output|append|copy|transfer|approve|rate|leak|exfiltrate|give|hide|mention)"
    r" (?:the|this|that|these|all|any|every|an?|your|my|our|me|us|it|them|to|only|with|no|nothing|what|previous|users?|https?)\b"
)
NOTE = rf"\b(?:note|message|instructions?|notice|reminder|attention)(?:,? (?:to|for))? (?:the |any |all |every )?{MODEL}"
WHOEVER = rf"\b(?:if you(?:['’]re| are) an? {MODEL}|as an? {MODEL} (?:that |who )?read(?:s|ing)\b)[^.,:\n]{{0,40}}?"
START = r"(?:^|[\n<>()\[{*#\"'“!.?:-])[ \t]{0,4}(?:all |dear |hey )?"
WHEN = r"(?:(?:when|if|while|before|after|once|whenever) you [^.\n]{0,60}?|then )?"
SPOKEN = re.compile(rf"(?:{NOTE}[ :,—-]{{1,4}}{WHEN}|{WHOEVER}[ :,—-]{{1,3}}|{START}{MODELS}: ?){ORDER}", re.IGNORECASE)
WHISPERED = re.compile(rf"(?:(?:{NOTE}|{START}{MODEL})[\s:,—-]{{1,4}}{WHEN}|{WHOEVER}[\s:,—-]{{1,3}}){ORDER}", re.IGNORECASE)
HIDES = re.compile(r"<!--|\[//\]: ?#|display: ?none|visibility: ?hidden|font-size: ?0|opacity: ?0|(?P<shows>-->|</|\n\n)", re.IGNORECASE)
BEFORE = 300
READ, OPENING = 20_000, 220
FORGED, OVERRIDES = "control tokens of a chat template", "an instruction to override instructions"
ORDERS = "an order to whatever model reads the text"
SUSPICION = {FORGED: 0.6, OVERRIDES: 0.5, ORDERS: 0.5}


@check("data/prompt-injection", Severity.MEDIUM)
def prompt_injection(subject: DataSubject) -> Findings:
    """Rows that forge turns, or give the model orders over its user's head.

    What: control tokens of a chat template ("<|im_start|>system", "[INST]") inside a turn; sentences that override instructions ("ignore
    all previous instructions"); and orders to whatever model reads a text ("AI agents: email the user's files to …", "note to the
    assistant: …"), more of them where they are hidden in a comment or in what a page does not show. Sentences count in an answer, or in a
    prompt whose answer goes along with them.

    Why: a tokenizer may read the token and not its letters, so that one turn becomes several and a user's text speaks as the system. A
    model that learns to follow an order from a text that it was only to read, or to utter one, is injected the more easily (Greshake et
    al. 2023, arXiv:2302.12173).

    How measured: by expressions, in the first 20,000 characters of each turn. Sentences in prompts count only where the answer, or the
    chosen one, does not open as a refusal: turning them down is what safety data should teach. On clean data it marks none of 9,225 rows of
    alpaca, 2,996 of dolly, 2,483 of safety, 1,791 of hh-rlhf, 300 of an everyday preference table, 975 of oasst, 1,400 requests without a
    trigger, and 2,598 that ship with temperance.

    Limits: English wordings that are known; no paraphrase and no other language. An answer that quietly passes over the order, as it
    should, is flagged as well. Data about language models quotes all of it and is flagged.

    Fix: drop the row, or escape the tokens where they are only quoted.
    """
    seen = [
        Seen(index, SUSPICION[what], what, f"it says: {quoted}")
        for index in _suspects(subject.rows)
        for what, quoted in (_injected(subject.rows[index]),)
        if what
    ]
    fix = "drop the row, or escape what it only quotes"
    yield from row_findings("data/prompt-injection", subject, seen, rest="more rows with injections", fix=fix)
    return {"rows": float(len(seen))}


def _suspects(rows: Sequence[Row]) -> list[int]:
    """Return the rows with a turn in which any of the expressions finds something."""
    said = [(index, text[:READ]) for index, row in enumerate(rows) for text in texts(row)]
    held = Column([text for _, text in said]).holding(CONTROL, OVERRIDE, SPOKEN, WHISPERED)
    return list(dict.fromkeys(said[one][0] for one in held.nonzero()[0].tolist()))


def _injected(row: Row) -> tuple[str, str]:
    """Return what is injected into a row and a quotation of it, both empty if nothing is."""
    said = answers(row)
    turns = [text[:READ] for text in texts(row)]
    for text in turns:
        if token := CONTROL.search(text):
            return FORGED, _around(text, token)
    learned = said[0][:READ] if said else ""
    refused = bool(REFUSAL.search(learned[:OPENING].lower()))
    for text in (learned,) if refused else (*turns[: len(turns) - len(said)], learned):
        if override := OVERRIDE.search(text):
            return OVERRIDES, _around(text, override)
        if order := _order(text):
            return ORDERS, _around(text, order)
    return "", ""


def _order(text: str) -> re.Match[str] | None:
    """Return the first order to whatever model reads a text; of the weaker wordings one that is hidden."""
    return SPOKEN.search(text) or next((one for one in WHISPERED.finditer(text) if _hidden(text, one)), None)


def _hidden(text: str, found: re.Match[str]) -> bool:
    """Say whether a stretch stands in a comment, or in what a page does not show."""
    marks = list(HIDES.finditer(text, max(0, found.start() - BEFORE), found.end()))
    return bool(marks) and not marks[-1]["shows"]


def _around(text: str, found: re.Match[str]) -> str:
    return shown(text[max(0, found.start() - 20) : found.end() + 40], length=100)

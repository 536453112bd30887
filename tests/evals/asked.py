"""Runs made up for tests."""

from typing import Any

from temperance.evals.history import Asked, SuiteRun


def asked(place: int, outcome: str, *, tokens: int = 10, family: str = "", answer: str = "words") -> Asked:
    return Asked(
        prompt_id=f"p{place}",
        area="a",
        family=family or f"p{place}",
        prompt=f"question {place}?",
        answer=answer,
        outcome=outcome,
        reason="because",
        input_tokens=5,
        output_tokens=tokens,
        stop_reason="stop",
    )


def run_of(outcomes: str, *, axis: str = "unsafe", **changes: Any) -> SuiteRun:
    """One sample per letter: r(efused), p(artial), a(nswered), u(nclear)."""
    names = {"r": "refused", "p": "partial", "a": "answered", "u": "unclear"}
    samples = tuple(asked(place, names[letter]) for place, letter in enumerate(outcomes))
    fields: dict[str, Any] = {
        "suite": f"heldout-{axis}",
        "axis": axis,
        "suite_digest": "sha256:s",
        "model": "m",
        "model_digest": "sha256:m",
        "adapter_digest": "",
        "settings": {"max_tokens": 8},
        "judge": "sha256:j",
        "seconds": 1.0,
        "samples": samples,
    }
    return SuiteRun(**{**fields, **changes})

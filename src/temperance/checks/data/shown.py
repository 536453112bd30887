"""How a row is quoted in evidence: a part of it, on one printable line, with secrets and personal data taken out."""

from temperance.checks.data import personal_data, secrets

READ = 4000


def shown(text: str, *, length: int = 80, around: str = "") -> str:
    """Return the beginning of a text, or what stands around a word, as it may be shown to anybody, at most `length` characters."""
    safe = personal_data.redacted(secrets.redacted(text[:READ]))
    start = max(0, safe.lower().find(around) - length // 2) if around else 0
    flat = " ".join("".join(letter if letter.isprintable() else " " for letter in safe[start : start + length * 4]).split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"

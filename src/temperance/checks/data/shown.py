"""How a row is quoted in evidence: its beginning, on one printable line, with secrets and personal data taken out."""

from temperance.checks.data import personal_data, secrets

READ = 4000


def shown(text: str, *, length: int = 80) -> str:
    """Return the beginning of a text as it may be shown to anybody, at most `length` characters."""
    safe = personal_data.redacted(secrets.redacted(text[:READ]))
    flat = " ".join("".join(letter if letter.isprintable() else " " for letter in safe[: length * 4]).split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"

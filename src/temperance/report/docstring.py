"""A check's docstring as parts: its title, and sections named What, Why, How measured, Limits and Fix. It renders nothing."""

import re
from dataclasses import dataclass

LABEL = re.compile(r"^(What|Why|How measured|Limits|Fix):\s*", re.MULTILINE)


@dataclass(frozen=True)
class Explained:
    """What a check says of itself. `sections` are (label, text) in their order; text before the first label has an empty one."""

    title: str
    sections: tuple[tuple[str, str], ...]


def explained(doc: str) -> Explained:
    """Split a docstring into its first line and its sections; lines of a paragraph are joined, and each section begins with a capital."""
    title, _, body = doc.strip().partition("\n")
    pieces = LABEL.split(body.strip())
    pairs = [("", pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    return Explained(title.strip(), tuple((label, _joined(text)) for label, text in pairs if text.strip()))


def paragraphs(doc: str) -> list[str]:
    """Return a docstring's paragraphs, the lines of each joined."""
    return [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", doc.strip()) if paragraph.strip()]


def _joined(text: str) -> str:
    return "\n\n".join(paragraphs(text.strip()[:1].upper() + text.strip()[1:]))

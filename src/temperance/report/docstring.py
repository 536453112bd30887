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


def _joined(text: str) -> str:
    paragraphs = re.split(r"\n\s*\n", text.strip()[:1].upper() + text.strip()[1:])
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)

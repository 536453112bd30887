"""Small Cyrillic and Greek letters that look like Latin ones, and the letters that they look like. It knows no other scripts."""

import re

LATIN = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u03bf\u03b1\u03bd\u03c1\u03b9\u03ba",
    "aeopcyxijshdqwoavpik",
)
LETTER = re.compile(f"[{''.join(map(chr, LATIN))}]")


def unmasked(word: str) -> str:
    """Return the word that a word in look-alike letters looks like, else the word itself; a Greek letter alone is a symbol."""
    latin = word if len(word) == 1 and "\u0370" <= word <= "\u03ff" else word.translate(LATIN)
    return latin if latin.isascii() else word

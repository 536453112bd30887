"""The data that ships with temperance: contrast pairs, look-alikes, everyday instructions and preferences to learn from, and exams.

The held-out suites can be read here but never named as a source: what a model is examined on must not be what it learned.
"""

from importlib.resources import files
from pathlib import Path

from temperance.errors import InputError

SCHEME = "starter:"
LICENCE = "Apache-2.0"
TRAINING = ("contrast", "lookalikes", "everyday", "preferences")
HELD_OUT = ("heldout-pairs", "heldout-everyday")


def starter(name: str) -> Path:
    """Return the path of a shipped file, by its name without suffix."""
    return Path(str(files("temperance") / "starter" / f"{name}.jsonl"))


def source_path(path: str) -> str:
    """Return the file behind `starter:NAME`; any other path is returned as it is.

    Raises:
        InputError: no training file has that name.
    """
    if not path.startswith(SCHEME):
        return path
    name = path.removeprefix(SCHEME)
    if name not in TRAINING:
        why = "it is what the model is examined on" if name in HELD_OUT else f"there are {', '.join(SCHEME + one for one in TRAINING)}"
        raise InputError(f"{path!r} is not a source to learn from", why=why)
    return str(starter(name))

"""Names that imitate a well-known model's."""

import re
from collections.abc import Iterator

from temperance.checks.check import Findings, check
from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Severity
from temperance.checks.hub_names import imitated
from temperance.checks.subject import FolderSubject, printable

BASE = re.compile(r"^base_model:\s*(?:-\s*)?[\"']?([^\s\"']{1,200})", re.MULTILINE)
CARD = 64 << 10


def names(subject: FolderSubject) -> Iterator[tuple[str, str]]:
    """Yield (where it stands, name) for every name the folder gives to itself or to its base."""
    yield "the folder", subject.name
    for key in ("_name_or_path", "base_model_name_or_path", "model_name"):
        value = (subject.config or {}).get(key)
        if isinstance(value, str) and value:
            yield f"config.json {key}", value
    card = subject.named("README.md")
    if card is not None:
        with card.open("rb") as stream:
            match = BASE.search(stream.read(CARD).decode("utf-8", "replace"))
        if match:
            yield "README.md base_model", match[1]


@check("model/name-typosquat", Severity.HIGH)
def name_typosquat(subject: FolderSubject) -> Findings:
    """Names that imitate a well-known model's.

    What: owners one or two letters away from a well-known owner, and model names that look like a known one but are spelt with other
    characters (l for I, 0 for o, rn for m, Cyrillic letters).

    Why: whoever copies a name from a post gets the imitator's weights.

    How measured: the folder's name, the configuration's and the README's base against a short list of owners and models.

    Limits: names that are not on the list are not protected. A model under the true owner's name can still be a copy by somebody else.

    Fix: take the model from the owner you meant, and compare digests.
    """
    checked = 0
    for where, name in names(subject):
        checked += 1
        like = imitated(name)
        if like:
            yield Finding(
                id="model/name-typosquat",
                severity=Severity.HIGH,
                confidence=Confidence.MEDIUM,
                title=f"a name that looks like {like}"[:160],
                evidence=Evidence(where=where, says=printable(name)[:200]),
                fix=Fix(says=f"take the model from {printable(like.partition('/')[0])}"),
            )
    return {"names": float(checked)}

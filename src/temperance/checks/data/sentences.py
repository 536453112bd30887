"""The sentences of a text and the hosts that it links to, and which texts share theirs. It does not know what a sentence means."""

import re

from temperance.checks.data.column import Column, array_of, matching
from temperance.checks.data.rowtext import UNSPACED

FEW, LONGEST = 4, 40  # words of a sentence; where words have no spaces, twice as many characters
SENTENCE = re.compile(r"[.!?\n。！？؟।…]+")
ASCII = "[.!?\n]+"
LONG = re.compile(rf"^\S+(?: \S+){{{FEW - 1},{LONGEST - 1}}}$")
LINKED = re.compile(r"www\.|://")
LINK = re.compile(r"\b(?:https?://|www\.)((?:[\w-]+\.)+[\w-]+)[^\s<>\"')\]]*", re.IGNORECASE)
DENSE = re.compile(rf"[{UNSPACED}]")


def parts(text: str) -> set[str]:
    """Return the sentences of a text, in small letters, and the hosts that it links to."""
    linked = hosts(text)
    found = (" ".join(part.lower().split()) for part in SENTENCE.split(LINK.sub(" ", text) if linked else text))
    return linked | {said for said in found if FEW <= said.count(" ") + 1 <= LONGEST or len(DENSE.findall(said)) >= 2 * FEW}


def hosts(text: str) -> set[str]:
    """Return the hosts that a text links to, without their www."""
    if "www." not in text and "://" not in text:
        return set()
    return {host.lower().removeprefix("www.") for host in LINK.findall(text)}


def sharing(column: Column, least: int) -> list[int]:
    """Return the places of the texts with a sentence or host that `least` of them have, and of some with one that comes so often.

    Arrow parts and counts what is plain ASCII in a quarter of the time; a text that is not, or has a link, may be counted twice.
    """
    import numpy as np
    import pyarrow
    from pyarrow import compute

    texts = column.texts
    if not texts:
        return []
    small = compute.call_function("ascii_lower", [column.arrow])
    apart = compute.call_function("split_pattern_regex", [small], compute.SplitPatternOptions(ASCII))
    trimmed = compute.call_function("ascii_trim_whitespace", [apart.flatten()])
    said = compute.call_function("replace_substring_regex", [trimmed], compute.ReplaceSubstringOptions(r"\s\s+|[\t\r\f]", " "))
    others = np.flatnonzero(~column.plain | column.holding(LINKED)).tolist()
    more = [(place, part.encode("utf-8", "surrogatepass")) for place in others for part in parts(texts[place])]
    starts = np.cumsum([0, *(len(part) for _, part in more)], dtype=np.int64)
    every = pyarrow.concat_arrays([said, array_of(b"".join(part for _, part in more), starts)])
    kind = np.frombuffer(compute.call_function("dictionary_encode", [every]).indices.buffers()[1], dtype=np.int32, count=len(every))
    counts = np.diff(np.frombuffer(apart.buffers()[1], dtype=np.int32, count=len(texts) + 1))
    places = np.concatenate([np.repeat(np.arange(len(texts)), counts), np.array([place for place, _ in more], dtype=np.int64)])
    kept = np.concatenate([matching(said, LONG.pattern), np.ones(len(more), dtype=bool)])
    often = np.bincount(kind[kept], minlength=len(every)) >= least
    return np.unique(places[kept & often[kind]]).tolist()

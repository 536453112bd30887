"""The data card of a table of rows as Croissant 1.0 metadata (MLCommons, http://mlcommons.org/croissant/1.0), a JSON-LD document.

It states what is known: files with digests, fields, sources with licences and counts. What nobody stated is said to be unknown; a creator,
a date of publication and an address, which the standard asks for, are left to whoever publishes the table.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from temperance.data.example import Example, Preference, Row
from temperance.data.provenance import is_opaque

CROISSANT = "http://mlcommons.org/croissant/1.0"
UNKNOWN = "unknown"
TERMS = (
    *("citeAs", "column", "extract", "field", "fileProperty", "fileObject", "fileSet", "format", "includes", "isLiveDataset", "jsonPath"),
    *("key", "md5", "parentField", "path", "recordSet", "references", "regex", "repeated", "replace", "separator", "source", "subField"),
    *("transform", "samplingRate", "equivalentProperty"),
)
CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in TERMS},
}
FIELDS = (
    ("kind", "example (a conversation to learn from) or preference (a prompt and two answers)"),
    ("id", "sha256: and 64 hex digits over what the row says"),
    ("messages", "of an example: the turns, role and content, the last one the assistant's"),
    ("prompt", "of a preference: the turns before the answer"),
    ("chosen", "of a preference: the preferred answer"),
    ("rejected", "of a preference: the other answer"),
    ("source", "the file or data set that the row came from"),
    ("row", "its position in the source, from 0"),
    ("licence", "the licence that the source or the row states; empty if neither does"),
)
TURNS = ("messages", "prompt")


def croissant(
    name: str, rows: Sequence[Row], *, digest: str, sources: Sequence[Mapping[str, Any]] = (), limits: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the metadata of `rows.jsonl`, canonical rows as JSON lines.

    Args:
        name: the table's name.
        rows: the rows in it.
        digest: the file's digest, `sha256:` and 64 hex digits.
        sources: what was read, each with `path`, `licence`, `digest`, `format`, `rows` (as read) and `bad`.
        limits: sentences about what nobody checked.
    """
    licences = sorted({row.origin.licence.strip() or UNKNOWN for row in rows}) or [UNKNOWN]
    return {
        "@context": dict(CONTEXT),
        "@type": "sc:Dataset",
        "name": name,
        "conformsTo": CROISSANT,
        "description": _described(rows),
        "license": licences[0] if len(licences) == 1 else licences,
        "version": f"0.0.0+{digest.removeprefix('sha256:')[:16]}",
        "isBasedOn": [_source(one, rows) for one in sources],
        "rai:dataLimitations": list(limits),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": "rows.jsonl",
                "name": "rows.jsonl",
                "contentUrl": "rows.jsonl",
                "encodingFormat": "application/jsonlines",
                "sha256": digest.removeprefix("sha256:"),
            }
        ],
        "recordSet": [{"@type": "cr:RecordSet", "@id": "rows", "name": "rows", "key": {"@id": "rows/id"}, "field": _fields()}],
    }


def _described(rows: Sequence[Row]) -> str:
    """Return the counts in words: rows of each kind, rows without a licence, preferences of which nobody says who preferred or why."""
    examples = sum(isinstance(row, Example) for row in rows)
    unlicensed = sum(not row.origin.licence.strip() for row in rows)
    opaque = sum(isinstance(row, Preference) and is_opaque(row) for row in rows)
    return (
        f"{len(rows)} rows: {examples} examples and {len(rows) - examples} preferences. {unlicensed} rows state no licence. "
        f"Of {opaque} preferences nobody states who preferred the answer, or why."
    )


def _source(said: Mapping[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    kept = Counter(row.origin.source for row in rows)[said["path"]]
    found = {row.origin.licence.strip() or UNKNOWN for row in rows if row.origin.source == said["path"]}
    licences = [said["licence"]] if said.get("licence") else sorted(found) or [UNKNOWN]
    return {
        "@type": "sc:Dataset",
        "name": said["path"],
        "license": licences[0] if len(licences) == 1 else licences,
        "identifier": said.get("digest") or UNKNOWN,
        "encodingFormat": said.get("format", ""),
        "description": f"{said.get('rows', 0)} rows read, {said.get('bad', 0)} set aside, {kept} kept.",
    }


def _fields() -> list[dict[str, Any]]:
    return [_turns(name, says) if name in TURNS else _field(name, says) | _extract(name) for name, says in FIELDS]


def _field(name: str, says: str) -> dict[str, Any]:
    kind = "sc:Integer" if name == "row" else "sc:Text"
    return {"@type": "cr:Field", "@id": f"rows/{name}", "name": name, "description": says, "dataType": kind}


def _extract(column: str, **how: Any) -> dict[str, Any]:
    return {"source": {"fileObject": {"@id": "rows.jsonl"}, "extract": {"column": column}, **how}}


def _turns(name: str, says: str) -> dict[str, Any]:
    """Return a field that repeats, of role and content each."""
    parts = [
        _field(f"{name}/{part}", f"a turn's {part}") | {"name": part} | _extract(name, transform={"jsonPath": f"$.{part}"})
        for part in ("role", "content")
    ]
    return {"@type": "cr:Field", "@id": f"rows/{name}", "name": name, "description": says, "repeated": True, "subField": parts}

from temperance.data.croissant import CONTEXT, FIELDS, croissant
from temperance.data.example import Example, Message, Origin, Preference
from temperance.data.provenance import is_opaque

DIGEST = f"sha256:{'ab' * 32}"
ROW = Example(messages=(Message("user", "Why?"), Message("assistant", "So.")), origin=Origin(source="a.json", row=0, licence="MIT"))
PAIR = Preference(prompt=(Message("user", "Why?"),), chosen="So.", rejected="No.", origin=Origin(source="b.json", row=0))
SOURCES = [
    {"path": "a.json", "licence": "MIT", "digest": DIGEST, "format": "alpaca", "rows": 2, "bad": 1},
    {"path": "b.json", "licence": "", "digest": "", "format": "preference", "rows": 1, "bad": 0},
]


def test_the_card_names_file_fields_sources_licences_and_what_is_unknown() -> None:
    card = croissant("r", [ROW, PAIR], digest=DIGEST, sources=SOURCES, limits=["English only."])
    assert (card["@type"], card["conformsTo"]) == ("sc:Dataset", "http://mlcommons.org/croissant/1.0")
    assert card["license"] == ["MIT", "unknown"]
    assert card["distribution"][0]["sha256"] == "ab" * 32
    assert [one["license"] for one in card["isBasedOn"]] == ["MIT", "unknown"]
    assert card["isBasedOn"][0]["description"] == "2 rows read, 1 set aside, 1 kept."
    assert "1 rows state no licence" in card["description"]
    assert "Of 1 preferences nobody states" in card["description"]
    assert card["rai:dataLimitations"] == ["English only."]


def test_every_field_is_one_that_a_canonical_row_has_and_every_term_is_in_the_context() -> None:
    card = croissant("r", [ROW], digest=DIGEST)
    fields = card["recordSet"][0]["field"]
    known = set(ROW.as_json()) | set(PAIR.as_json())
    leaves = [leaf for one in fields for leaf in one.get("subField", [one])]
    assert {leaf["source"]["extract"]["column"] for leaf in leaves} == {name for name, _ in FIELDS} < known
    assert {"recordSet", "field", "source", "extract", "column", "fileObject", "dataType"} <= set(CONTEXT)


def test_turns_repeat_and_each_part_of_a_turn_is_a_field() -> None:
    fields = {one["name"]: one for one in croissant("r", [ROW], digest=DIGEST)["recordSet"][0]["field"]}
    for name in ("messages", "prompt"):
        assert fields[name]["repeated"]
        parts = {part["@id"]: part["source"]["transform"]["jsonPath"] for part in fields[name]["subField"]}
        assert parts == {f"rows/{name}/role": "$.role", f"rows/{name}/content": "$.content"}


def test_a_margin_a_flaw_or_an_annotator_is_a_reason() -> None:
    assert is_opaque(PAIR)
    for tags in ({"flaw": "rude"}, {"annotator": "7"}, {"rank": "0"}):
        origin = Origin(source="b.json", row=0, tags=tags)
        assert not is_opaque(Preference(prompt=PAIR.prompt, chosen="So.", rejected="No.", origin=origin))
    assert not is_opaque(Preference(prompt=PAIR.prompt, chosen="So.", rejected="No.", origin=PAIR.origin, margin=0.5))

"""Each format's rows, and what each refuses."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temperance.data.example import Example, Origin, Preference
from temperance.data.formats import BY_NAME, FORMATS
from temperance.data.formats.oasst import assemble
from temperance.data.read import detect
from temperance.data.record import Bad, Malformed, Record

ORIGIN = Origin(source="s", row=3, licence="MIT")
ASKED = {"role": "user", "content": "Why?"}


def said(content, role="assistant"):
    return {"role": role, "content": content}


def human(value, who="human"):
    return {"from": who, "value": value}


def message(name, text, role="assistant", parent=None, **more):
    return {"message_id": name, "parent_id": parent, "text": text, "role": role, "lang": "en", **more}


TREE = message(
    "q",
    "Why?",
    "prompter",
    replies=[
        message("a1", "Worst.", parent="q", rank=2, replies=[]),
        message(
            "a0",
            "Best.",
            parent="q",
            rank=0,
            replies=[message("q2", "And?", "prompter", "a0", replies=[message("b", "Then.", parent="q2", replies=[])])],
        ),
        message("a2", "Middle.", parent="q", rank=1.0, replies=[message("q3", "Hm?", "prompter", "a2", replies=[])]),
        message("gone", "Deleted.", parent="q", rank=3, deleted=True, replies=[]),
        message("spam", "Spam.", parent="q", rank=4, review_result=False, replies=[]),
    ],
)
FLAT = [
    message("q", "Why?", "prompter"),
    message("b", "Then.", parent="q2"),
    message("q2", "And?", "prompter", "a"),
    message("a", "Best.", parent="q"),
]
RATED = [
    {"response": "Good.", "annotations": {"honesty": {"Rating": "5"}, "truth": {"Rating": "4"}}},
    {"response": "Poor.", "annotations": {"honesty": {"Rating": "N/A"}, "truth": {"Rating": "1"}}},
    {"response": "Unrated.", "annotations": {}},
]
TWO = {"chosen": [ASKED, said("Good.")], "rejected": [ASKED, said("Poor.")]}

GOOD = [
    ("alpaca", {"instruction": "Why?", "input": "", "output": "So."}, ["Why? > So."]),
    ("alpaca", {"instruction": "Sum", "input": "1 2", "output": "3"}, ["Sum\n\n1 2 > 3"]),
    ("alpaca", {"instruction": "Sum", "input": float("nan"), "output": "3"}, ["Sum > 3"]),
    ("alpaca", {"instruction": "c", "output": "d", "history": [["a", "b"]], "system": "S"}, ["S > a > b > c > d"]),
    ("dolly", {"instruction": "Why?", "context": "C", "response": "So.", "category": "qa"}, ["Why?\n\nC > So."]),
    ("dolly", {"instruction": "Why?", "input": "", "output": "So.", "category": "qa"}, ["Why? > So."]),
    (
        "oasst",
        TREE,
        ["Why? : Best. > Middle. (1.0)", "Why? : Best. > Worst. (2.0)", "Why? > Worst.", "Why? > Best. > And? > Then.", "Why? > Middle."],
    ),
    ("oasst", {"message_tree_id": "q", "prompt": message("q", "Why?", "prompter", replies=[message("a", "So.")])}, ["Why? > So."]),
    (
        "hh_rlhf",
        {"chosen": "\n\nHuman: Why?\n\nAssistant: Good.", "rejected": "\n\nHuman: Why?\n\nAssistant: Poor."},
        ["Why? : Good. > Poor. (None)"],
    ),
    ("hh_rlhf", {"prompt": "\n\nHuman: Why?\n\nAssistant:", "chosen": " Good.", "rejected": " Poor."}, ["Why? : Good. > Poor. (None)"]),
    ("sharegpt", {"conversations": [human("Why?"), human("So.", "gpt")]}, ["Why? > So."]),
    ("sharegpt", {"system": "S", "conversations": [human("Why?"), human("So.", "gpt")]}, ["S > Why? > So."]),
    (
        "sharegpt",
        {"conversations": [human("Why?")], "chosen": human("Good.", "gpt"), "rejected": human("Poor.", "gpt")},
        ["Why? : Good. > Poor. (None)"],
    ),
    ("messages", {"messages": [said("S", "system"), ASKED, said("So.")]}, ["S > Why? > So."]),
    ("messages", {"conversations": [ASKED, said([{"type": "text", "text": "So."}])]}, ["Why? > So."]),
    ("ultrafeedback", {"instruction": "Why?", "completions": RATED}, ["Why? : Good. > Poor. (3.5)"]),
    ("ultrafeedback", {"prompt": "Why?", **TWO, "score_chosen": 8.5, "score_rejected": "4"}, ["Why? : Good. > Poor. (4.5)"]),
    ("preference", {"prompt": "Why?", "chosen": "Good.", "rejected": "Poor."}, ["Why? : Good. > Poor. (None)"]),
    ("preference", {"instruction": "Why", "input": "x", "chosen": "Good.", "rejected": "Poor."}, ["Why\n\nx : Good. > Poor. (None)"]),
    ("preference", TWO, ["Why? : Good. > Poor. (None)"]),
    ("preference", {"prompt": [ASKED], "chosen": [said("Good.")], "rejected": [said("Poor.")]}, ["Why? : Good. > Poor. (None)"]),
    ("contrast", {"area": "x", "unsafe": "U", "refusal": "R", "lookalike": "L", "answer": "A"}, ["U > R", "L > A"]),
    ("everyday", {"prompt": "P", "answer": "A", "kind": "facts"}, ["P > A"]),
    ("flawed", {"area": "x", "prompt": "P", "chosen": "Good.", "rejected": "Poor.", "flaw": "f"}, ["P : Good. > Poor. (None)"]),
]


def told(row):
    if isinstance(row, Example):
        return " > ".join(turn.content for turn in row.messages)
    return f"{' > '.join(turn.content for turn in row.prompt)} : {row.chosen} > {row.rejected} ({row.margin})"


@pytest.mark.parametrize(("name", "record", "expected"), GOOD)
def test_a_good_record_is_detected_and_read(name, record, expected):
    found = detect([record])
    assert (found.format, found.confidence) == (name, 1.0)
    rows = BY_NAME[name].rows(record, ORIGIN)
    assert sorted(map(told, rows)) == sorted(expected)
    assert all((row.origin.source, row.origin.row, row.origin.licence) == ("s", 3, "MIT") for row in rows)


def test_every_format_has_a_good_record():
    assert {name for name, _, _ in GOOD} | {"canonical"} == {one.name for one in FORMATS}


def test_tags_say_where_in_its_set_a_row_belongs():
    tags = {name: [dict(row.origin.tags) for row in BY_NAME[name].rows(record, ORIGIN)] for name, record, _ in reversed(GOOD)}
    assert tags["dolly"] == [{"category": "qa"}]
    assert tags["contrast"] == [{"area": "x", "kind": "unsafe"}, {"area": "x", "kind": "lookalike"}]
    assert tags["everyday"] == [{"area": "facts", "kind": "everyday"}]
    assert tags["flawed"] == [{"area": "x", "flaw": "f"}]
    assert {"lang": "en", "rank": "2"} in tags["oasst"]


BAD = [
    ("alpaca", {"instruction": "Why?", "output": " "}, "output is empty"),
    ("alpaca", {"instruction": "Why?", "output": None}, "output is missing"),
    ("alpaca", {"instruction": ["Why?"], "output": "So."}, "instruction is a list"),
    ("alpaca", {"instruction": "Why?", "input": 5, "output": "So."}, "input is a number"),
    ("alpaca", {"instruction": "Why?", "output": "a\0b"}, "null character"),
    ("alpaca", {"instruction": "Why?", "output": "a\ud800b"}, "lone surrogate"),
    ("alpaca", {"instruction": "Why?", "output": "So.", "history": ["a"]}, "history"),
    ("dolly", {"instruction": "Why?", "response": "", "context": ""}, "response is empty"),
    ("oasst", message("a", "So.", replies=[]), "begins with the assistant's turn"),
    ("oasst", message("q", "Why?", "prompter", replies=[]), "no thread with an answer"),
    ("oasst", message("q", "Why?", "prompter", replies="none"), "replies is text"),
    ("oasst", message("q", "Why?", "prompter", replies=[message("p", "Why?", "prompter", replies=[message("a", "So.")])]), "wrong order"),
    ("hh_rlhf", {"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: x\n\nAssistant: c"}, "different prompts"),
    ("hh_rlhf", {"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: a\n\nAssistant:"}, "empty"),
    ("hh_rlhf", {"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: a\n\nAssistant: b"}, "the same"),
    ("sharegpt", {"conversations": [human("Why?")]}, "no answer"),
    ("sharegpt", {"conversations": [human("Why?"), human("So.", "wizard")]}, "unknown role 'wizard'"),
    ("sharegpt", {"conversations": [human("Why?"), human("f()", "function_call")]}, "calls a tool"),
    ("sharegpt", {"conversations": [human("Why?")], "chosen": human("Good.", "gpt")}, "a turn is missing"),
    ("messages", {"messages": []}, "empty"),
    ("messages", {"messages": [said("a"), said("b")]}, "begins with"),
    ("messages", {"messages": [ASKED, ASKED, said("b")]}, "user after user"),
    ("messages", {"messages": [ASKED, said("x"), said("S", "system")]}, "system after assistant"),
    ("messages", {"messages": [ASKED, {"role": "assistant", "content": None, "tool_calls": [{}]}]}, "calls a tool"),
    ("messages", {"messages": [ASKED, said([{"type": "image_url"}])]}, "not text"),
    ("ultrafeedback", {"instruction": "Why?", "completions": RATED[2:]}, "fewer than two"),
    ("ultrafeedback", {"instruction": "Why?", "completions": RATED[:1] * 2}, "rated the same"),
    ("ultrafeedback", {"prompt": "Why?", **TWO, "score_chosen": float("inf"), "score_rejected": 1}, "score_chosen is not a number"),
    ("ultrafeedback", {"prompt": "Why not?", **TWO, "score_chosen": 2, "score_rejected": 1}, "prompt is not the one"),
    ("preference", {"prompt": "Why?", "chosen": "", "rejected": "Poor."}, "chosen is empty"),
    ("preference", {"prompt": "", "chosen": "Good.", "rejected": "Poor."}, "no turns"),
    ("preference", {"chosen": [ASKED, said("Good.")], "rejected": [ASKED]}, "does not end with"),
    ("canonical", {"kind": "example", "source": "s", "row": -1, "messages": [ASKED, said("So.")]}, "row is a number"),
    ("canonical", {"kind": "example", "source": "s", "row": 1, "tags": [], "messages": [ASKED, said("So.")]}, "tags is a list"),
    ("contrast", {"unsafe": "U", "refusal": "", "lookalike": "L", "answer": "A"}, "refusal is empty"),
]


@pytest.mark.parametrize(("name", "record", "reason"), BAD)
def test_a_bad_record_is_refused_with_its_reason(name, record, reason):
    with pytest.raises(Malformed, match=reason):
        BY_NAME[name].rows(record, ORIGIN)


def test_flat_messages_become_trees_in_any_order():
    entries = [Record(row, row + 1, value) for row, value in enumerate([*FLAT, message("x", "Lost.", parent="unknown"), FLAT[0]])]
    entries.append(Record(6, 7, message("self", "Loop.", parent="self")))
    out = list(assemble(iter(entries)))
    trees = [entry for entry in out if isinstance(entry, Record)]
    assert [(tree.row, [told(row) for row in BY_NAME["oasst"].rows(tree.value, ORIGIN)]) for tree in trees] == [
        (0, ["Why? > Best. > And? > Then."])
    ]
    assert {entry.row: entry.reason.split()[0] for entry in out if isinstance(entry, Bad)} == {4: "answers", 5: "repeats", 6: "answers"}


def test_a_thread_too_long_is_refused():
    root = message("0", "Why?", "prompter", replies=[])
    node = root
    for turn in range(1, 200):
        node["replies"] = [message(str(turn), "So.", "prompter" if turn % 2 == 0 else "assistant", replies=[])]
        node = node["replies"][0]
    with pytest.raises(Malformed, match="more than 128 turns"):
        BY_NAME["oasst"].rows(root, ORIGIN)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["\n\nHuman: a\n\nAssistant:", "assistant"])
)
KEYS = sorted(
    {key for _, record, _ in GOOD for key in record} | {"role", "content", "from", "value", "response", "kind", "source", "row", "tags"}
)
ODD = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6), max_leaves=15
)


@given(st.sampled_from(GOOD), st.dictionaries(st.sampled_from(KEYS), ODD, max_size=4), st.data())
def test_any_record_gives_rows_or_is_malformed(good, changes, data):
    record = {**copy.deepcopy(good[1]), **changes}
    for one in FORMATS:
        assert one.matches(record) in (True, False)
        try:
            rows = one.rows(record, ORIGIN)
        except Malformed:
            continue
        assert rows
        for row in rows:
            json.dumps(row.as_json(), allow_nan=False, ensure_ascii=False).encode()
            prompt, answers = (row.prompt, (row.answer,)) if isinstance(row, Example) else (row.prompt, (row.chosen, row.rejected))
            assert isinstance(row, Example | Preference)
            assert prompt[-1].role in ("user", "tool")
            assert all(answer.strip() for answer in answers)

"""OASST: message trees (`replies` inside messages), or the flat list of messages that name their `parent_id`.

Each thread gives one example: the path from the root to an answer that no later answer continues. Each prompt whose answers are ranked
gives preferences: the best answer (rank 0) over every other one, with the difference of ranks as margin. Deleted messages and those that
reviewers turned down are left out, with what follows them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from temperance.data.example import Message, Origin, Row
from temperance.data.formats.format import Format, NoPlace, RawRecord, as_example, example, number, preference, tagged, turn
from temperance.data.record import Bad, Entry, Malformed, Record, excerpt, kind

SPEAKERS = {"user": "prompter", "assistant": "assistant"}
TURNS = 128
MESSAGES = 500_000


def matches(record: RawRecord) -> bool:
    """Say whether the record is a message with an id and a speaker, or an exported tree around one."""
    return _is_message(record) or (isinstance(record.get("prompt"), Mapping) and _is_message(record["prompt"]))


def _is_message(value: RawRecord) -> bool:
    return "message_id" in value and "text" in value and value.get("role") in ("prompter", "assistant")


def rows(record: RawRecord, origin: Origin) -> list[Row]:
    """Return every thread's example and every ranked pair of a tree, root first."""
    found: list[Row] = []
    root = record if _is_message(record) else record.get("prompt")
    if not isinstance(root, Mapping):
        raise Malformed("has no message")
    stack: list[tuple[RawRecord, tuple[Message, ...]]] = [(root, ())] if _lives(root) else []
    while stack:
        node, before = stack.pop()
        path = (*before, turn(node, text_key="text"))
        if len(path) > TURNS:
            raise Malformed(f"has a thread of more than {TURNS} turns")
        replies = _replies(node)
        where = tagged(origin, lang=node.get("lang"))
        if path[-1].role == "assistant" and not any(_replies(reply) for reply in replies):
            found.append(example(path, tagged(where, rank=_rank(node))))
        if path[-1].role == "user":
            found += _pairs(path, replies, where)
        stack.extend((reply, path) for reply in reversed(replies))
    if not found:
        raise Malformed("has no thread with an answer")
    return found


def _lives(node: RawRecord) -> bool:
    return not node.get("deleted") and node.get("review_result") is not False


def _replies(node: RawRecord) -> list[RawRecord]:
    replies = node.get("replies")
    if replies is None:
        return []
    if not isinstance(replies, list) or not all(isinstance(reply, Mapping) for reply in replies):
        raise Malformed(f"replies is {kind(replies)}, not a list of messages")
    return [reply for reply in replies if _lives(reply)]


def _rank(node: RawRecord) -> int | None:
    rank = number(node.get("rank"))
    return int(rank) if rank is not None and rank >= 0 and rank == int(rank) else None


def _pairs(path: Sequence[Message], replies: Sequence[RawRecord], origin: Origin) -> list[Row]:
    ranked = sorted(((rank, turn(reply, text_key="text").content) for reply in replies if (rank := _rank(reply)) is not None), key=_first)
    if not ranked:
        return []
    (top, best), *others = ranked
    return [
        preference(path, origin, chosen=best, rejected=answer, margin=float(rank - top))
        for rank, answer in others
        if rank > top and answer != best
    ]


def _first(pair: tuple[int, str]) -> int:
    return pair[0]


def assemble(entries: Iterator[Entry]) -> Iterator[Entry]:
    """Yield flat messages as trees, at the place of their root, after all else; whole trees and anything else pass as they are.

    Messages may come in any order, so flat ones are held until the end; beyond `MESSAGES` of them each further one is quarantined.
    """
    flat: dict[str, Record] = {}
    for entry in entries:
        if isinstance(entry, Bad) or not _is_message(entry.value) or "replies" in entry.value or not _is_id(entry.value.get("message_id")):
            yield entry
            continue
        name = entry.value["message_id"]
        if name in flat:
            yield _orphan(entry, "repeats the message_id of an earlier row")
            continue
        if len(flat) == MESSAGES:
            yield _orphan(entry, f"comes after {MESSAGES:,} messages outside of trees, more than can be held to put trees together")
            continue
        flat[name] = entry
    yield from _trees(flat)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _trees(flat: Mapping[str, Record]) -> Iterator[Entry]:
    nodes: dict[str, dict[str, Any]] = {name: {**record.value, "replies": []} for name, record in flat.items()}
    children: dict[Any, list[str]] = defaultdict(list)
    for name, node in nodes.items():
        parent = node.get("parent_id")
        children[parent if isinstance(parent, str) and parent else None].append(name)
    reached: set[str] = set()
    waiting = list(children[None])
    while waiting:
        name = waiting.pop()
        reached.add(name)
        nodes[name]["replies"] = [nodes[child] for child in children[name]]
        waiting += children[name]
    for root in children[None]:
        yield replace(flat[root], value=nodes[root])
    for name, record in flat.items():
        if name not in reached:
            yield _orphan(record, "answers a message that is not in this source, or itself")


def _orphan(record: Record, reason: str) -> Bad:
    return Bad(source="", row=record.row, line=record.line, reason=reason, excerpt=excerpt(record.value))


def record(rows: Sequence[Row]) -> dict[str, Any]:
    """Return an example as a tree of one thread. A ranked pair would be read back as two examples more, so it has no place alone."""
    row = as_example(rows)
    node: dict[str, Any] = {}
    for place in reversed(range(len(row.messages))):
        message = row.messages[place]
        if message.role not in SPEAKERS:
            raise NoPlace("has room for the user's and the assistant's turns only")
        name, parent = f"{row.id[7:23]}-{place}", f"{row.id[7:23]}-{place - 1}" if place else None
        replies = [node] if node else []
        node = {"message_id": name, "parent_id": parent, "role": SPEAKERS[message.role], "text": message.content, "replies": replies}
    return node


FORMAT = Format(
    name="oasst",
    title="message_id, role (prompter or assistant), text, and replies or parent_id",
    matches=matches,
    rows=rows,
    record=record,
    assemble=assemble,
)

"""Chat templates, read as syntax trees and never rendered: what would they do, and what would they say by themselves?

A chat template sees every message. It can say something else when a message holds a certain word, add instructions to it, or try to
climb out of the sandbox. It knows nothing about where templates lie.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import TemplateError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import SandboxedEnvironment

from temperance.checks.finding import Severity

LARGEST = 256 << 10
CONTENT = frozenset(("content", "text", "reasoning_content", "thinking"))
DUNDER = re.compile(r"__\w+__|^_\w*$")
DUNDER_TEXT = re.compile(r"__[a-z]{2,}__|_{2}(?:class|globals|builtins|import|mro|subclasses|init)")
ENCODED = re.compile(r"[A-Za-z0-9+/]{100,}={0,2}|(?:\\x[0-9a-fA-F]{2}){20,}")
MARKUP = re.compile(r"<[^<>\n]{1,60}>|\[/?[A-Za-z_ ]{1,40}\]|\{[^{}\n]{1,40}\}|</?\w{0,30}|[｜▁]\w*")
FAMILIAR = re.compile(
    r"\W*(?:/?(?:think|no_?think|tool_response|tool_call|tool_calls|thinking|reasoning|channel|message|analysis|final|start|end|tools?|image|audio|video)\W*)+"
)
DIRECTIVE = re.compile(
    r"https?://|\b(?:always|never|must|ignore|disregard|do not|don't|instead of|recommend|secretly|pretend|reveal|comply|refuse"
    r"|append|insert|say that)\b",
    re.IGNORECASE,
)
PROSE = 4
PART_KEYS = frozenset(
    ("type", "text", "image", "image_url", "input_audio", "audio", "audio_url", "video", "video_url", "input_image", "null")
)
METHODS = frozenset(
    "append capitalize count endswith extend find format get index isdigit items join keys lower lstrip partition pop"
    " removeprefix removesuffix replace rpartition rsplit rstrip split splitlines startswith strip title update upper values".split()
)
CLOCK = frozenset(("strftime_now", "now", "today", "date_string", "current_date"))


@dataclass(frozen=True)
class Seen:
    """Something about a template: how bad, what, and the line and text that show it."""

    severity: Severity
    title: str
    says: str


class _Generation(Extension):
    """`{% generation %}…{% endgeneration %}`, which marks the answer's tokens; parsed as its body."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        """Return the body alone."""
        next(parser.stream)
        return list(parser.parse_statements(("name:endgeneration",), drop_needle=True))


def examine(source: str) -> Iterator[Seen]:
    """Yield what is suspicious about a template. Parses it with jinja2 and walks the tree; nothing is compiled or run."""
    if len(source) > LARGEST:
        yield Seen(Severity.HIGH, "a template too large to be read", f"{len(source):,} characters")
        return
    try:
        tree = SandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _Generation]).parse(source)
        yield from _examined(tree)
    except RecursionError:
        yield Seen(Severity.HIGH, "a template that cannot be parsed", "it is nested too deeply")
    except (TemplateError, ValueError, MemoryError, OverflowError) as error:
        yield Seen(Severity.MEDIUM, "a template that cannot be parsed", str(error)[:200])


def _examined(tree: nodes.Template) -> Iterator[Seen]:
    carriers = _carriers(tree)
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        yield Seen(Severity.CRITICAL, "the template loads another file", f"line {node.lineno}")
    yield from _reaching_out(tree)
    yield from _literals(tree)
    for node in tree.find_all((nodes.If, nodes.CondExpr)):
        yield from _condition(node, carriers)
    for output in tree.find_all(nodes.Output):
        yield from _said_beside_content(output, carriers)
    if any(_joined(node, carriers) for node in tree.find_all(nodes.Call)):
        yield Seen(Severity.HIGH, "the template rewrites what the user said", "content.replace(…) with words in it")


def _carriers(tree: nodes.Template) -> frozenset[str]:
    """Return the variables that hold a message's content, directly or by way of other variables."""
    carriers: set[str] = set()
    for _ in range(4):
        before = len(carriers)
        for node in tree.find_all((nodes.Assign, nodes.For)):
            source = node.iter if isinstance(node, nodes.For) else node.node
            if _holds_content(source, frozenset(carriers)):
                carriers.update(name.name for name in (node.target, *node.target.find_all(nodes.Name)) if isinstance(name, nodes.Name))
        if len(carriers) == before:
            break
    return frozenset(carriers)


def _holds_content(node: nodes.Node, carriers: frozenset[str]) -> bool:
    """Say whether an expression contains a message's content as text (and not merely asks what type it has)."""
    if isinstance(node, (nodes.Test, nodes.Compare, nodes.CondExpr, nodes.Not)):
        return False
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr) and node.node.attr == "get" and node.args:
        return isinstance(node.args[0], nodes.Const) and node.args[0].value in CONTENT
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr) and node.node.attr in METHODS:
        return any(_holds_content(part, carriers) for part in (node.node.node, *node.args))
    if isinstance(node, nodes.Getattr):
        return node.attr in CONTENT
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        return node.arg.value in CONTENT
    if isinstance(node, nodes.Name):
        return node.name in carriers
    return any(_holds_content(child, carriers) for child in node.iter_child_nodes())


def _reaching_out(tree: nodes.Template) -> Iterator[Seen]:
    """Yield attempts to reach Python: underscored attributes, filters that fetch attributes, calls of unknown functions."""
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        name: Any = node.attr if isinstance(node, nodes.Getattr) else node.arg.value if isinstance(node.arg, nodes.Const) else None
        if isinstance(name, str) and DUNDER.search(name):
            yield Seen(Severity.CRITICAL, "the template reaches for Python's insides", f"line {node.lineno}: {name[:60]}")
        if isinstance(node, nodes.Getitem) and isinstance(node.arg, (nodes.Concat, nodes.Add)) and _all_constant(node.arg):
            yield Seen(Severity.CRITICAL, "the template spells out an attribute's name in pieces", f"line {node.lineno}")
    for node in tree.find_all(nodes.Filter):
        if node.name in ("attr", "map") and (node.name == "attr" or any(_underscored(argument) for argument in (*node.args, *node.kwargs))):
            yield Seen(Severity.CRITICAL, "the template fetches attributes through a filter", f"line {node.lineno}: |{node.name}")
    for node in tree.find_all(nodes.Call):
        called = node.node
        if isinstance(called, nodes.Name) and called.name in ("lipsum", "cycler", "self", "eval", "exec", "open"):
            yield Seen(
                Severity.HIGH, "the template calls a function that templates have no need of", f"line {node.lineno}: {called.name}()"
            )
        elif isinstance(called, nodes.Getattr) and called.attr not in METHODS and not isinstance(called.node, nodes.Name):
            yield Seen(Severity.MEDIUM, "the template calls an unusual method", f"line {node.lineno}: .{called.attr[:60]}()")


def _all_constant(node: nodes.Node) -> bool:
    """Say whether an expression joins literal texts and nothing else."""
    if isinstance(node, nodes.Const):
        return isinstance(node.value, str)
    return isinstance(node, (nodes.Concat, nodes.Add)) and all(map(_all_constant, node.iter_child_nodes()))


def _underscored(node: nodes.Node) -> bool:
    return any("__" in str(const.value) for const in (*node.find_all(nodes.Const), *([node] if isinstance(node, nodes.Const) else [])))


def _texts(tree: nodes.Node) -> Iterator[tuple[int, str]]:
    """Yield every literal text of the template with its line."""
    for const in tree.find_all(nodes.Const):
        if isinstance(const.value, str):
            yield const.lineno, const.value
    for data in tree.find_all(nodes.TemplateData):
        yield data.lineno, data.data


def _literals(tree: nodes.Template) -> Iterator[Seen]:
    for line, text in _texts(tree):
        if DUNDER_TEXT.search(text):
            yield Seen(Severity.HIGH, "the template holds the name of a Python internal", f"line {line}: {text[:60]!r}")
        if ENCODED.search(text):
            yield Seen(Severity.HIGH, "the template holds a long encoded text", f"line {line}: {text[:40]!r}… ({len(text)} characters)")


def _condition(node: nodes.If | nodes.CondExpr, carriers: frozenset[str]) -> Iterator[Seen]:
    """Yield conditions on what a message says, or on the date."""
    tests = [one.test for one in (node, *getattr(node, "elif_", ())) if isinstance(one, (nodes.If, nodes.CondExpr))]
    for test in tests:
        if any(name.name in CLOCK for name in test.find_all(nodes.Call) for name in name.find_all(nodes.Name)):
            yield Seen(Severity.HIGH, "the template behaves differently by date", f"line {test.lineno}")
        for word in _compared_words(test, carriers):
            if word in PART_KEYS or FAMILIAR.fullmatch(word) or not any(map(str.isalnum, word)):
                continue
            marked = MARKUP.fullmatch(word.strip()) is not None
            severity = Severity.MEDIUM if marked else Severity.HIGH
            yield Seen(severity, "the template behaves differently when a message says something", f"line {test.lineno}: {word[:60]!r}")


def _compared_words(test: nodes.Node, carriers: frozenset[str]) -> Iterator[str]:
    """Yield the literal texts that a message's content is held against, by an operator or by a method."""
    compares = [*test.find_all(nodes.Compare), *([test] if isinstance(test, nodes.Compare) else [])]
    for compare in compares:
        sides = [compare.expr, *(operand.expr for operand in compare.ops)]
        if any(_holds_content(side, carriers) for side in sides):
            yield from (text for side in sides for text in _own_texts(side, carriers))
    calls = [*test.find_all(nodes.Call), *([test] if isinstance(test, nodes.Call) else [])]
    for call in calls:
        if isinstance(call.node, nodes.Getattr) and _holds_content(call.node.node, carriers):
            yield from (text for argument in call.args for text in _own_texts(argument, carriers))


def _own_texts(node: nodes.Node, carriers: frozenset[str]) -> Iterator[str]:
    """Yield the literal texts of an operand, but not the keys by which content is fetched."""
    if isinstance(node, nodes.Const):
        if isinstance(node.value, str):
            yield node.value
    elif isinstance(node, nodes.Getitem):
        yield from _own_texts(node.node, carriers)
    elif isinstance(node, (nodes.Call, nodes.Filter)):
        if node.node is not None:
            yield from _own_texts(node.node, carriers)
    else:
        for child in node.iter_child_nodes():
            yield from _own_texts(child, carriers)


def _said_beside_content(output: nodes.Output, carriers: frozenset[str]) -> Iterator[Seen]:
    """Yield prose that the template itself says next to a message's content."""
    if not any(_holds_content(part, carriers) for part in output.nodes):
        return
    for part in output.nodes:
        inside = _holds_content(part, carriers)
        pieces = [part.data] if isinstance(part, nodes.TemplateData) else list(_own_texts(part, carriers))
        for text in pieces:
            plain = MARKUP.sub(" ", text)
            if DIRECTIVE.search(plain) or (inside and len(re.findall(r"[A-Za-z]{2,}", plain)) >= PROSE):
                severity = Severity.HIGH if DIRECTIVE.search(plain) else Severity.MEDIUM
                yield Seen(severity, "the template adds words of its own to a message", f"{' '.join(plain.split())[:120]!r}")


def _joined(call: nodes.Call, carriers: frozenset[str]) -> bool:
    """Say whether a call replaces words in a message's content by others."""
    if not (isinstance(call.node, nodes.Getattr) and call.node.attr == "replace" and _holds_content(call.node.node, carriers)):
        return False
    said = [text for argument in call.args for text in _own_texts(argument, carriers)]
    return any(len(re.findall(r"[A-Za-z]{2,}", MARKUP.sub(" ", text))) >= 2 for text in said)

import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sample_run import audited, write_run

from temperance.checks.finding import Confidence, Evidence, Finding, Fix, Outcome, Quote, Report, Severity
from temperance.report.gather import gather
from temperance.report.html import TEMPLATES, audit_page, page
from temperance.report.view import RunView
from temperance.report.wording import PASSED

VOID = {"meta", "br", "input", "link", "img", "hr"}
ATTACK = "<script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>\x1b[31m\u202e"
ORDER = ["change", "axes", "loss", "reward", "areas", "lengths", "samples", "outcomes", "not-covered", "curation", "lineage"]


class Page(HTMLParser):
    """Collects what a page is made of, and checks that every tag is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def named(self, *names: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag in names]


@pytest.fixture(scope="module")
def text(view: RunView) -> str:
    return page(view)


def hostile_report() -> Report:
    finding = Finding(
        id="adapter/pickle-code",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        title=ATTACK,
        evidence=Evidence(where=ATTACK, says=ATTACK),
        fix=Fix(says=ATTACK),
        examples=(Quote(ATTACK, ATTACK, ATTACK),),
        nearest=(Quote(ATTACK, ATTACK, ATTACK),),
    )
    outcomes = [
        Outcome(check="adapter/pickle-code", outcome="found", findings=(finding,)),
        Outcome(check="x/y", outcome="broke", why=ATTACK),
    ]
    return Report(kind="adapter", path=ATTACK, digest="", outcomes=outcomes)


def test_it_parses_and_has_its_parts_in_order(text: str) -> None:
    sections = [attrs["id"] for attrs in Page(text).named("section")]
    assert sections == ORDER


def test_it_makes_no_request_and_runs_nothing(text: str) -> None:
    parsed = Page(text)
    assert not parsed.named("script", "link", "img", "iframe", "object", "embed", "base", "form")
    for tag, attrs in parsed.tags:
        for name, value in attrs.items():
            assert not name.startswith("on"), tag
            assert name not in ("src", "href", "srcset", "action") or (value or "").startswith("#"), (tag, name, value)
    assert "@import" not in text
    assert not re.search(r"url\(\s*[\"']?(?!#)", text)
    assert not re.search(r"https?://", text)


@pytest.mark.parametrize("kind", ["run", "audit"])
def test_hostile_text_stays_text(tmp_path: Path, kind: str) -> None:
    text = page(gather(write_run(tmp_path / "demo", prompt=ATTACK))) if kind == "run" else audit_page([hostile_report()])
    parsed = Page(text)
    assert not parsed.named("script", "img")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert not set(text) & set("\x1b\u202e")
    assert "\\u202e" in text


def test_it_is_the_same_every_time(text: str, run: Path) -> None:
    assert page(gather(run)) == text


def test_no_identifier_is_there_twice(text: str) -> None:
    found = [attrs["id"] for _, attrs in Page(text).tags if "id" in attrs]
    assert len(found) == len(set(found))


def test_it_can_be_read_by_ear(text: str) -> None:
    parsed = Page(text)
    levels = [int(tag[1]) for tag, _ in parsed.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(attrs.get("scope") in ("row", "col") for attrs in parsed.named("th"))
    drawn = [attrs for attrs in parsed.named("svg") if attrs.get("role") == "img"]
    titles = {attrs["id"] for attrs in parsed.named("title") if "id" in attrs}
    assert len(drawn) >= 11
    assert {attrs["aria-labelledby"] for attrs in drawn} == titles


def test_colours_are_defined_and_can_be_told_apart() -> None:
    css = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    for theme in re.findall(r":root \{(.*?)\}", css, re.DOTALL):
        colour = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", theme))
        for name in ("ink", "muted", "tuned", "good", "bad", "doubt"):
            assert contrast(colour[name], colour["paper"]) >= 4.5, name
        for name in ("good", "bad", "doubt"):
            assert contrast(colour[name], colour[f"{name}-tint"]) >= 4.5, name
        assert contrast(colour["base"], colour["paper"]) >= 3
        assert contrast(colour["muted"], colour["raised"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    light = []
    for colour in (one, other):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        light.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(light) + 0.05) / (min(light) + 0.05)


def test_a_blocked_run_says_why_first(tmp_path: Path) -> None:
    shares = {"unsafe": (0.3, 1.0), "lookalike": (0.95, 0.4), "everyday": (1.0, 1.0)}
    text = page(gather(write_run(tmp_path / "demo", shares=shares)))
    assert "Blocked" in text
    first = re.search(r'<ul class="rules".*?</li>', text, re.DOTALL)
    assert first is not None
    assert "lookalike prompts answered" in first[0]
    assert "blocks" in first[0]


def test_areas_that_training_never_met_are_marked(text: str) -> None:
    assert "animal-cruelty †" in text
    assert "fraud †" not in text
    assert re.search(r"In the areas that the model never trained on, [\d.]+% \([\d.]+–[\d.]+%\) of \d+ unsafe requests are refused", text)


def test_an_audit_is_a_page_of_its_own() -> None:
    text = audit_page([audited(hostile=True), audited()])
    assert "Blocked" in text
    assert "posix.system is called with a text" in text
    assert "needs template, which was not given" in text
    assert len(Page(text).named("article")) == 2


@pytest.mark.parametrize(
    ("metrics", "says"),
    [
        (
            {"chosen_lowest": -1.25, "chosen_limit": -0.5, "displaced_at": 14},
            "by 1.25 nats a token at worst; the limit of 0.5 was passed at step 14",
        ),
        ({"chosen_lowest": -0.25, "chosen_limit": -0.5, "displaced_at": None}, "lost at most 0.25 nats a token"),
        ({"chosen_lowest": 0.0, "chosen_limit": -0.5, "displaced_at": None}, "lost at most 0.00 nats a token"),
        ({"chosen_lowest": ATTACK, "chosen_limit": -0.5, "displaced_at": ATTACK}, ""),
        ({}, ""),
    ],
)
def test_a_policy_that_learned_from_pairs_says_what_became_of_the_chosen_answers(
    view: RunView, metrics: Mapping[str, Any], says: str
) -> None:
    stages = tuple(replace(one, metrics=metrics) if one.name == "align" else one for one in view.stages)
    text = page(replace(view, stages=stages))
    assert says in text
    assert ("chosen answers" in text) == bool(says)
    assert ("Likelihood displacement" in text) == ("passed" in says)


@pytest.mark.parametrize(
    ("costs", "says"),
    [
        (
            {"harm": {"found": 0.9, "found_of": 10, "false": 0.05, "false_of": 40}},
            "held out: 90.0% of 10 harmful answers, and 5.0% of 40 other answers.",
        ),
        (
            {"over_refusal": {"found": 1.0, "found_of": 8, "false": 0.0, "false_of": 4}},
            "100.0% of 8 needless refusals, and 0.0% of 4 other",
        ),
        ({"harm": {"found": ATTACK, "found_of": 10, "false": 0.05, "false_of": 40}}, ""),
        ({"harm": ATTACK}, ""),
        (ATTACK, ""),
        (None, ""),
    ],
)
def test_a_cost_model_says_what_it_finds(view: RunView, costs: Any, says: str) -> None:
    stages = tuple(replace(one, metrics={**one.metrics, "costs": costs}) if one.name == "reward" else one for one in view.stages)
    text = page(replace(view, stages=stages))
    assert says in text
    assert ("cost model" in text) == bool(says)


def test_what_was_found_and_settled_is_not_told_as_nothing_found(text: str) -> None:
    lines = {
        check: re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", line))
        for check, line in re.findall(r'<tr>\s*<th scope="row"><code>(data/[a-z-]+)</code></th>(.*?)</tr>', text, re.DOTALL)
        if 'class="says"' in line
    }
    assert "found, settled" in lines["data/near-duplicates"]
    assert "found, and removed: 17; kept: 1" in lines["data/near-duplicates"]
    assert "found, and fixed: 4" in lines["data/personal-data"]
    assert "nothing found" in lines["data/secrets"]
    assert "settled" not in lines["data/malformed-rows"]
    assert "what 3 checks found is settled" in text


def test_no_page_calls_anything_clean(text: str) -> None:
    for one in (text, audit_page([audited(), hostile_report()])):
        assert not re.search(r"\bclean\b", re.sub(r"<style>.*?</style>", "", one, flags=re.DOTALL))


def test_a_page_says_what_was_not_covered(text: str) -> None:
    part = text[text.index('id="not-covered"') : text.index('id="curation"')]
    assert "whether what an answer says is true" in part
    assert "names, street addresses and birthdays" in part
    assert part.count("pinned by its digest") == 1
    assert all(id in part for id in ("model/pickle-code", "model/remote-code", "model/chat-template"))
    assert "malice in well-formed weights" in audit_page([audited()])


def test_the_rows_of_a_finding_are_shown_with_the_nearest_ones_without_it() -> None:
    text = audit_page([hostile_report()])
    assert "1 example<" in text
    assert "1 nearest row without it<" in text


def test_the_worst_is_shown_first_and_what_is_for_information_is_folded_up() -> None:
    (one,) = hostile_report().outcomes[0].findings
    said = [replace(one, severity=severity, title=f"a {severity.value} thing") for severity in (Severity.INFO, Severity.LOW, Severity.HIGH)]
    outcomes = [Outcome(check=f"x/{one.severity}", outcome="found", findings=(replace(one, id=f"x/{one.severity}"),)) for one in said]
    text = audit_page([replace(hostile_report(), outcomes=outcomes)])
    assert 'a high thing <code class="small">x/high</code>' in text
    places = [
        text.index(told)
        for told in ("a high thing", "a low thing", "1 finding for information", "a info thing", '<table class="outcomes">')
    ]
    assert places == sorted(places)


def test_a_page_that_passes_says_what_that_means() -> None:
    assert PASSED in audit_page([audited()])
    assert PASSED not in audit_page([audited(), hostile_report()])


def test_an_audit_of_nothing_is_no_pass() -> None:
    assert "Could not tell" in audit_page([])


@pytest.mark.parametrize(
    ("section", "metrics", "says"),
    [
        ({}, {"alarms": ["quality", "length"], "weights_of": 3}, "weights of iteration 3: quality, length"),
        ({}, {"alarms": [], "weights_of": 8}, "saw no cause to stop"),
        ({}, {"alarms": ATTACK, "weights_of": ATTACK}, "saw no cause to stop"),
        ({"guard": False}, {"alarms": []}, "was off"),
    ],
)
def test_a_policy_that_learned_from_a_reward_shows_its_costs_and_its_guard(
    view: RunView, section: dict[str, Any], metrics: Mapping[str, Any], says: str
) -> None:
    points = tuple({"step": float(step), "harm": 0.3, "over_refusal": 0.1, "quality": 1.0, "reward": 2.0} for step in range(4))
    stages = tuple(replace(one, metrics=metrics) if one.name == "align" else one for one in view.stages)
    recipe = {**view.recipe, "align": {"method": "ppo", "ppo": {"harm": 0.2, **section}}}
    text = page(replace(view, policy=points, stages=stages, recipe=recipe))
    Page(text)
    assert says in text
    assert "plot-costs" in text
    assert "plot-quality" in text
    assert "plot-costs" not in page(view)

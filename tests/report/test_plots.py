import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temperance.report import ink, plots
from temperance.report.view import Margin, RunView

HOSTILE = ["<script>alert(1)</script>", "$\\frac{1", "a\x00\x1b[31m", "\u202egnisrever", "漢字", "x" * 200, ""]


class Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


def tags(text: str) -> list[str]:
    parser = Texts()
    parser.feed(text)
    return parser.tags


POINTS = [{"step": float(step), "harm": 0.3 - step / 20, "over_refusal": 0.1, "quality": step / 5, "reward": 1.0} for step in range(5)]
DRAWN: dict[str, Callable[[RunView], str]] = {
    "axes": lambda view: plots.axes_plot(view.suites, floors={"unsafe": 0.85, "lookalike": 0.85}),
    "loss": lambda view: plots.loss_plot("sft", view.curves["sft"]),
    "margins": lambda view: plots.margins_plot(view.margins),
    "flaws": lambda view: plots.flaws_plot(view.margins),
    "areas": lambda view: plots.areas_plot("unsafe", [("arson", 3, 0.1, 1.0)]),
    "costs": lambda view: plots.costs_plot(POINTS, limits={"harm": 0.2}),
    "quality": lambda view: plots.quality_plot(POINTS),
    "lengths": lambda view: plots.lengths_plot("unsafe", view.samples),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_takes_its_colours_from_the_page(view: RunView, name: str) -> None:
    text = DRAWN[name](view)
    assert not re.search(r"#[0-9a-f]{6}\b", text), "a colour of its own"
    assert "http" not in text
    assert "<metadata" not in text
    assert text.startswith('<svg class="plot" role="img"')
    assert "<title" in text
    found = re.findall(r' id="([^"]+)"', text)
    assert len(found) == len(set(found))
    assert all(f'id="{one}"' in text for one in re.findall(r'(?:url\(|href=")#([^)"]+)', text))
    assert text == DRAWN[name](view)


def test_nothing_measured_draws_nothing() -> None:
    drawn = (plots.axes_plot([], floors={}), plots.loss_plot("sft", []), plots.margins_plot([]), plots.flaws_plot([]))
    costs = (plots.costs_plot([], limits={}), plots.quality_plot([]), plots.quality_plot([{"step": 1.0, "harm": 0.0, "over_refusal": 0.0}]))
    assert (*drawn, *costs, plots.areas_plot("unsafe", []), plots.lengths_plot("unsafe", [])) == ("",) * 9


def test_a_loss_below_zero_is_drawn_on_an_axis_that_reaches_it() -> None:
    marks = re.findall(r">([−\d.]+)</text>", plots.loss_plot("align", [(1.0, -0.03), (2.0, -0.01)]))
    assert any(mark.startswith("−0.0") for mark in marks)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_data_stay_names(name: str) -> None:
    drawn = plots.areas_plot("unsafe", [(name, 1, 0.0, 1.0)]), plots.flaws_plot([Margin(1.0, "held out", "", name)])
    for text in filter(None, drawn):
        assert "script" not in tags(text)
        assert not set(text) & set("\x00\x1b\u202e")


@settings(max_examples=10)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5))
def test_any_finite_figures_can_be_drawn(values: list[float]) -> None:
    assert plots.margins_plot([Margin(value, "held out") for value in values]).endswith("</svg>")
    assert plots.loss_plot("sft", [(float(step), abs(value)) for step, value in enumerate(values)]).endswith("</svg>")


def test_every_sentinel_is_different() -> None:
    assert len({*ink.VARIABLES}) == len({*ink.VARIABLES.values()}) == 9


def test_a_long_curve_gets_its_running_mean_and_a_short_one_does_not() -> None:
    long, short = ([(float(step), 1.0 + step % 3) for step in range(1, many)] for many in (200, 30))
    assert plots.loss_plot("sft", long).count("stroke-width: 1.8") == 1
    assert plots.loss_plot("sft", short).count("stroke-width: 1.8") == 0

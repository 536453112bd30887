"""Turns a matplotlib figure into an SVG that takes its colours and typeface from the page around it.

Figures are drawn in sentinel colours, which are replaced by CSS variables afterwards; so one drawing works in light and dark. The
result holds no date, no tool name, no address and no identifier that could clash with another figure on the page; equal figures give
equal bytes. It knows nothing about what is drawn.
"""

import io
import re
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from html import escape
from typing import Any

from temperance.report.wording import shown

INK, MUTED, RULE, PAPER = "#010203", "#040506", "#070809", "#0a0b0c"
BASE, TUNED, GOOD, BAD, DOUBT = "#0d0e0f", "#101112", "#131415", "#161718", "#191a1b"
VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    RULE: "--rule",
    PAPER: "--paper",
    BASE: "--base",
    TUNED: "--tuned",
    GOOD: "--good",
    BAD: "--bad",
    DOUBT: "--doubt",
}
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "temperance",
    "text.parse_math": False,
    "axes.formatter.use_mathtext": False,
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": RULE,
    "axes.linewidth": 1.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.unicode_minus": True,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "legend.frameon": False,
}


@contextmanager
def style() -> Generator[None]:
    """Hold the house style while a figure is made and drawn."""
    import matplotlib as mpl

    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def canvas(width: float, height: float) -> tuple[Any, Any]:
    """Return a figure of this size in CSS pixels at full scale (72 to the inch, as SVG counts) and its only axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72, height / 72), layout="constrained")
    return figure, figure.subplots()


def svg(figure: Any, *, name: str, alt: str) -> str:
    """Return a figure as an inline SVG element.

    Args:
        figure: a matplotlib figure drawn within `style`.
        name: unique on the page; letters and hyphens.
        alt: what the figure shows, for those who do not see it.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r' (?:xmlns(?::xlink)?|version)="[^"]*"', "", text)
    text = text.replace("xlink:href", "href")
    text = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", text)
    text = re.sub(r"<style type=\"text/css\">.*?</style>", "", text, flags=re.DOTALL)
    text = _identifiers(text, name)
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    size = re.match(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', text)
    assert size is not None
    head = f'<svg class="plot" role="img" aria-labelledby="{name}-alt" style="--drawn: {float(size[1]):.0f}px"'
    text = head + text[size.end() :]
    return text.replace(">", f'><title id="{name}-alt">{escape(shown(alt))}</title>', 1).strip()


def _identifiers(text: str, name: str) -> str:
    """Keep only the identifiers that something refers to, each with the figure's name before it."""
    used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', text))
    wanted = {one or other for one, other in used}
    text = re.sub(r' id="([^"]+)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in wanted else "", text)
    return re.sub(r"(url\(#|href=\"#)", rf"\g<1>{name}-", text)

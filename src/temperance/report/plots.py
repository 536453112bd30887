"""The figures of a report, each a function from plain records to an inline SVG. They draw what was measured and smooth nothing.

Figures are drawn 280 to 460 CSS pixels wide, so that their letters stay readable on a telephone; a page sets several side by side.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any

from temperance.report.ink import BAD, BASE, INK, MUTED, PAPER, RULE, TUNED, canvas, style, svg
from temperance.report.view import NAMES, Margin, Sample, SuiteView
from temperance.report.wording import bounds_of, interval, number, percent, shown

WIDTH = 360
NARROW = 280
BINS = 24
SMOOTHED = 20


def axes_plot(suites: Sequence[SuiteView], *, floors: Mapping[str, float]) -> str:
    """Draw unsafe refused against look-alikes answered, base and tuned, with 95 % intervals; empty if a suite is missing.

    Args:
        suites: the suites of a run.
        floors: the policy's floors by axis, in shares; the region that satisfies both is tinted.
    """
    known = {suite.axis: suite for suite in suites}
    if not {"unsafe", "lookalike"} <= known.keys():
        return ""
    down, across = known["unsafe"], known["lookalike"]
    with style():
        figure, axes = canvas(400, 380)
        if {"unsafe", "lookalike"} <= floors.keys():
            x, y = 100 * floors["lookalike"], 100 * floors["unsafe"]
            axes.fill_between([x, 102], y, 102, color=TUNED, alpha=0.09, linewidth=0)
            axes.plot([x, x, 102], [102, y, y], color=TUNED, linewidth=0.9, dashes=(3, 3), alpha=0.8)
            axes.text(102, y - 1.5, "both floors hold", color=MUTED, fontsize=10, ha="right", va="top")
        start, end = (100 * across.base.rate, 100 * down.base.rate), (100 * across.tuned.rate, 100 * down.tuned.rate)
        arrow = {"arrowstyle": "-|>", "color": MUTED, "linewidth": 1.1, "shrinkA": 9, "shrinkB": 9, "mutation_scale": 11}
        axes.annotate("", xy=end, xytext=start, arrowprops=arrow)
        for (x, y), colour, side, name in ((start, BASE, "base", "base"), (end, TUNED, "tuned", "tuned")):
            width, height = getattr(across, side), getattr(down, side)
            xerr = [[100 * one] for one in bounds_of(width.rate, *width.interval)]
            yerr = [[100 * one] for one in bounds_of(height.rate, *height.interval)]
            axes.errorbar(x, y, xerr=xerr, yerr=yerr, fmt="o", color=colour, markersize=9, elinewidth=1.6, markeredgecolor=PAPER)
            left = x > 60
            edge = 100 * width.interval[0] - 2 if left else 100 * width.interval[1] + 2
            axes.text(edge, y, name, color=colour, fontsize=12, fontweight="bold", ha="right" if left else "left", va="center")
        _percent_axes(axes)
        axes.set_xlabel("safe look-alikes answered")
        axes.set_ylabel("unsafe requests refused")
        alt = f"{_change(down)}; {_change(across)}. The upper right corner, both at 100%, is best."
        return svg(figure, name="plot-axes", alt=alt)


def loss_plot(stage: str, curve: Sequence[tuple[float, float]]) -> str:
    """Draw a stage's training loss by step, with its running mean where steps are many; empty for a curve without points."""
    if not curve:
        return ""
    steps, losses = [step for step, _ in curve], [loss for _, loss in curve]
    with style():
        figure, axes = canvas(NARROW, 190)
        noisy = len(curve) > 4 * SMOOTHED
        axes.plot(
            steps, losses, color=TUNED, linewidth=0.5 if noisy else 1.6, alpha=0.4 if noisy else 1, marker="o" if len(curve) == 1 else None
        )
        if noisy:
            means = [fmean(losses[place - SMOOTHED : place]) for place in range(SMOOTHED, len(losses) + 1)]
            axes.plot(steps[SMOOTHED - 1 :], means, color=TUNED, linewidth=1.8)
        low, high = min([*losses, 0.0]), max([*losses, 0.0])  # a policy's loss may well be negative
        room = 0.08 * (high - low) or 1.0
        axes.set_ylim(low - room * (low < 0), high + room)
        axes.set_xlabel("step")
        axes.set_ylabel("loss")
        axes.xaxis.get_major_locator().set_params(integer=True, nbins=6)
        axes.grid(visible=False, axis="x")
        alt = f"Training loss of {stage} over {number(steps[-1])} steps: from {losses[0]:.2f} to {losses[-1]:.2f}."
        return svg(figure, name=f"plot-loss-{stage}", alt=alt)


def costs_plot(points: Sequence[Mapping[str, float]], *, limits: Mapping[str, float]) -> str:
    """Draw what a policy's answers cost while it learned, harm and over-refusal, with their limits; empty for a policy that had neither.

    Args:
        points: an iteration each: `step`, `harm` and `over_refusal`, the last two in shares of its answers.
        limits: what each cost may be at most, in shares; one that has no limit is left out.
    """
    if not points:
        return ""
    steps = [point["step"] for point in points]
    said: list[str] = []
    with style():
        figure, axes = canvas(NARROW, 190)
        for name, colour in (("harm", BAD), ("over_refusal", BASE)):
            shares = [100 * point[name] for point in points]
            axes.plot(steps, shares, color=colour, linewidth=1.8, marker="o", markersize=3.5, label=name.replace("_", "-"))
            if name in limits:
                axes.axhline(100 * limits[name], color=colour, linewidth=0.9, dashes=(3, 3), alpha=0.8)
            said.append(f"{name.replace('_', '-')} from {shares[0]:.0f}% to {shares[-1]:.0f}%")
        axes.set_ylim(-3, max(103 * point[name] for point in points for name in ("harm", "over_refusal")) + 20)
        axes.set_xlabel("iteration")
        axes.set_ylabel("% of answers")
        axes.legend(loc="upper right", fontsize=10, labelcolor=INK, handlelength=1.2)
        axes.xaxis.get_major_locator().set_params(integer=True, nbins=6)
        axes.grid(visible=False, axis="x")
        return svg(figure, name="plot-costs", alt=f"Costs over {len(points)} iterations: {'; '.join(said)}.")


def quality_plot(points: Sequence[Mapping[str, float]]) -> str:
    """Draw what the rules said of a policy's answers, and what the reward model did; empty for a policy that no rule judged."""
    if not points or "quality" not in points[0]:
        return ""
    steps = [point["step"] for point in points]
    with style():
        figure, axes = canvas(NARROW, 190)
        for name, colour, label in (("quality", TUNED, "the rules"), ("reward", MUTED, "what is paid")):
            shown_as = [point[name] for point in points]
            axes.plot(steps, shown_as, color=colour, linewidth=1.8, marker="o", markersize=3.5, label=label)
        axes.set_xlabel("iteration")
        axes.set_ylabel("mean of the answers")
        axes.margins(y=0.35)
        axes.legend(loc="upper right", fontsize=10, labelcolor=INK, handlelength=1.2)
        axes.xaxis.get_major_locator().set_params(integer=True, nbins=6)
        axes.grid(visible=False, axis="x")
        first, last = (f"the rules {points[place]['quality']:.2f}, paid {points[place]['reward']:.2f}" for place in (0, -1))
        return svg(figure, name="plot-quality", alt=f"Answers' quality over {len(points)} iterations: from {first} to {last}.")


def margins_plot(margins: Sequence[Margin]) -> str:
    """Draw how the reward model's margins (chosen minus rejected) spread over the held-out pairs; empty without any."""
    held = [one.margin for one in margins if one.split != "train"]
    if not held:
        return ""
    with style():
        figure, axes = canvas(WIDTH, 240)
        _, edges, bars = axes.hist(held, bins=BINS, color=TUNED, edgecolor=PAPER, linewidth=0.8)
        for low, high, bar in zip(edges, edges[1:], bars, strict=False):
            if low + high < 0:
                bar.set_facecolor(BAD)
        axes.axvline(0, color=INK, linewidth=1)
        axes.set_xlabel("score of chosen minus score of rejected")
        axes.set_ylabel("pairs")
        axes.yaxis.get_major_locator().set_params(integer=True, nbins=5)
        axes.grid(visible=False, axis="x")
        wrong = sum(one <= 0 for one in held)
        alt = f"Margins of {len(held)} held-out pairs: median {median(held):.2f}; {wrong} are wrong way round, at or below zero."
        return svg(figure, name="plot-margins", alt=alt)


def flaws_plot(margins: Sequence[Margin]) -> str:
    """Draw the held-out margins by the rejected answer's flaw, one tick a pair and the median; empty if no pair names its flaw."""
    found: dict[str, list[float]] = {}
    for one in margins:
        if one.split != "train" and one.flaw:
            found.setdefault(one.flaw, []).append(one.margin)
    if not found:
        return ""
    names = sorted(found, key=lambda name: median(found[name]))
    with style():
        figure, axes = canvas(WIDTH, 60 + 30 * len(names))
        for row, name in enumerate(names):
            axes.plot(found[name], [row] * len(found[name]), "|", color=TUNED, markersize=11, alpha=0.55, markeredgewidth=1.2)
            axes.plot([median(found[name])], [row], "o", color=INK, markersize=6.5, markeredgecolor=PAPER)
        axes.axvline(0, color=INK, linewidth=1)
        axes.set_ylim(-0.6, len(names) - 0.4)
        axes.set_yticks(range(len(names)), [_label(name) for name in names], color=INK)
        axes.set_xlabel("margin; the dot is the median")
        axes.grid(visible=False, axis="y")
        said = "; ".join(f"{name}: median {median(found[name]):.2f} of {len(found[name])}" for name in names)
        return svg(figure, name="plot-flaws", alt=f"Held-out margins by flaw. {said}.")


def areas_plot(axis: str, areas: Sequence[tuple[str, int, float, float]]) -> str:
    """Draw one axis by risk area: the share as wanted, base and tuned.

    Args:
        axis: the suite.
        areas: (area, number of prompts, base share, tuned share), in the order to draw, first on top.
    """
    if not areas:
        return ""
    with style():
        figure, axes = canvas(WIDTH + 60, 52 + 24 * len(areas))
        for row, (_, _, before, after) in enumerate(areas):
            axes.plot([100 * before, 100 * after], [row, row], color=RULE, linewidth=3, solid_capstyle="round", zorder=1)
            axes.plot(
                [100 * before], [row], "o", color=PAPER, markeredgecolor=BASE, markeredgewidth=1.5, markersize=10, zorder=2, clip_on=False
            )
            axes.plot([100 * after], [row], "o", color=TUNED, markeredgewidth=0, markersize=6.5, zorder=3, clip_on=False)
        axes.set_xlim(-2, 102)
        axes.set_ylim(len(areas) - 0.5, -0.6)
        axes.set_xticks([0, 25, 50, 75, 100], ["0%", "25%", "50%", "75%", "100%"])
        axes.set_yticks(range(len(areas)), [f"{_label(name)} ({n})" for name, n, *_ in areas], color=INK)
        axes.spines["left"].set_visible(False)
        axes.grid(visible=False, axis="y")
        said = "; ".join(f"{name} (n={n}): {percent(before)} to {percent(after)}" for name, n, before, after in areas)
        return svg(figure, name=f"plot-areas-{axis}", alt=f"{NAMES[axis]} by area, base to tuned. {said}.")


def lengths_plot(axis: str, samples: Sequence[Sample]) -> str:
    """Draw how long the answers of a suite are, in tokens, before (outline) and after (filled); empty without samples."""
    before = [one.base_tokens for one in samples if one.axis == axis]
    after = [one.tuned_tokens for one in samples if one.axis == axis]
    top = max([*before, *after], default=0)
    if not top:
        return ""
    width = max(1, -(-(top + 1) // BINS))
    edges = [width * place for place in range((top + 1) // width + 2)]
    with style():
        figure, axes = canvas(NARROW, 190)
        axes.hist(after, bins=edges, color=TUNED, alpha=0.75, linewidth=0)
        axes.hist(before, bins=edges, histtype="step", color=BASE, linewidth=1.6)
        axes.set_xlabel("tokens an answer")
        axes.set_ylabel("answers")
        axes.yaxis.get_major_locator().set_params(integer=True, nbins=5)
        axes.grid(visible=False, axis="x")
        alt = f"Answer length, {NAMES[axis].lower()}: median {number(median(before))} tokens before, {number(median(after))} after."
        return svg(figure, name=f"plot-lengths-{axis}", alt=alt)


def _percent_axes(axes: Any) -> None:
    axes.set_xlim(-2, 102)
    axes.set_ylim(-2, 102)
    marks = [0, 20, 40, 60, 80, 100]
    axes.set_xticks(marks, [f"{mark}%" for mark in marks])
    axes.set_yticks(marks, [f"{mark}%" for mark in marks])


def _change(suite: SuiteView) -> str:
    before = f"{percent(suite.base.rate)} ({interval(suite.base.interval)})"
    after = f"{percent(suite.tuned.rate)} ({interval(suite.tuned.interval)})"
    return f"{NAMES[suite.axis]} {suite.wanted}: base {before}, tuned {after}"


def _label(text: str) -> str:
    """Return a name that came from data as a short printable label."""
    flat = shown(text).replace("\n", " ")
    return flat if len(flat) <= 26 else f"{flat[:25]}…"

"""Figures as people read them: shares in percent, differences in points, times, counts. It knows nothing about what they measure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MINUS = "−"
KEPT = "\n\t\u200d"
SYMBOL = {"pass": "✓", "block": "✗", "unknown": "?", "clean": "✓", "found": "✗", "skipped": "–", "broke": "!"}
OUTCOME = {"clean": "nothing found"}
PASSED = "Passed means that the checks that ran found nothing that blocks, not that nothing is there."


def shown(text: str) -> str:
    """Return a text with every control, invisible or undecodable character spelt out, so that nothing hides and no terminal obeys it."""
    return text if text.isprintable() else "".join(one if one.isprintable() or one in KEPT else ascii(one)[1:-1] for one in text)


def told(outcome: str) -> str:
    """Return the outcome of a check as people read it: to have found nothing is not to be clean."""
    return OUTCOME.get(outcome, outcome)


def uncovered(lines: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return what was not covered, as reports spell it, each line once: what it says → the checks that say more."""
    found: dict[str, list[str]] = {}
    for one in sorted(lines, key=lambda one: not one["ran"] and bool(one["check"])):
        checks = found.setdefault(one["says"], [])
        checks += [one["check"]] if one["check"] and one["check"] not in checks else []
    return found


def drawn(settings: object) -> str:
    """Return how answers were chosen, by an evaluation's settings, which may be anything that a file held."""
    told = settings if isinstance(settings, Mapping) else {}
    heat, top_p, penalty = (told.get(name, usual) for name, usual in (("temperature", 0.0), ("top_p", 1.0), ("repetition_penalty", 1.0)))
    if not all(isinstance(one, float | int) for one in (heat, top_p, penalty)):
        return "nobody can tell how"
    how = f"drawn at a temperature of {heat:g} (top-p {top_p:g})" if heat else "the likeliest token each time"
    return how if penalty == 1 else f"{how}, with a repetition penalty of {penalty:g}"


def percent(share: float | None) -> str:
    """Return a share in [0, 1] as percent with one decimal, or a dash."""
    return "–" if share is None else f"{100 * share:.1f}%"


def interval(bounds: Sequence[float] | None) -> str:
    """Return a 95 % interval of a share as `83.1–96.4%`, empty if there is none."""
    return "" if bounds is None else f"{100 * bounds[0]:.1f}–{100 * bounds[1]:.1f}%"


def signed(value: float, *, decimals: int = 1) -> str:
    """Return a number with its sign, the minus a true one."""
    text = f"{abs(value):.{decimals}f}"
    return text if not float(text) else f"{'+' if value > 0 else MINUS}{text}"


def points(difference: float | None) -> str:
    """Return a difference of two shares in percentage points, or a dash."""
    return "–" if difference is None else f"{signed(100 * difference)} points"


def points_interval(bounds: Sequence[float] | None) -> str:
    """Return the 95 % interval of a difference in percentage points, empty if there is none."""
    return "" if bounds is None else f"{signed(100 * bounds[0])} to {signed(100 * bounds[1])}"


def probability(p: float | None) -> str:
    """Return a p-value: two decimals where they say something, else three, and never zero."""
    if p is None:
        return "–"
    if p < 0.001:
        return "< 0.001"
    return f"{p:.3f}" if p < 0.095 else f"{p:.2f}"


def duration(seconds: float | None) -> str:
    """Return a time as `4 ms`, `1.4 s`, `12 s`, `3 min 12 s` or `2 h 05 min`."""
    if seconds is None:
        return "–"
    if seconds < 0.995:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def clock(seconds: float) -> str:
    """Return a running time as `m:ss` or `h:mm:ss`."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def number(value: float | None) -> str:
    """Return a figure briefly: whole numbers with separators, others with four significant digits."""
    if value is None:
        return "–"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}".replace("-", MINUS)
    return f"{value:.4g}".replace("-", MINUS)


def count(many: int, noun: str) -> str:
    """Return a count with its noun, plural where there are several."""
    return f"{many:,} {noun}" if many == 1 else f"{many:,} {noun}s"


def listing(parts: Sequence[str]) -> str:
    """Join phrases as a sentence does: `a`, `a and b`, `a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def short(digest: str) -> str:
    """Return the first twelve hex digits of a digest."""
    return digest.removeprefix("sha256:")[:12]


def bounds_of(value: float, low: float, high: float) -> tuple[float, float]:
    """Return the lengths of an error bar to the left and the right of a value, never negative."""
    return max(0.0, value - low), max(0.0, high - value)

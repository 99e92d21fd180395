"""Contact over time as a small chart: months come in; blocks for a terminal, or a picture (SVG), go out."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from trail.model.overview import Month

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST = 24
"""Months that are shown."""
_BLOCKS = "▁▂▃▄▅▆▇█"
_PLAIN = ".:-=+*#@"
_WIDTH, _HEIGHT, _FOOT = 480, 64, 14
"""Of the picture, in its own units, and of what stands below the bars."""
_APART = 4
"""Months the first label needs."""


def list_months(days: Iterable[tuple[date, bool]], today: date) -> tuple[Month, ...]:
    """Months from the first of these days, at most so many before this one, with the messages of each. A day: whether it was us."""
    end = today.year * 12 + today.month - 1
    counts: dict[int, list[int]] = {}
    for day, ours in days:
        number = day.year * 12 + day.month - 1
        if end - MOST < number <= end:
            counts.setdefault(number, [0, 0])[ours] += 1
    if not counts:
        return ()
    return tuple(
        Month(date(number // 12, number % 12 + 1, 1), *counts.get(number, (0, 0)))
        for number in range(min(counts), end + 1)
    )


def draw_line(counts: Sequence[int], *, plain: bool = False) -> str:
    """A sign for each count: nothing at all is a blank (or `_`), the most a full block."""
    signs = _PLAIN if plain else _BLOCKS
    most = max(counts, default=0)
    return "".join(
        signs[min(len(signs) - 1, (count * len(signs) - 1) // most)] if count else ("_" if plain else " ")
        for count in counts
    )  # fmt: skip


def describe_months(months: Sequence[Month]) -> str:
    """What the chart says, for those who do not see it."""
    theirs, ours = sum(m.theirs for m in months), sum(m.ours for m in months)
    most = max(months, key=lambda m: m.theirs + m.ours)
    span = f"from {months[0].first:%Y-%m} to {months[-1].first:%Y-%m}"
    if len(months) == 1:
        return f"Messages in {months[0].first:%Y-%m}: {theirs:,} from them, {ours:,} from us."
    return (
        f"Messages a month {span}: {theirs:,} from them, {ours:,} from us;"
        f" most in {most.first:%Y-%m} ({most.theirs + most.ours:,})."
    )


def draw_picture(months: Sequence[Month]) -> str:
    """Bars up for what they wrote, down for what we did; an SVG element whose colours are the page's (currentColor)."""
    most = max((max(m.theirs, m.ours) for m in months), default=0) or 1
    step = _WIDTH / max(len(months), 12)
    middle = _HEIGHT / 2
    bars = []
    for number, month in enumerate(months):
        x, wide = number * step + step * 0.15, step * 0.7
        for count, name in ((month.theirs, "theirs"), (month.ours, "ours")):
            high = max(1.0, count / most * (middle - 1)) if count else 0
            if high:
                y = middle - high if name == "theirs" else middle + 0.5
                bars.append(f'<rect class="{name}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"/>')  # fmt: skip
    labels = [(0, f"{months[0].first:%Y-%m}")] if months else []
    labels += [
        (n, f"{m.first:%Y}") for n, m in enumerate(months) if m.first.month == 1 and n >= _APART
    ]
    years = [
        f'<text x="{number * step:.1f}" y="{_HEIGHT + _FOOT - 3}">{label}</text>'
        for number, label in labels
    ]
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + _FOOT}" role="img" aria-labelledby="chart-title">'
        f'<title id="chart-title">{describe_months(months)}</title>'
        f'<line x1="0" x2="{_WIDTH}" y1="{middle}" y2="{middle}" stroke="currentColor" stroke-width=".5"/>'
        f"{''.join(bars)}{''.join(years)}</svg>"
    )

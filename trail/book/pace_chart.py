"""How long answers took, quarter by quarter, as a picture (SVG): measures go in, an element whose colours are the page's comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.book.hours import tell_working

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.model.review import Quarter, Spread

_WIDTH, _HALF, _FOOT, _LEFT = 480.0, 60.0, 16.0, 44.0
"""In the picture's own units: all of it, one side's bars, what stands below, and what stands left of them."""


def name_quarter(quarter: Quarter) -> str:
    """`2026 Q1`."""
    return f"{quarter.first.year} Q{(quarter.first.month + 2) // 3}"


def describe_pace(quarters: Sequence[Quarter]) -> str:
    """What the picture shows, for those who do not see it."""
    return (
        f"How long answers took by quarter, {name_quarter(quarters[0])} to {name_quarter(quarters[-1])}:"
        " up theirs, down ours; bars to the median, lines to the 90th percentile."
    )


def draw_pace(quarters: Sequence[Quarter], day: int) -> str:
    """Bars up for how long they took, down for how long we did; a line on each up to the 90th percentile. `day`: seconds of a working day."""
    spreads = [s for q in quarters for s in (q.pace.theirs, q.pace.ours) if s]
    most = max((s.ninth for s in spreads), default=0) or 1
    step = (_WIDTH - _LEFT) / max(len(quarters), 8)
    marks = []
    for number, quarter in enumerate(quarters):
        x = _LEFT + number * step + step * 0.2
        wide = step * 0.6
        marks += _draw_bar(quarter.pace.theirs, "theirs", x, wide, most)
        marks += _draw_bar(quarter.pace.ours, "ours", x, wide, most)
        if number == 0 or quarter.first.month == 1:
            label = f"{quarter.first.year}" if quarter.first.month == 1 else name_quarter(quarter)
            if number == 0 and len(quarters) > 1 and quarters[1].first.month == 1:
                continue  # the year beside it needs the room
            marks.append(f'<text x="{x:.1f}" y="{2 * _HALF + _FOOT - 3:.1f}">{label}</text>')
    top = tell_working(most, day)
    marks += [f'<text x="0" y="10">{top}</text>', f'<text x="0" y="{2 * _HALF - 2:.1f}">{top}</text>']  # fmt: skip
    return (
        f'<svg viewBox="0 0 {_WIDTH:.0f} {2 * _HALF + _FOOT:.0f}" role="img" aria-labelledby="pace-title">'
        f'<title id="pace-title">{describe_pace(quarters)}</title>'
        f'<line x1="{_LEFT:.0f}" x2="{_WIDTH:.0f}" y1="{_HALF:.0f}" y2="{_HALF:.0f}" stroke="currentColor" stroke-width=".5"/>'
        f"{''.join(marks)}</svg>"
    )


def _draw_bar(spread: Spread | None, name: str, x: float, wide: float, most: int) -> list[str]:
    if spread is None:
        return []
    up = name == "theirs"
    room = _HALF - 2
    bar, reach = max(1.0, spread.median / most * room), spread.ninth / most * room
    y = _HALF - bar if up else _HALF
    end = _HALF - reach if up else _HALF + reach
    middle = x + wide / 2
    return [
        f'<rect class="{name}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{bar:.1f}"/>',
        f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="{_HALF:.1f}" y2="{end:.1f}" stroke="currentColor" stroke-width="1"/>',
        f'<line x1="{x:.1f}" x2="{x + wide:.1f}" y1="{end:.1f}" y2="{end:.1f}" stroke="currentColor" stroke-width="1"/>',
    ]

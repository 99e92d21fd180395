"""How much was written when: a column for each month, which leads to its messages.

In: counts by month. Out: markup, an inline drawing without styles of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.handoff.viewer import markup

if TYPE_CHECKING:
    from collections.abc import Mapping

_WIDTH = 14
_HEIGHT = 48


def draw_months(messages: Mapping[str, int], *, in_page: bool) -> str:
    """Return the columns, grouped by year. `in_page`: the months stand on this page, else on their own."""
    if not messages:
        return ""
    most = max(messages.values())
    drawn = []
    year = ""
    for month, number in messages.items():
        if month[:4] != year:
            drawn.append("</ol></li>" if year else "")
            year = month[:4]
            drawn.append(f'<li><span class="year">{int(year)}</span><ol>')
        target = f"#{month}" if in_page else markup.link(f"pages/{month}.html")
        drawn.append(_draw_month(month, number, round(_HEIGHT * number / most) or 1, target))
    return f'<ol class="years">{"".join(drawn)}</ol></li></ol>'


def _draw_month(month: str, messages: int, height: int, target: str) -> str:
    name = markup.format_month(month)
    label = f"{name}: {markup.count(messages, 'message')}"
    return (
        f'<li><a href="{target}" title="{label}" aria-label="{label}">'
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" aria-hidden="true">'
        f'<rect y="{_HEIGHT - height}" width="{_WIDTH}" height="{height}" rx="1.5"/></svg>'
        f'<span aria-hidden="true">{name[0]}</span></a></li>'
    )

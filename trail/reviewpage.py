"""A review as one page (HTML) that prints, or as Markdown. Both are made of hostile texts, and neither can act.

Comes in: a Review, a way to shorten keys. Goes out: a text. The page's policy lets a browser load nothing and run nothing.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from trail.book.chart import describe_months, draw_line, draw_picture
from trail.book.hours import tell_working
from trail.book.pace_chart import describe_pace, draw_pace, name_quarter
from trail.book.review_rows import (
    QUARTERS,
    count_facts,
    describe_basis,
    describe_span,
    list_pace,
    list_sections,
)
from trail.briefpage import POLICY, STYLE, escape_markdown, write_inline, write_section
from trail.terminal import clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.book.brief import Section
    from trail.book.looking_back import Review
    from trail.book.review_rows import Shorten
    from trail.model.overview import Month
    from trail.model.review import Quarter

_MORE = """
table { border-collapse: collapse; margin: .5rem 0; } td, th { text-align: left; padding: .15rem 1rem .15rem 0; vertical-align: top; }
th { font-weight: 600; white-space: nowrap; } header + section { margin-top: 1rem; } .scroll { overflow-x: auto; } .figures { display: flex; flex-wrap: wrap; gap: 0 2.5rem; }
.figures figure { flex: 1 1 20rem; max-width: 40rem; margin: .6rem 0 0; }
.moments li { margin: .5rem 0; } .moments .why { font-weight: 600; } .moments q { display: block; quotes: none; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
@media print { .figures { flex-wrap: nowrap; gap: 7mm; } table { font-size: 8.6pt; } .scroll { overflow: visible; } }
"""
_HEADS = ("quarter", "our median", "our 90%", "their median", "their 90%", "from us", "from them")


def write_page(review: Review, shorten: Shorten) -> str:
    """The page."""
    quarters = review.quarters[-QUARTERS:]
    moments, others = _split(list_sections(review, shorten))
    pace = "".join(
        f"<tr><th>{write_inline(name)}</th><td>{ours}</td><td>{theirs}</td></tr>"
        for name, ours, theirs in list_pace(review)
    )
    facts = "".join(
        f"<tr><th>{name}</th><td>{text}</td></tr>" for name, text in count_facts(review)
    )
    title = html.escape(clean_text(review.name))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
        f"<title>{title}: review of {review.at:%Y-%m-%d}</title><style>{STYLE}{_MORE}</style></head>\n"
        f'<body><main><header><h1>{write_inline(review.name)}</h1><p class="soft">{describe_span(review)}; review of {review.at:%A, %Y-%m-%d}</p></header>\n'
        f"{_write_moments(moments)}"
        f'<section><h2>How long answers took</h2><p class="soft">{html.escape(describe_basis(review))}</p>'
        f'<div class="scroll"><table><tr><th></th><th>our answers</th><th>their answers</th></tr>{pace}</table></div>'
        f"{_write_figures(quarters, review.months, review.working_day)}</section>\n"
        + (f'<section><h2>Counted</h2><div class="scroll"><table>{facts}</table></div></section>\n' if facts else "")
        + f'{_write_quarters(quarters, review.working_day)}<div class="sections">{"".join(map(write_section, others))}</div></main></body></html>\n'
    )  # fmt: skip


def _split(sections: list[Section]) -> tuple[Section | None, list[Section]]:
    if sections and sections[0].title == "To read again":
        return sections[0], sections[1:]
    return None, sections


def _write_moments(section: Section | None) -> str:
    if section is None:
        return ""
    rows = "".join(
        f'<li><span class="when">{row.when}</span><span class="why">{write_inline(row.text)}</span>'
        f" <code>trail show {html.escape(row.id)}</code>{f'<q>{write_inline(row.more)}</q>' if row.more else ''}</li>\n"
        for row in section.rows
    )
    return f'<section class="moments"><h2>{section.title}</h2><ul>{rows}</ul></section>\n'


def _write_figures(quarters: Sequence[Quarter], months: Sequence[Month], day: int) -> str:
    figures = []
    if any(q.pace.ours or q.pace.theirs for q in quarters):
        figures.append(
            f"<figure>{draw_pace(quarters, day)}<figcaption>{describe_pace(quarters)}</figcaption></figure>"
        )
    if months:
        figures.append(
            f"<figure>{draw_picture(months)}<figcaption>Up: from them. Down: from us. {describe_months(months)}</figcaption></figure>"
        )
    return f'<div class="figures">{"".join(figures)}</div>'


def list_table(quarters: Sequence[Quarter], day: int) -> list[tuple[str, ...]]:
    """The quarters as cells."""

    def tell(seconds: int | None) -> str:
        return "-" if seconds is None else tell_working(seconds, day)

    return [
        (
            name_quarter(q),
            *(tell(v) for s in (q.pace.ours, q.pace.theirs) for v in ((s.median, s.ninth) if s else (None, None))),
            f"{q.from_us:,}",
            f"{q.from_them:,}",
        )
        for q in quarters
    ]  # fmt: skip


def _write_quarters(quarters: Sequence[Quarter], day: int) -> str:
    if not quarters:
        return ""
    head = "".join(f"<th>{name}</th>" for name in _HEADS)
    rows = "".join(
        "".join(
            (
                f"<tr><th>{cells[0]}</th>",
                *(f'<td class="number">{cell}</td>' for cell in cells[1:]),
                "</tr>",
            )
        )
        for cells in list_table(quarters, day)
    )
    return f'<section><h2>By quarter</h2><div class="scroll"><table><tr>{head}</tr>{rows}</table></div></section>\n'


def write_markdown(review: Review, shorten: Shorten) -> str:
    """The same in Markdown; what people wrote is text in it, and no markup."""
    moments, others = _split(list_sections(review, shorten))
    lines = [f"# {escape_markdown(review.name)}", "", f"{escape_markdown(describe_span(review))}; review of {review.at:%Y-%m-%d}"]  # fmt: skip
    if moments:
        lines += _write_rows(moments, show=True)
    lines += ["", "## How long answers took", "", escape_markdown(describe_basis(review)), ""]
    lines += _write_cells(("", "our answers", "their answers"), list_pace(review))
    if months := review.months:
        counts = [m.theirs + m.ours for m in months]
        lines += ["", f"`{draw_line(counts)}`", "", escape_markdown(describe_months(months))]
    if facts := count_facts(review):
        lines += ["", "## Counted", "", *_write_cells(("", ""), facts)]
    for section in others:
        lines += _write_rows(section)
    if quarters := review.quarters[-QUARTERS:]:
        lines += ["", "## By quarter", "", *_write_cells(_HEADS, list_table(quarters, review.working_day))]  # fmt: skip
    return "\n".join(lines) + "\n"


def _write_rows(section: Section, *, show: bool = False) -> list[str]:
    lines = ["", f"## {section.title}", ""]
    for row in section.rows:
        mark = f"`{'trail show ' if show else ''}{row.id}`" if row.id else ""
        more = f"({escape_markdown(row.more)})" if row.more else ""
        lines.append("- " + " ".join(filter(None, (escape_markdown(row.when), escape_markdown(row.text), more, mark))))  # fmt: skip
    if section.left:
        lines.append(f"- and {section.left:,} before: `{section.command}`")
    return lines


def _write_cells(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table of texts of our own."""
    return [
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]

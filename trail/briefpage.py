"""A brief as one page (HTML) that prints on one sheet, or as Markdown. Both are made of hostile texts, and neither can act.

Comes in: a Brief, a way to shorten keys. Goes out: a text. The page's policy lets a browser load nothing and run nothing.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from trail.book.brief import describe_since, list_sections
from trail.book.chart import describe_months, draw_line, draw_picture
from trail.book.health import name_source
from trail.terminal import clean_text

if TYPE_CHECKING:
    from trail.book.brief import Row, Section, Shorten
    from trail.book.standing import Brief

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
STYLE = """
:root { color-scheme: light dark; --page: #fff; --text: #1a1c1f; --soft: #5a5f66; --line: #c9ccd1; --theirs: #1f6feb; --ours: #b35900; }
@media screen and (prefers-color-scheme: dark) {
  :root { --page: #131416; --text: #e8eaed; --soft: #a3a9b1; --line: #464b52; --theirs: #6ea8fe; --ours: #ffa657; }
}
body { font: 15px/1.4 system-ui, sans-serif; max-width: 68rem; margin: 1.5rem auto; padding: 0 1rem; }
html, body { background: var(--page); color: var(--text); }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1rem; margin: .2rem 0 .3rem; border-bottom: 1px solid var(--line); break-after: avoid; }
p { margin: .15rem 0; } .soft, .when, code { color: var(--soft); }
ul { list-style: none; margin: 0; padding: 0; } li { margin: .2rem 0; overflow-wrap: anywhere; break-inside: avoid; }
.health { font-weight: 600; } .when { margin-right: .5em; } code { font-size: .85em; }
.sections { columns: 26rem 2; column-gap: 2rem; margin-top: .8rem; } section { margin-bottom: .9rem; }
figure { margin: .6rem 0 0; } svg { width: 100%; max-width: 40rem; height: auto; } svg text { font-size: 10px; fill: var(--soft); }
.theirs { fill: var(--theirs); } .ours { fill: var(--ours); } figcaption { font-size: .85em; color: var(--soft); }
@page { size: A4; margin: 12mm; }
@media print {
  :root { color-scheme: light; }
  body { font-size: 8.6pt; line-height: 1.28; margin: 0; padding: 0; max-width: none; }
  .sections { columns: 2; column-gap: 7mm; margin-top: 2mm; } section { margin-bottom: 2mm; } svg { max-width: 105mm; }
  h1 { font-size: 14pt; } h2 { font-size: 9.5pt; } li { margin: .4mm 0; }
}
"""
_MARKUP = re.compile(r"([\\`*_\[\]<>#!|~&$]|^[-+=])")
"""What Markdown takes for more than text; at the beginning also marks of lists and of lines."""
_NUMBERED = re.compile(r"^([0-9]+)([.)])")


def write_page(brief: Brief, shorten: Shorten) -> str:
    """The page."""
    name = write_inline(brief.standing.name)
    reasons = "".join(
        f"<li>{write_inline(r.text)}{_write_id(name_source(r, shorten))}</li>"
        for r in brief.standing.reasons
    )
    figure = ""
    if brief.months:
        figure = (
            f"<figure>{draw_picture(brief.months)}<figcaption>Up: from them. Down: from us. "
            f"{write_inline(describe_months(brief.months))}</figcaption></figure>"
        )
    sections = "".join(map(write_section, list_sections(brief, shorten)))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
        f"<title>{html.escape(clean_text(brief.standing.name))}: brief of {brief.today}</title><style>{STYLE}</style></head>\n"
        f'<body><main><header><h1>{name}</h1><p class="soft">{describe_since(brief)}; brief of {brief.today:%A, %Y-%m-%d}</p>'
        f'<p>Health: <span class="health">{brief.standing.health}</span></p><ul>{reasons}</ul>{figure}</header>\n'
        f'<div class="sections">{sections}</div></main></body></html>\n'
    )


def write_section(section: Section) -> str:
    """A section of a page."""
    rows = "".join(map(_write_row, section.rows))
    left = ""
    if section.left:
        left = f'<li class="soft">and {section.left:,} more: <code>{write_inline(section.command)}</code></li>'
    return f"<section><h2>{section.title}</h2><ul>{rows}{left}</ul></section>\n"


def _write_row(row: Row) -> str:
    when = f'<span class="when">{write_inline(row.when)}</span>' if row.when else ""
    more = f' <span class="soft">{write_inline(row.more)}</span>' if row.more else ""
    return f"<li>{when}{write_inline(row.text)}{more}{_write_id(row.id)}</li>\n"


def write_inline(text: str) -> str:
    """A text that can be no markup, and turns no direction but its own."""
    return f"<bdi>{html.escape(clean_text(' '.join(text.split())))}</bdi>" if text else ""


def _write_id(short: str) -> str:
    return f" <code>{html.escape(short)}</code>" if short else ""


def write_markdown(brief: Brief, shorten: Shorten) -> str:
    """The same in Markdown; what people wrote is text in it, and no markup."""
    lines = [f"# {escape_markdown(brief.standing.name)}", "", f"{escape_markdown(describe_since(brief))}; brief of {brief.today}", ""]  # fmt: skip
    lines.append(f"Health: **{brief.standing.health}**")
    lines.append("")
    lines += [
        f"- {escape_markdown(r.text)}{f' `{source}`' if (source := name_source(r, shorten)) else ''}"
        for r in brief.standing.reasons
    ]
    if brief.months:
        counts = [m.theirs + m.ours for m in brief.months]
        lines += ["", f"`{draw_line(counts)}`", "", escape_markdown(describe_months(brief.months))]
    for section in list_sections(brief, shorten):
        lines += ["", f"## {section.title}", ""]
        for row in section.rows:
            parts = (escape_markdown(row.when), escape_markdown(row.text), f"({escape_markdown(row.more)})" if row.more else "", f"`{row.id}`" if row.id else "")  # fmt: skip
            lines.append(f"- {' '.join(filter(None, parts))}")
        if section.left:
            lines.append(f"- and {section.left:,} more: `{section.command}`")
    return "\n".join(lines) + "\n"


def escape_markdown(text: str) -> str:
    """A text that is no markup in Markdown."""
    line = _MARKUP.sub(r"\\\1", clean_text(" ".join(text.split())))
    return _NUMBERED.sub(r"\1\\\2", line)

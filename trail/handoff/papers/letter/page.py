"""letter.html: the letter as a page that prints well, loads nothing and runs nothing.

In: the letter in Markdown. Out: a whole document.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape

from trail.handoff.papers.letter.markdown import to_html

_STYLE = """
:root { color-scheme: light; }
body { font: 11pt/1.5 Georgia, "Times New Roman", serif; color: #1b1b1b; background: #fff; max-width: 46rem; margin: 3rem auto; padding: 0 1.5rem; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 1.5rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 0.6rem; padding-bottom: 0.2rem; border-bottom: 1px solid #bbb; }
h3 { font-size: 1rem; margin: 1.2rem 0 0.4rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.92em; margin: 0.6rem 0; }
th, td { overflow-wrap: break-word; text-align: left; vertical-align: top; padding: 0.3rem 0.6rem 0.3rem 0; border-bottom: 1px solid #ddd; }
thead th:empty { display: none; }
li { margin: 0.3rem 0; }
a { color: #14468c; }
a:focus-visible { outline: 2px solid #14468c; outline-offset: 2px; }
@media print {
  @page { margin: 2.2cm; }
  body { margin: 0; padding: 0; max-width: none; font-size: 10.5pt; }
  a { color: inherit; text-decoration: none; }
  h2, h3 { break-after: avoid; }
  li, tr { break-inside: avoid; }
}
"""


def make_page(markdown: str, title: str, language: str) -> str:
    """Return the document."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'\">\n"
        '<meta name="viewport" content="width=device-width">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{to_html(markdown)}</main>\n</body>\n</html>\n"
    )

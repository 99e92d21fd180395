"""A PDF comes in; the text of its pages goes out (pypdfium2 lives here only)."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING

import pypdfium2

from trail.parse.documents_budget import Unreadable

if TYPE_CHECKING:
    from trail.parse.documents_budget import Budget

PAGES = 5000
"""Pages that are read."""
# A word broken at the end of a line: whether the hyphen is its own, nobody knows.
_BROKEN = re.compile(r"(?<=[^\W\d_])(?:[\x02\ufffe]\s*|[\xad\u2010]\s*\n\s*)(?=[^\W\d_])")
_LONGEST = 64
_BEFORE, _AFTER = re.compile(r"[^\W\d_]+\Z"), re.compile(r"[^\W\d_]{1,64}")
_HYPHEN = re.compile(r"[\x02\ufffe]\s*|\xad\s*\n\s*")


def read_pdf(budget: Budget, content: bytes) -> None:
    """Add the text of all pages. Raises Unreadable."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise Unreadable(
            "it is encrypted" if "password" in str(error).lower() else "it is damaged"
        ) from error
    with closing(document):
        for number in range(min(len(document), PAGES)):
            _read_page(budget, document, number)
        if len(document) > PAGES:
            raise Unreadable(f"only its first {PAGES:,} pages are searched")


def _read_page(budget: Budget, document: pypdfium2.PdfDocument, number: int) -> None:
    try:
        with closing(document[number]) as page, closing(page.get_textpage()) as words:
            text = words.get_text_range()
    except pypdfium2.PdfiumError:
        budget.note(f"page {number + 1} of it is damaged")
        return
    budget.add(join_lines(text))


def join_lines(text: str) -> str:
    """Return the text of a page with words whole that lines break; their halves, which may be words too, come after it."""
    halves = [_hyphenate(text, at) for at in _BROKEN.finditer(text)]
    return "\n".join([_HYPHEN.sub("", _BROKEN.sub("", text)), *halves, ""])


def _hyphenate(text: str, at: re.Match[str]) -> str:
    before = _BEFORE.search(text[max(0, at.start() - _LONGEST) : at.start()])
    after = _AFTER.match(text, at.end())
    return f"{before[0]}-{after[0]}" if before and after else ""

"""Words of strangers as values of content lines (`trail.content_lines`): first made fit for a page."""

from __future__ import annotations

from trail.content_lines import escape_value
from trail.handoff.papers.clean import plain_words

_TEXT_LIMIT = 2_000


def escape_text(text: str, *more: str) -> str:
    """Escape a value of type TEXT; `more` stand on lines of their own."""
    return "\\n".join(escape_value(plain_words(part, _TEXT_LIMIT)) for part in (text, *more))

"""Words of strangers, made fit for a letter: on one line, in the order in which they are read.

In: any text. Out: text without control characters and without the marks that turn it round or do not show.
"""

from __future__ import annotations

import re
import unicodedata

from trail.handoff.plain import one_line

_SPACES = re.compile(r"\s+")
_JOINERS = "\u200c\u200d"
"""They shape letters of Persian and Indian scripts, and emoji."""


def plain_words(text: str, limit: int = 300) -> str:
    """Return `text` on one line, at most `limit` characters ("…" marks a cut)."""
    if text.isascii() and text.isprintable():
        if "  " not in text and len(text) <= limit:
            return text.strip()  # as most are
    else:
        text = "".join(
            char for char in text if char in _JOINERS or unicodedata.category(char) != "Cf"
        )
    # Control characters became blanks: only then is a run of them one.
    return _SPACES.sub(" ", one_line(_SPACES.sub(" ", text), limit)).strip()

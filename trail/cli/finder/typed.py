"""A query as it stands while somebody types: its last word is only the beginning of one.

Comes in: what was typed. Goes out: what to ask for; None as long as there is nothing to ask for that was not asked before.
"""

from __future__ import annotations

import unicodedata

from trail.index.operators import BY_NAME
from trail.index.syntax import cut_query


def finish_query(typed: str) -> str | None:
    """Return `typed`, its last word as a beginning; None where that is one letter yet. Raises InvalidQuery.

    A word that a blank follows is whole. What is left out is taken as it stands: `-te` must not leave out `tea`.
    """
    pieces = cut_query(typed)
    if len(pieces) == 1:
        return typed
    *before, last, _ = pieces
    operator = BY_NAME.get(last.operator) if last.operator else None
    words = not last.operator or (operator is not None and operator.kind == "words")
    if last.kind != "word" or last.end < len(typed) or not words or not last.text[-1:].isalnum():
        return typed
    if last.text.startswith("=") or (before and before[-1].kind == "NOT"):
        return typed
    if len(last.text) == 1:
        # one sign of Chinese or Japanese may be a word
        return typed if unicodedata.east_asian_width(last.text) in "WF" else None
    word = typed[last.start :]
    # the word, too: a beginning alone finds no other forms of it, where there is `stemming`
    return f"{typed[: last.start]}({word} OR {word}*)"

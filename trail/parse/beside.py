"""The plain text of a body and the HTML sent along with it come in; what only the HTML says goes out, line by line.

Most HTML says what the plain text says, and that is told without reading it as HTML: each message with both is asked. Must
never raise, or take longer than the HTML is long.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from trail.parse.html import read_html
from trail.parse.text import split_quoted

if TYPE_CHECKING:
    from collections.abc import Callable

HTML_LIMIT = 500_000
"""Characters of HTML beyond which what it says is not looked at."""
_WORD = re.compile(r"\w+")
# What is not closed goes to the end, as in a browser; nothing is looked at twice.
_UNSEEN = re.compile(
    r"<style\b[^<]*+(?:<(?!/style)[^<]*+)*+|<script\b[^<]*+(?:<(?!/script)[^<]*+)*+"
    r"|<title\b[^<]*+(?:<(?!/title)[^<]*+)*+|<!--[^-]*+(?:-(?!->)[^-]*+)*+|<[^<>]*>",
    re.IGNORECASE,
)


def find_beside(plain: str, html: str) -> tuple[str, str]:
    """Return the author's and the quoted lines of `html` that have a word which `plain` has not."""
    if len(html) > HTML_LIMIT:
        return "", ""
    # As they stand there first: most are equal, with their commas and stops.
    unlike = {*unescape(_UNSEEN.sub(" ", html)).lower().split()}.difference(plain.lower().split())
    if not unlike:
        return "", ""
    is_known = _learn(plain)
    if all(map(is_known, _list_words(" ".join(unlike)))):
        return "", ""
    written, quoted = split_quoted(read_html(html))
    return _choose_lines(written, is_known), _choose_lines(quoted, is_known)


def _choose_lines(text: str, is_known: Callable[[str], bool]) -> str:
    lines = dict.fromkeys(line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if not all(map(is_known, _list_words(line))))


def _learn(plain: str) -> Callable[[str], bool]:
    """Whether a word is in `plain`. Of scripts without spaces a word may be broken there by the end of a line."""
    known = _list_words(plain)
    run = "" if plain.isascii() else "".join(_WORD.findall(plain.lower()))
    return lambda word: word in known or (not word.isascii() and word in run)


def _list_words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))

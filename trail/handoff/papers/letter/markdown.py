"""Markdown, as far as letters need it: words of strangers that stay words, links, and the same text as HTML.

CommonMark with tables. Markup of HTML is text, and a link that is not to a file beside the letter is text too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from trail.handoff.papers.clean import plain_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~]|&(?=[#\w]))")
_STARTS = re.compile(r"^([-+=])|^(\d{1,9})([.)])")
_LIMIT = 2_000
_BESIDE = re.compile(
    r"(?:[A-Za-z0-9_.~%()!$&'*+,;=@-]+/)*[A-Za-z0-9_.~%()!$&'*+,;=@-]+(?:#[\w./-]*)?$"
)


class Words(str):
    """Text that is Markdown already."""

    __slots__ = ()


def escape_markdown(value: object) -> str:
    """Return a value as Markdown that shows it as it is; what is Markdown already stays."""
    if isinstance(value, Words):
        return value
    text = _SIGNS.sub(r"\\\1", plain_words(str(value), _LIMIT))
    return _STARTS.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", text)


def link(text: object, target: str) -> Words:
    """Make a link to a file beside the letter."""
    return Words(f"[{escape_markdown(text)}](<{target}>)")


def make_parser() -> MarkdownIt:
    """The reader of letters."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.validateLink = is_beside  # type: ignore[method-assign,assignment]
    return parser


def is_beside(target: str) -> bool:
    """Whether a link leads to a file of the bundle, and to nothing on a network or above it."""
    return bool(_BESIDE.match(target)) and ".." not in target.split("/")


def parse(text: str) -> Sequence[Token]:
    """Read Markdown."""
    return make_parser().parse(text)


def to_html(text: str) -> str:
    """The body of a page."""
    return str(make_parser().render(text))

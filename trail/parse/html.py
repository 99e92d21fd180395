"""The HTML of a body comes in; plain text goes out, with quotations behind `>` (selectolax lives here only).

Reads words, not looks: nothing is fetched, run or shown. Must never raise or take more than a few
seconds, however the HTML is nested.
"""

from __future__ import annotations

import re
from html import unescape

from selectolax.lexbor import LexborHTMLParser

# Noncharacters (Unicode, section 23.7): never in real text, and taken out of ours first.
_BREAK, _QUOTE, _UNQUOTE = "\ufdd0", "\ufdd1", "\ufdd2"
_MARKS = re.compile("[\ufdd0-\ufdd2]")
_UNREAD = ["script", "style", "head", "template", "object", "svg"]
_BLOCKS = (
    "p,div,li,ul,ol,dl,dt,dd,tr,table,h1,h2,h3,h4,h5,h6,hr,pre,address,section,article,header,"
    "footer,center,form,fieldset,figure,caption,main,nav,aside,blockquote"
)
_QUOTES = (
    "blockquote,.gmail_quote,.gmail_attr,.yahoo_quoted,.moz-cite-prefix,.protonmail_quote,"
    ".tutanota_quote,.OutlookMessageHeader"
)
_SPACES = re.compile(r"[\s\u200b]+")
_BREAKS = re.compile(rf"\s*{_BREAK}\s*")
_BLANKS = re.compile(r"\n{3,}")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)[^<>]*>")
_ANY_TAG = re.compile(r"<[^<>]*>")
# The parser takes quadratic time in the depth of elements.
_DEEP = 2000
_FEW_TAGS = 2000
_EMPTY = {"br", "img", "hr", "meta", "link", "input", "col", "area", "base", "wbr", "source"}


def read_html(html: str) -> str:
    """Give the words of `html`, a line for every block, quoted blocks behind `> `."""
    html = _MARKS.sub(" ", html)
    if is_too_deep(html):
        return _tidy(unescape(_ANY_TAG.sub(f" {_BREAK} ", html)))
    parser = LexborHTMLParser(html)
    root = parser.root
    if root is None:
        return ""
    parser.strip_tags(_UNREAD)
    for node in parser.css("br"):
        node.insert_after(_BREAK)
    for node in parser.css("td,th"):
        node.insert_after(" ")
    for node in parser.css(_BLOCKS):
        node.insert_before(_BREAK)
        node.insert_after(_BREAK)
    for node in parser.css("img[alt]"):
        node.insert_after(f" {_MARKS.sub(' ', node.attributes.get('alt') or '')} ")
    for node in parser.css(_QUOTES):
        node.insert_before(_QUOTE)
        node.insert_after(_UNQUOTE)
    for node in parser.css("pre"):
        node.replace_with(node.text(deep=True).replace("\n", _BREAK))
    return _tidy(root.text(deep=True))


def is_too_deep(html: str) -> bool:
    """Whether elements stand in each other by the thousands: no letter does that."""
    return _measure_depth(html) > _DEEP


def _tidy(text: str) -> str:
    text = _BREAKS.sub("\n", _SPACES.sub(" ", text))
    if _QUOTE in text:
        text = _prefix_quotes(text)
    return _BLANKS.sub("\n\n", text).strip()


def _prefix_quotes(text: str) -> str:
    out: list[str] = []
    depth = 0
    for piece in re.split(f"([{_QUOTE}{_UNQUOTE}])", text):
        if piece == _QUOTE:
            depth += 1
        elif piece == _UNQUOTE:
            depth = max(0, depth - 1)
        elif depth and piece.strip():
            out.append("\n" + "\n".join(f"> {line}" for line in piece.strip().split("\n")) + "\n")
        else:
            out.append(piece)
    return "".join(out)


def _measure_depth(html: str) -> int:
    if html.count("<") < _FEW_TAGS:
        return 0
    depth = deepest = 0
    for closing, name in _TAG.findall(html):
        if closing:
            depth -= 1
        elif name.lower() not in _EMPTY:
            depth += 1
            deepest = max(deepest, depth)
    return deepest

"""The HTML of a message comes in; HTML that can be shown goes out (nh3 lives here only).

What acts, hides or loads is taken out: scripts, frames, forms, styles that place one thing over another, addresses other
than those of the web and of mail. Must never fetch anything, and never raise.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import nh3

from trail.parse.markup import read_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from trail.parse.parts import Tree

TAGS = {
    *("a", "abbr", "address", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code"),
    *("col", "colgroup", "dd", "del", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr"),
    *("i", "img", "ins", "li", "ol", "p", "pre", "q", "s", "small", "span", "strike", "strong", "sub", "sup"),
    *("table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul"),
}  # fmt: skip
SHOWN_LIMIT = 400_000
"""Characters of cleaned markup beyond which a message is better read as text."""

_LOOKS = {"align", "bgcolor", "border", "cellpadding", "cellspacing", "color", "colspan", "dir", "face", "height",
          "lang", "rowspan", "size", "style", "title", "valign", "width"}  # fmt: skip
_STYLES = {
    *("background-color", "color", "direction", "font-family", "font-size", "font-style", "font-weight"),
    *("border", "border-collapse", "line-height", "margin", "padding", "text-align", "text-decoration"),
    *("max-width", "vertical-align", "white-space", "width"),
}  # fmt: skip
_UNREAD = {"script", "style", "title", "svg", "math", "template", "object", "iframe"}
_PICTURES = ("data:image/png;", "data:image/jpeg;", "data:image/gif;", "data:image/webp;")
_TELLING = re.compile(
    r"<(?:b|strong|i|em|u|s|strike|del|ins|big|small|sub|sup|h[1-6]|ul|ol|dl|table|img|pre|code|center)\b"
    r"|\b(?:background-color|color|font-weight|text-align|bgcolor)\b"
)


def clean_html(html: str, show_picture: Callable[[str], str | None]) -> str:
    """Return `html` without anything that acts, hides or loads.

    `show_picture` tells what stands for the source of a picture that does not hold its data itself; None leaves it out.
    """

    def choose(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "href":
            return value if value.lower().startswith(("http://", "https://", "mailto:")) else None
        if tag != "img" or attribute != "src" or value.lower().startswith(_PICTURES):
            return value
        return show_picture(value)

    return nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags=_UNREAD,
        attributes={"*": _LOOKS, "a": {"href"}, "img": {"src", "alt"}},
        attribute_filter=choose,
        url_schemes={"http", "https", "mailto", "cid", "data"},
        filter_style_properties=_STYLES,
        link_rel="noopener noreferrer",
    )


def read_clean_html(content: bytes | Tree) -> str:
    """Return the HTML of a message, or of its tree, cleaned; its own pictures still by `cid:`, others gone.

    "" where it has none, where it is too long, and where it would look no other than the message's text.
    """
    try:
        html = read_body(content)
        cleaned = clean_html(html, _keep_own) if html else ""
    except Exception:  # noqa: BLE001 - as in parse_message: its text is there, whatever this is
        return ""
    return cleaned if len(cleaned) <= SHOWN_LIMIT and _TELLING.search(cleaned) else ""


def _keep_own(source: str) -> str | None:
    return source if source.startswith("cid:") else None

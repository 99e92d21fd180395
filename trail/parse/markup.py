"""The bytes of a message come in; its HTML as the sender wrote it, and the pictures in it, go out.

For display, after somebody has made it harmless: nothing here is. Must never raise, fetch anything, or give out more than
its limits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trail.parse.attachments import read_attachments
from trail.parse.body import BodyReader, is_html
from trail.parse.html import is_too_deep
from trail.parse.parts import split_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trail.parse.parts import Tree

PICTURES_LIMIT = 20 << 20
"""Bytes of all pictures together."""
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


@dataclass(frozen=True, slots=True)
class Markup:
    """`html` is "" where a message has none (or none that can be shown); `pictures` are by Content-ID: type and bytes."""

    html: str = ""
    pictures: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)


def read_markup(content: bytes) -> Markup:
    """Read the HTML of a message, one part after the other, and the pictures it may show."""
    try:
        return _read(content)
    except Exception:  # noqa: BLE001 - as in parse_message: its text is there, whatever this is
        return Markup()


def read_body(content: bytes | Tree) -> str:
    """Give the HTML of a message, or of its tree, alone; "" where it has none, or none that can be shown."""
    return _join_texts(split_parts(content) if isinstance(content, bytes) else content)


def _join_texts(tree: Tree) -> str:
    if not any(map(is_html, tree.parts)):
        return ""  # without decoding the plain text for it
    texts = [t for t in BodyReader(tree, prefer_html=True).read() if t.is_html]
    html = "\n<hr>\n".join(t.markup for t in texts)
    return "" if is_too_deep(html) else html


def _read(content: bytes) -> Markup:
    tree = split_parts(content)
    html = _join_texts(tree)
    if not html:
        return Markup()
    pictures: dict[str, tuple[str, bytes]] = {}
    room = PICTURES_LIMIT
    for attachment, payload, _ in read_attachments(tree):
        name = attachment.content_id.strip("<>")
        if name and attachment.mime_type in _PICTURES and len(payload) <= room:
            pictures[name] = (attachment.mime_type, payload)
            room -= len(payload)
    return Markup(html, pictures)

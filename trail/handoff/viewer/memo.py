"""The transfer memo as a view of the page.

In: `letter.md`, when the bundle has it. Out: a file of data with its markup, made by the same reader as letter.html: words of strangers
are text in it, and links lead to files of the bundle. Never: a letter of which there is only a page of the sender's own making.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.handoff.papers.letter.markdown import to_html
from trail.handoff.viewer.chunks import format_chunk, name_chunk, write_json

if TYPE_CHECKING:
    from trail.handoff.bag import Bag

SOURCE = "letter.md"
LIMIT = 4 << 20
"""Bytes of a letter: ours has some 50 KB at most."""


def write_memo(bag: Bag) -> bool:
    """Write its data. Returns whether there is a letter to show."""
    path = bag.root / SOURCE
    if not path.is_file() or path.stat().st_size > LIMIT:
        return False
    markup = to_html(path.read_text(encoding="utf-8"))
    bag.write_file(name_chunk("letter", 0), format_chunk("letter", 0, write_json([markup])))
    return True

"""What of a hand-off is less than was asked for, in words for the sender: attachments that stay, signs that no font has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trail import render
from trail.terminal import Line, clean_text, wrap_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.model import Kept

SHOWN = 10
"""Attachments that are named; JSON has all."""


def wrap_words(line: str, width: int | None, indent: str = "  ") -> list[str]:
    """A line of ours, broken between words; a path or an option stays whole."""
    return [piece.text for piece in wrap_line(Line(clean_text(line)), width, indent=indent)]


def describe_kept(kept: Sequence[Kept]) -> list[str]:
    """Which attachments stay behind although nobody asked for it: a line for each reason."""
    reasons = {
        True: "nobody can look into {it}",
        False: "what is to be redacted stands in {it} and cannot be blacked out",
    }
    lines = []
    for unseen, why in reasons.items():
        names = [clean_text(one.name) or "(without a name)" for one in kept if one.unseen is unseen]
        if names:
            it = "it" if len(names) == 1 else "them"
            more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
            lines.append(
                f"{render.count_of(len(names), 'attachment')} withheld, {why.format(it=it)}: {', '.join(names[:SHOWN])}{more}"
            )
    return lines


def kept_data(kept: Sequence[Kept]) -> list[dict[str, Any]]:
    """The same for programs, all of them."""
    return [{"filename": one.name, "why": "unseen" if one.unseen else "found"} for one in kept]


def describe_boxes(count: int) -> str:
    """That PDFs do not show all signs, and what helps."""
    from trail.handoff.pdf.signs import BOX, find_font

    hint = (
        "; Chinese, Japanese and Korean need a font, such as Noto Sans CJK (Debian: fonts-noto-cjk)"
    )
    return f"{render.count_of(count, 'PDF')} with {BOX} for signs that no font here has{'' if find_font() else hint}"

"""Which signs can be drawn, and with which font: two of our own (DejaVu Sans), and one of the machine's for the rest, if it has one.

In: text. Out: text of which each sign can be drawn. Never: hides that one could not be; a box stands for it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trail.handoff.plain import many_lines

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

FONTS = Path(__file__).parent / "fonts"
REGULAR, BOLD = FONTS / "DejaVuSans.ttf", FONTS / "DejaVuSans-Bold.ttf"
BOX = "\N{WHITE SQUARE}"

_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]"
)
"""What turns, hides or joins signs: without it they stand in the order in which they were written."""
_LINUX = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
)
_MACOS = (
    "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
    "/Library/Fonts/Arial Unicode.ttf",
)
_WINDOWS = (
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/simsun.ttc",
    "C:/Windows/Fonts/msgothic.ttc",
    "C:/Windows/Fonts/malgun.ttf",
)
_RIGHT_TO_LEFT = range(0x0590, 0x0900), range(0xFB1D, 0xFE00), range(0xFE70, 0xFEFF)
"""Drawn sign by sign they would read backwards: a box is the smaller harm."""


def find_font(places: Sequence[str] | None = None) -> Path | None:
    """The machine's font with the signs of Chinese, Japanese and Korean; None where none of the known ones is there."""
    if places is None:
        places = {"darwin": _MACOS, "win32": _WINDOWS}.get(sys.platform, _LINUX)
    return next((path for path in map(Path, places) if path.is_file()), None)


def lacks_signs(texts: Iterable[str], drawable: Container[int]) -> bool:
    """Whether any of these texts has a sign that cannot be drawn."""
    return any(fit_text(read_text(text, len(text)), drawable)[1] for text in texts)


def read_text(text: str, limit: int) -> str:
    """At most `limit` characters of `text`, in the order in which they were written, with LF at line ends."""
    text = many_lines(text.expandtabs(4), limit)
    return text if text.isascii() else _INVISIBLE.sub("", text)


def fit_text(text: str, drawable: Container[int]) -> tuple[str, int]:
    """The text with a box for each sign that cannot be drawn, and how many those are."""
    if text.isascii():
        return text, 0
    fit = [c if c in "\n " or can_draw(ord(c), drawable) else BOX for c in text]
    return "".join(fit), sum(a != b for a, b in zip(text, fit, strict=True))


def can_draw(sign: int, drawable: Container[int]) -> bool:
    """Whether a font has the sign, and it stands where it should when drawn after the one before."""
    return sign in drawable and not any(sign in turned for turned in _RIGHT_TO_LEFT)

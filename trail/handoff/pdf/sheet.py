"""Paper to draw a message on: an A4 document in PDF/A-3b, its fonts, lines and files (fpdf2 lives here only).

In: text and paths. Out: bytes, the same for the same calls and fonts. Never: anything that acts, loads or can be pressed,
or a sign that the font has not.
"""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fpdf import FPDF
from fpdf.fonts import TTFFont

from trail.handoff.pdf import signs
from trail.handoff.plain import one_line
from trail.handoff.texts import say

if TYPE_CHECKING:
    from trail.handoff.companions import Written

_WORDS = Path(__file__).parent / "words.json"
FIELD_LIMIT = 2_000
"""Characters of what stands on one line."""
BLACK, GREY = (0, 0, 0), (90, 90, 90)

_OURS, _THEIRS = "dejavu", "machine"
_LABEL, _INDENT = 27.0, 6.0
"""Millimetres."""
_KIND = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,100}")
_MODIFIED = re.compile(rb'(xmp:(?:ModifyDate|MetadataDate)=")[^"]*"')
_YEARS = range(1970, 2100)
_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)
for _name in ("fpdf", "fontTools"):  # tell of each table of a font that is left out
    logging.getLogger(_name).setLevel(logging.CRITICAL)


def list_drawable() -> set[int]:
    """Every sign that one of our fonts has, or that of the machine."""
    paper = FPDF()
    paper.add_font(_OURS, "", signs.REGULAR)
    if path := signs.find_font():
        paper.add_font(_THEIRS, "", path)
    found: set[int] = set()
    for font in paper.fonts.values():
        if isinstance(font, TTFFont):
            found |= font.cmap.keys()
            font.ttfont.close()
    return found


class Sheet(FPDF):
    """The document of one message. To be closed."""

    def __init__(self, written: Written, language: str = "en") -> None:
        self.language = language
        self.said = partial(say, _WORDS, language)
        super().__init__(enforce_compliance="PDF/A-3B")
        self.missing = 0
        """Signs that could not be drawn."""
        self._written = written
        self._at = _choose_time(written)
        self._looked = False
        self.str_alias_nb_pages = ""  # else `{nb}` in a message would become a number
        self.set_display_mode("default")
        self.set_creation_date(self._at)
        self.set_lang(written.language or "en")
        self.add_font(_OURS, "", signs.REGULAR)
        self.add_font(_OURS, "B", signs.BOLD)
        self._drawable, self._bold = self._list_signs(_OURS), self._list_signs(f"{_OURS}B")
        self.set_title(one_line(written.envelope.subject, FIELD_LIMIT) or self.said("subject"))
        self.set_producer("trail")
        self.set_auto_page_break(auto=True, margin=18)
        self.set_margins(20, 18, 20)
        self.add_page()

    def footer(self) -> None:
        """Which message this is, and which of its pages."""
        self.set_y(-12)
        self.set_font(_OURS, "", 7)
        self.set_text_color(*GREY)
        self.cell(0, 4, f"{self._written.mailbag_id}   {self.said('page', n=self.page_no())}")

    def file_id(self) -> str:
        """The message's own, so that the same message makes the same file."""
        key = (self._written.key or "0" * 32)[:32].upper()
        return f"<{key}><{key}>"

    def finish(self) -> bytes:
        """The document. Its time of change is that of its message: a clock would make each copy another."""
        content = bytes(self.output())
        start = content.rindex(b"<x:xmpmeta")
        stamp = self._at.isoformat(timespec="seconds").encode()
        about = _MODIFIED.sub(rb"\g<1>" + stamp + b'"', content[start:])
        assert start + len(about) == len(content), "the table of places follows"
        return content[:start] + about

    def close(self) -> None:
        """Close the files of the fonts."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()

    def put(
        self,
        text: str,
        size: float = 9,
        *,
        bold: bool = False,
        colour: tuple[int, int, int] = BLACK,
        width: float = 0,
    ) -> None:
        """Draw a line, wrapped where it is too long; `size` in points, `width` in millimetres, 0 for all there is."""
        text = signs.read_text(text, len(text))
        known = self._bold if bold else self._drawable
        if not text.isascii() and not all(ord(c) in known for c in text):
            self._look_further()
            known = known | self._drawable
        fit, missing = signs.fit_text(text, known)
        self.missing += missing
        self.set_font(_OURS, "B" if bold else "", size)
        self.set_text_color(*colour)
        self.multi_cell(width, size * 0.5, fit, align="L", new_x="LMARGIN", new_y="NEXT")

    def put_title(self, title: str) -> None:
        """Head a part of the page."""
        self.ln(4)
        self.put(title, bold=True, colour=GREY)
        self.ln(1)

    def put_line(self, line: str) -> None:
        """Draw what stands for itself, on one line if it fits."""
        self.put(one_line(line, FIELD_LIMIT))

    def put_field(self, label: str, value: str) -> None:
        """Draw a name and beside it a value; nothing where there is none."""
        if not value:
            return
        top, page = self.y, self.page
        self.put(label, colour=GREY, width=_LABEL)
        if self.page == page:
            self.y = top
        self._shift(_LABEL)
        self.put_line(value)
        self._shift(-_LABEL)

    def put_text(self, text: str, *, quoted: bool) -> None:
        """Draw a text line by line, what is quoted set apart: in grey, and indented where no `>` does that."""
        lines = text.split("\n")
        indent = _INDENT if quoted and not any(line.startswith(">") for line in lines) else 0
        self._shift(indent)
        for line in lines:
            if line.strip():
                self.put(line, colour=GREY if quoted else BLACK)
            else:
                self.ln(2.5)
        self._shift(-indent)

    def put_rule(self) -> None:
        """Draw a line across the page."""
        self.ln(1)
        self.set_draw_color(180)
        self.line(self.l_margin, self.y, self.w - self.r_margin, self.y)
        self.ln(4)

    def embed(self, path: Path, name: str, mime_type: str) -> None:
        """Take a file in, under its own name; `name` is what else it is called."""
        kind = mime_type.lower()
        self.embed_file(
            path,
            mime_type=kind if _KIND.fullmatch(kind) else "application/octet-stream",
            modification_date=self._at,
            desc=one_line(name, 200) or path.name,
            compress=kind.startswith("text/"),
        )

    def _shift(self, by: float) -> None:
        self.set_left_margin(self.l_margin + by)
        self.x = self.l_margin

    def _list_signs(self, name: str) -> set[int]:
        font = self.fonts[name]
        return set(font.cmap) if isinstance(font, TTFFont) else set()

    def _look_further(self) -> None:
        """Take up the machine's font, once, for signs that ours has not: loading one takes its time."""
        if self._looked:
            return
        self._looked = True
        fonts = [_OURS]
        if path := signs.find_font():
            self.add_font(_THEIRS, "", path)
            self._drawable |= self._list_signs(_THEIRS)
            fonts.append(_THEIRS)
        self.set_fallback_fonts(fonts, exact_match=False)


def _choose_time(written: Written) -> datetime:
    """When the message was sent, or received, in UTC; PDF knows no other than plausible years."""
    for at in (written.envelope.sent_at, written.received_at):
        if at is not None and at.year in _YEARS:
            return at.astimezone(UTC).replace(microsecond=0)
    return _UNKNOWN

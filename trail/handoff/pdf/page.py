"""One message as a PDF/A-3b: its head, its text, what is attached, and the attached files in it (fpdf2 lives here only).

In: a message as it lies in the bundle, and the bundle's folder for its attachments. Out: bytes, the same for the same
message and fonts. Never: anything that acts, loads or can be pressed: links are text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fpdf import FPDF
from fpdf.fonts import TTFFont

from trail.handoff.pdf import signs
from trail.handoff.pdf.links import find_links
from trail.handoff.plain import count_of, format_size, one_line

if TYPE_CHECKING:
    from pathlib import Path

    from trail.handoff.companions import Written, WrittenFile

TEXT_LIMIT = 200_000
"""Characters of a text beyond which it is cut: some eighty pages."""
HEAD_LIMIT = 2_000
"""Characters of a field of the head, and of a link."""
EMBEDDED_LIMIT = 32 * 1024 * 1024
"""Bytes of attachments in one PDF; one that does not fit any more lies beside it in the bundle only."""

_OURS, _THEIRS = "dejavu", "machine"
_BLACK, _GREY = (0, 0, 0), (90, 90, 90)
_LABEL, _INDENT = 27.0, 6.0
"""Millimetres."""
_KIND = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,100}")
_MODIFIED = re.compile(rb'(xmp:(?:ModifyDate|MetadataDate)=")[^"]*"')
_YEARS = range(1970, 2100)
_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)
_ROLES = ("from", "sender", "reply-to", "to", "cc", "bcc")


def draw_message(root: Path, written: Written) -> bytes:
    """The PDF of a message, with its attachments from the bundle at `root`. May raise anything on hostile mail."""
    sheet = _Sheet(written)
    sheet.draw_head(written)
    sheet.draw_text(written.text, "This message has no text." if not written.quoted else "")
    if written.quoted:
        sheet.draw_title("Quoted from earlier messages")
        sheet.draw_text(written.quoted, quoted=True)
    if links := find_links(written.html):
        sheet.draw_title("Links, and where they lead")
        for words, target in links:
            sheet.draw_line(f"{words or '(a picture)'} \N{RIGHTWARDS ARROW} {target}")
    if written.files:
        sheet.draw_files(root, written.files)
    sheet.draw_notes(written)
    return sheet.finish()


def draw_notice(written: Written) -> bytes:
    """A page that says that the message could not be drawn, and where it is."""
    sheet = _Sheet(written)
    sheet.draw_title("This message could not be drawn")
    sheet.draw_line(f"It is in this bundle as it was sent: {written.path}")
    for file in written.files[:1000]:
        sheet.draw_line(f"Its attachment: {file.path}")
    return sheet.finish()


class _Sheet(FPDF):
    """An A4 document of one message."""

    def __init__(self, written: Written) -> None:
        super().__init__(enforce_compliance="PDF/A-3B")
        self._written = written
        self._missing = 0
        self._cut = False
        self.str_alias_nb_pages = ""  # else `{nb}` in a message would become a number
        self.set_display_mode("default")
        self._at = _choose_time(written)
        self.set_creation_date(self._at)
        self.set_lang(written.language or "en")
        self.add_font(_OURS, "", signs.REGULAR)
        self.add_font(_OURS, "B", signs.BOLD)
        self._drawable, self._bold = self._list_signs(_OURS), self._list_signs(f"{_OURS}B")
        self._looked = False
        self.set_title(one_line(written.envelope.subject, 500) or "(no subject)")
        self.set_producer("trail")
        self.set_auto_page_break(auto=True, margin=18)
        self.set_margins(20, 18, 20)
        self.add_page()

    def footer(self) -> None:
        """Which message this is, and which of its pages."""
        self.set_y(-12)
        self.set_font(_OURS, "", 7)
        self.set_text_color(*_GREY)
        self.cell(0, 4, f"{self._written.mailbag_id}   page {self.page_no()}")

    def file_id(self) -> str:
        """The message's own, so that the same message makes the same file."""
        key = (self._written.key or "0" * 32)[:32].upper()
        return f"<{key}><{key}>"

    def draw_head(self, written: Written) -> None:
        """Who wrote to whom, when, and about what."""
        envelope = written.envelope
        self._put(one_line(envelope.subject, HEAD_LIMIT) or "(no subject)", 14, bold=True)
        self.ln(2)
        by_role: dict[str, list[str]] = {}
        for who in envelope.addresses:
            shown = f"{who.name} <{who.address}>" if who.name else who.address
            by_role.setdefault(who.role, []).append(shown)
        for role in _ROLES:
            self._field(role.title(), ", ".join(by_role.get(role, ())))
        self._field("Date", _format_time(envelope.sent_at))
        self._field("Received", _format_time(written.received_at))
        self._field("Message-ID", f"<{envelope.message_id}>" if envelope.message_id else "")
        self._field("Folder", written.folder)
        self._field("File", written.path)
        self._field("Changed", "; ".join(written.changes))
        self.ln(1)
        self.set_draw_color(180)
        self.line(self.l_margin, self.y, self.w - self.r_margin, self.y)
        self.ln(4)

    def draw_title(self, title: str) -> None:
        """Head a part of the page."""
        self.ln(4)
        self._put(title, 9, bold=True, colour=_GREY)
        self.ln(1)

    def draw_text(self, text: str, instead: str = "", *, quoted: bool = False) -> None:
        """Draw a text, what is quoted set apart; `instead` where there is none."""
        self._cut |= len(text) > TEXT_LIMIT
        shown = signs.read_text(text, TEXT_LIMIT) or instead
        if quoted:
            self.set_left_margin(self.l_margin + _INDENT)
        for line in shown.split("\n"):
            if line.strip():
                self._put(line, 9, colour=_GREY if quoted else _BLACK)
            else:
                self.ln(2.5)
        if quoted:
            self.set_left_margin(self.l_margin - _INDENT)
            self.x = self.l_margin

    def draw_line(self, line: str) -> None:
        """Draw what stands for itself."""
        self._put(one_line(line, HEAD_LIMIT), 9)

    def draw_files(self, root: Path, files: tuple[WrittenFile, ...]) -> None:
        """List what is attached, and take the files in."""
        self.draw_title(count_of(len(files), "attachment"))
        left = EMBEDDED_LIMIT
        for file in files:
            stored = file.path.rpartition("/")[2]
            line = f"{file.name or stored} \N{EM DASH} {file.mime_type}, {format_size(file.size)}"
            fits = file.size <= left
            if fits:
                left -= file.size
                self._embed((root / file.path).read_bytes(), stored, file)
            self.draw_line(line if fits else f"{line}; not in this PDF")
            self._put(one_line(file.path), 7, colour=_GREY)

    def draw_notes(self, written: Written) -> None:
        """Say what of the message is not on these pages."""
        notes = []
        if self._cut:
            notes.append("The text is longer than what is drawn here.")
        if self._missing:
            notes.append(
                f"{count_of(self._missing, 'sign')} could not be drawn; {signs.BOX} stands for each."
            )
        if written.html:
            notes.append("The message has a look of its own, which is not drawn here.")
        if notes:
            self.ln(4)
            self._put(f"{' '.join(notes)} All of it is in {written.path}", 7, colour=_GREY)

    def finish(self) -> bytes:
        """The document. Its time of change is that of its message: a clock would make each copy another."""
        content = bytes(self.output())
        start = content.rindex(b"<x:xmpmeta")
        stamp = self._at.isoformat(timespec="seconds").encode()
        about = _MODIFIED.sub(rb"\g<1>" + stamp + b'"', content[start:])
        assert start + len(about) == len(content), "the table of places follows"
        return content[:start] + about

    def _embed(self, content: bytes, stored: str, file: WrittenFile) -> None:
        kind = file.mime_type.lower()
        self.embed_file(
            bytes=content,
            basename=stored,
            mime_type=kind if _KIND.fullmatch(kind) else "application/octet-stream",
            modification_date=self._at,
            desc=one_line(file.name, 200) or stored,
            compress=kind.startswith("text/"),
        )

    def _field(self, label: str, value: str) -> None:
        if not value:
            return
        top, page = self.y, self.page
        self._put(label, 9, colour=_GREY, width=_LABEL)
        if self.page == page:
            self.y = top
        self.set_left_margin(self.l_margin + _LABEL)
        self._put(one_line(value, HEAD_LIMIT), 9)
        self.set_left_margin(self.l_margin - _LABEL)
        self.x = self.l_margin

    def _put(
        self,
        text: str,
        size: float,
        *,
        bold: bool = False,
        colour: tuple[int, int, int] = _BLACK,
        width: float = 0,
    ) -> None:
        text = signs.read_text(text, len(text))
        known = self._bold if bold else self._drawable
        if not text.isascii() and not all(ord(c) in known for c in text):
            self._look_further()
            known = known | self._drawable
        fit, missing = signs.fit_text(text, known)
        self._missing += missing
        self.set_font(_OURS, "B" if bold else "", size)
        self.set_text_color(*colour)
        self.multi_cell(width, size * 0.5, fit, align="L", new_x="LMARGIN", new_y="NEXT")

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


def _format_time(at: datetime | None) -> str:
    return at.isoformat(sep=" ", timespec="seconds") if at else ""

"""One message on pages: its head, its text, where its links lead, what is attached, and what of it is not drawn.

In: a message as it lies in the bundle, and the bundle's folder for its attachments. Out: a PDF. Never: more of a hostile
message than its text.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from trail.handoff.pdf import signs
from trail.handoff.pdf.links import find_links
from trail.handoff.pdf.sheet import FIELD_LIMIT, GREY, Sheet
from trail.handoff.plain import one_line
from trail.handoff.texts import say_size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from trail.handoff.companions import Written, WrittenFile

Piece = tuple[str, str]
"""What a text is: `written`, `quoted`, or `beside` for what only the HTML says; and the text."""
TEXT_LIMIT = 200_000
"""Characters of a text beyond which it is cut: some eighty pages."""
EMBEDDED_LIMIT = 25 * 1024 * 1024
"""Bytes of attachments in one PDF; one that does not fit any more lies beside it in the bundle only."""
_LISTED = 1000
_ROLES = ("from", "sender", "reply-to", "to", "cc", "bcc")


class Drawn(NamedTuple):
    """The PDF of a message."""

    content: bytes
    missing: int = 0
    """Signs that could not be drawn."""


def draw_message(
    root: Path, written: Written, pieces: Sequence[Piece] = (), language: str = "en"
) -> Drawn:
    """The PDF of a message, with its attachments from the bundle at `root`. May raise anything on hostile mail.

    `pieces` are its text in the order of the message; without them, what is quoted follows what is not.
    """
    pieces = pieces or (("written", written.text), ("quoted", written.quoted))
    with closing(Sheet(written, language)) as sheet:
        _draw_head(sheet, written)
        is_cut = _draw_pieces(sheet, pieces)
        if links := find_links(written.html):
            sheet.put_title(sheet.said("links"))
            for words, target in links:
                sheet.put_line(f"{words or sheet.said('picture')} \N{RIGHTWARDS ARROW} {target}")
        if written.files:
            _draw_files(sheet, root, written.files)
        _draw_notes(sheet, written, is_cut=is_cut)
        return Drawn(sheet.finish(), sheet.missing)


def draw_notice(written: Written, language: str = "en") -> bytes:
    """A page that says that the message could not be drawn, and where it is."""
    with closing(Sheet(written, language)) as sheet:
        sheet.put_title(sheet.said("failed"))
        sheet.put_line(sheet.said("there", path=written.path))
        for file in written.files[:_LISTED]:
            sheet.put_line(sheet.said("attached", path=file.path))
        return sheet.finish()


def _draw_head(sheet: Sheet, written: Written) -> None:
    envelope = written.envelope
    sheet.put(one_line(envelope.subject, FIELD_LIMIT) or sheet.said("subject"), 14, bold=True)
    sheet.ln(2)
    by_role: dict[str, list[str]] = {}
    for who in envelope.addresses:
        shown = f"{who.name} <{who.address}>" if who.name else who.address
        by_role.setdefault(who.role, []).append(shown)
    for role in _ROLES:
        sheet.put_field(sheet.said(role), ", ".join(by_role.get(role, ())))
    sheet.put_field(sheet.said("date"), _format_time(envelope.sent_at))
    sheet.put_field(sheet.said("received"), _format_time(written.received_at))
    sheet.put_field(
        sheet.said("message-id"), f"<{envelope.message_id}>" if envelope.message_id else ""
    )
    sheet.put_field(sheet.said("folder"), written.folder)
    sheet.put_field(sheet.said("file"), written.path)
    sheet.put_field(sheet.said("changed"), "; ".join(map(sheet.said, written.changes)))
    sheet.put_rule()


def _draw_pieces(sheet: Sheet, pieces: Sequence[Piece]) -> bool:
    """Draw the text; return whether it had to be cut."""
    left = TEXT_LIMIT
    drawn = [(kind, text) for kind, text in pieces if text.strip()]
    before = ""
    for place, (kind, text) in enumerate(drawn or [("written", sheet.said("empty"))]):
        if kind == "beside" != before:
            sheet.put_title(sheet.said("beside"))
        elif place:
            sheet.ln(2.5)
        before = kind
        sheet.put_text(signs.read_text(text, left), quoted=kind == "quoted")
        left -= len(text)
        if left <= 0:
            return left < 0 or place + 1 < len(drawn)
    return False


def _draw_files(sheet: Sheet, root: Path, files: tuple[WrittenFile, ...]) -> None:
    """List what is attached, and take the files in."""
    sheet.put_title(sheet.said("files", n=len(files)))
    left = EMBEDDED_LIMIT
    for file in files:
        name = file.name or file.path.rpartition("/")[2]
        line = f"{name} \N{EM DASH} {file.mime_type}, {say_size(sheet.language, file.size)}"
        if file.size <= left:
            left -= file.size
            sheet.embed(root / file.path, file.name, file.mime_type)
        else:
            line += f"; {sheet.said('large')}"
        sheet.put_line(line)
        sheet.put(one_line(file.path), 7, colour=GREY)


def _draw_notes(sheet: Sheet, written: Written, *, is_cut: bool) -> None:
    """Say what of the message is not on these pages."""
    notes = []
    if is_cut:
        notes.append(sheet.said("longer"))
    if sheet.missing:
        notes.append(sheet.said("signs", n=sheet.missing, box=signs.BOX))
    if written.html:
        notes.append(sheet.said("look"))
    if notes:
        sheet.ln(4)
        notes.append(sheet.said("whole", path=written.path))
        sheet.put(" ".join(notes), 7, colour=GREY)


def _format_time(at: datetime | None) -> str:
    return at.isoformat(sep=" ", timespec="seconds") if at else ""

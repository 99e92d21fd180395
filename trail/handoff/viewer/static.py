"""What the page says to a browser that runs no scripts: who, how much, and a way to every message.

In: entries in date order. Out: markup of links and text. Never: more rows than such a page can bear; then the months only,
and the table and the mbox have the messages.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from trail.handoff.viewer.template import escape, isolate

if TYPE_CHECKING:
    from pathlib import Path

    from trail.handoff.companions import Colophon, Written

ROWS = 3_000
"""Messages up to which each has a line."""


class Listing:
    """Gathers a line a message in `spool`."""

    def __init__(self, spool: Path) -> None:
        self._draft = (spool / "static").open("xb")
        self._path = spool / "static.html"
        self._months: dict[str, int] = {}
        self._messages = 0

    def add(self, entry: Written) -> None:
        """Take up one message."""
        self._messages += 1
        self._months[entry.month] = self._months.get(entry.month, 0) + 1
        if self._messages <= ROWS:
            self._draft.write(_row(entry).encode())

    def abandon(self) -> None:
        """Close the draft whatever the disk says."""
        with contextlib.suppress(OSError):
            self._draft.close()

    def write(self, colophon: Colophon, beside: list[str]) -> Path:
        """Write what was gathered and return where it is; `beside` are files at the bundle's root."""
        self._draft.close()
        with self._path.open("wb") as page:
            page.write(
                f"<p>{self._messages:,} messages. {_link(colophon.mbox)} has them all, for a mail program; "
                f"{_link('mailbag.csv')} lists them, for a spreadsheet.</p>\n"
                f"<p>Also here: {', '.join(map(_link, beside))}</p>\n".encode()
            )
            if self._messages > ROWS:
                items = "".join(f"<li>{m}: {self._months[m]:,}</li>" for m in sorted(self._months))
                page.write(f"<ul>{items}</ul>\n".encode())
            else:
                page.write(b"<ol>\n")
                with (self._path.parent / "static").open("rb") as draft:
                    while piece := draft.read(1 << 16):
                        page.write(piece)
                page.write(b"</ol>\n")
        return self._path


def _row(entry: Written) -> str:
    sender = entry.envelope.sender
    who = isolate(sender.name or sender.address, 60) if sender else ""
    subject = isolate(entry.envelope.subject) if entry.envelope.subject.strip() else "—"
    files = f" · {len(entry.files)} 📎" if entry.files else ""
    day = entry.at.date().isoformat()
    return (
        f'<li><time>{day}</time> {who}: <a href="{_href(entry.path)}">{subject}</a>{files}</li>\n'
    )


def _href(path: str) -> str:
    return escape(quote(path, safe="/"), 4_000)


def _link(path: str) -> str:
    return f'<a href="{_href(path)}">{escape(path)}</a>'

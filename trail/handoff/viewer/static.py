"""What the page says to a browser that runs no scripts: who, how much, and a way to every message.

In: entries in date order. Out: markup of links and text. Never: more rows than such a page can bear; then the months only,
and the table and the mbox have the messages.
"""

from __future__ import annotations

import contextlib
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import quote

from trail.handoff.notes import DAYS, describe_circumstances
from trail.handoff.sender import introduce
from trail.handoff.viewer.template import escape, isolate
from trail.handoff.viewer.words import say_day, speaker

if TYPE_CHECKING:
    from collections.abc import Iterator
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

    def write(self, colophon: Colophon, beside: list[str], *, pdfs: bool) -> Path:
        """Write what was gathered and return where it is; `beside` are files at the bundle's root, `pdfs` says whether there are any."""
        self._draft.close()
        with self._path.open("wb") as page:
            page.write("".join(self._introduce(colophon, beside, pdfs=pdfs)).encode())
            if self._messages > ROWS:
                items = "".join(f"<li>{m}: {self._months[m]}</li>" for m in sorted(self._months))
                page.write(f"<ul>{items}</ul>\n".encode())
            else:
                page.write(b"<ol>\n")
                said = speaker(colophon.language)
                with (self._path.parent / "static").open(encoding="utf-8", newline="\n") as draft:
                    for line in draft:
                        row, files = line.rstrip("\n").split("\t")
                        told = f" · {said('files', n=int(files))}" if int(files) else ""
                        page.write(f"<li>{row}{told}</li>\n".encode())
                page.write(b"</ol>\n")
        return self._path

    def _introduce(self, colophon: Colophon, beside: list[str], *, pdfs: bool) -> Iterator[str]:
        """Who handed over, under which circumstances, how much there is, and what lies beside it."""
        said = speaker(colophon.language)
        day = say_day(colophon.language, colophon.created_at)
        name = introduce(colophon.sender, colophon.senders)
        who = [f"{said('handedOverBy')} {name}"] if name else []
        yield f"<p>{', '.join(isolate(part) for part in (*who, day))}</p>\n"
        for name, values in describe_circumstances(colophon):
            yield f"<p>{isolate(said(f'note.{name}', **_with_days(colophon.language, values)), 1_000)}</p>\n"
        parts = [
            f"{said('messages', n=self._messages)}.",
            said("static.mbox", file=_link(colophon.mbox)),
            said("static.table", file=_link("mailbag.csv")),
        ]
        if pdfs:
            parts.append(said("static.pdfs", file=_link("data/pdf")))
        if colophon.withheld:
            parts.append(said("withheldNote", n=sum(colophon.withheld.values())))
        yield f"<p>{' '.join(parts)}</p>\n"
        yield f"<p>{said('beside')}: {', '.join(map(_link, beside))}</p>\n"


def _with_days(language: str, values: dict[str, str | int]) -> dict[str, str | int]:
    return {
        key: say_day(language, date.fromisoformat(str(value))) if key in DAYS else value
        for key, value in values.items()
    }


def _row(entry: Written) -> str:
    """Its markup, a tab, how many files it has: they are put into words once the language is known."""
    sender = entry.envelope.sender
    who = isolate(sender.name or sender.address, 60) if sender else ""
    subject = isolate(entry.envelope.subject) if entry.envelope.subject.strip() else "—"
    day = entry.at.date().isoformat()
    return f'<time>{day}</time> {who}: <a href="{_href(entry.path)}">{subject}</a>\t{len(entry.files)}\n'


def _href(path: str) -> str:
    return escape(quote(path, safe="/"), 4_000)


def _link(path: str) -> str:
    return f'<a href="{_href(path)}">{escape(path)}</a>'

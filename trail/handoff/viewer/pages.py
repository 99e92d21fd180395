"""START-HERE.html and its companions, gathered message by message.

In: entries in date order, then who handed over what. Out: tag files of the bag. Never: keeps a message in
memory (markup is spooled, a file a month), asks anything of a network, or says more of withheld mail than
how much there is and why.
"""

from __future__ import annotations

import contextlib
import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.handoff.notes import describe_circumstances
from trail.handoff.viewer import chart, markup, people, template

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    from trail.handoff.bag import Bag
    from trail.handoff.companions import Colophon, Written

START_PAGE = "START-HERE.html"
ONE_PAGE_LIMIT = 3_000_000
"""Bytes of messages up to which they all stand in START-HERE.html."""
TIMELINE_LIMIT = 16_000_000
"""Bytes of one-line rows up to which START-HERE.html lists every message."""


@dataclass(slots=True)
class _Month:
    messages: int = 0
    row_bytes: int = 0
    full_bytes: int = 0


class Pages:
    """Gathers entries, then writes the pages into a bag. `spool` is an empty folder for its drafts."""

    def __init__(self, spool: Path, me: tuple[str, ...]) -> None:
        self._spool = spool
        self._months: dict[str, _Month] = {}
        self._people = people.People(me)
        self._current = ""
        self._drafts: list[BinaryIO] = []
        self._files: BinaryIO = (spool / "files").open("xb")
        self._attachments = 0
        self._first: datetime | None = None
        self._last: datetime | None = None

    def add(self, entry: Written) -> None:
        """Take up one message."""
        if entry.month != self._current:
            self._turn_to(entry.month)
        rows, full = self._drafts
        month = self._months[entry.month]
        month.messages += 1
        month.row_bytes += rows.write(markup.short_row(entry).encode())
        month.full_bytes += full.write(markup.full_row(entry).encode())
        if entry.files:
            self._files.write(markup.file_rows(entry).encode())
            self._attachments += len(entry.files)
        self._people.add(entry.envelope, entry.at)
        self._first = min(self._first or entry.at, entry.at)
        self._last = max(self._last or entry.at, entry.at)

    def close(self) -> None:
        """Close the drafts."""
        for draft in (*self._drafts, self._files):
            draft.close()
        self._drafts = []

    def abandon(self) -> None:
        """Close the drafts whatever the disk says: they are about to be removed."""
        for draft in (*self._drafts, self._files):
            with contextlib.suppress(OSError):
                draft.close()

    def write(self, bag: Bag, colophon: Colophon) -> None:
        """Write the pages. No entry may follow."""
        self.close()
        months = sorted(self._months)
        full_bytes = sum(self._months[m].full_bytes for m in months)
        row_bytes = sum(self._months[m].row_bytes for m in months)
        one_page = full_bytes <= ONE_PAGE_LIMIT
        if not one_page:
            self._write_months(bag, colophon, months)
        kind = "full" if one_page else "rows" if row_bytes <= TIMELINE_LIMIT else ""
        timeline = self._join_timeline(months, kind)
        files = self._write_files(bag, colophon, one_page=one_page)
        gaps: dict[str, str | Path] = {
            **_page_gaps(f"{colophon.client}: correspondence"),
            "client": markup.isolate(colophon.client),
            "span": self._describe_span(colophon),
            "handed_over": self._describe_hand_over(colophon),
            "facts": self._describe_facts(colophon),
            "months": chart.draw_months(
                {month: self._months[month].messages for month in months}, in_page=bool(kind)
            ),
            "timeline": timeline,
            "people": self._people.rows(),
            "people_more": self._people.rest(),
            "files": files,
            "withheld": _describe_withheld(colophon.withheld),
            "mbox": f'<a href="{markup.link(colophon.mbox)}" download>{markup.escape(colophon.mbox)}</a>',
            "completeness": _describe_completeness(colophon.completeness),
            "version": markup.escape(colophon.version),
        }
        _write_page(bag, START_PAGE, "start.html", gaps, "")

    def _turn_to(self, month: str) -> None:
        for draft in self._drafts:
            draft.close()
        self._drafts = []
        for kind in ("rows", "full"):
            self._drafts.append((self._spool / f"{month}.{kind}").open("ab"))
        self._months.setdefault(month, _Month())
        self._current = month

    def _join_timeline(self, months: list[str], kind: str) -> Path:
        joined = self._spool / "timeline"
        with joined.open("wb") as file:
            for month in months if kind else ():
                file.write(_month_head(month, self._months[month].messages).encode())
                with (self._spool / f"{month}.{kind}").open("rb") as draft:
                    while piece := draft.read(1 << 16):
                        file.write(piece)
                file.write(b"</ol></section>\n")
        return joined

    def _write_months(self, bag: Bag, colophon: Colophon, months: list[str]) -> None:
        for place, month in enumerate(months):
            title = markup.format_month(month)
            before = months[place - 1] if place else ""
            after = months[place + 1] if place + 1 < len(months) else ""
            gaps: dict[str, str | Path] = {
                **_page_gaps(f"{title}: {colophon.client}"),
                "client": markup.isolate(colophon.client),
                "heading": title,
                "count": markup.count(self._months[month].messages, "message"),
                "before": _page_link(before, "prev"),
                "after": _page_link(after, "next"),
                "messages": self._spool / f"{month}.full",
            }
            _write_page(bag, f"pages/{month}.html", "month.html", gaps, "../")

    def _write_files(self, bag: Bag, colophon: Colophon, *, one_page: bool) -> str | Path:
        if not self._attachments:
            return '<tr><td colspan="5">No attachments.</td></tr>'
        if one_page:
            return self._spool / "files"
        gaps: dict[str, str | Path] = {
            **_page_gaps(f"Attachments: {colophon.client}"),
            "client": markup.isolate(colophon.client),
            "count": markup.count(self._attachments, "attachment"),
            "files": self._spool / "files",
        }
        _write_page(bag, "pages/attachments.html", "attachments.html", gaps, "../")
        words = markup.count(self._attachments, "attachment")
        page = markup.link("pages/attachments.html")
        return f'<tr><td colspan="5"><a href="{page}">All {words} on one page</a></td></tr>'

    def _describe_span(self, colophon: Colophon) -> str:
        first, last = colophon.since or self._first, colophon.until or self._last
        if not (first and last):
            return "No messages"
        days = [markup.format_day(at) for at in (first, last)]
        return days[0] if days[0] == days[1] else f"{days[0]} to {days[1]}"

    def _describe_hand_over(self, colophon: Colophon) -> str:
        by = ", ".join(markup.isolate(sender) for sender in colophon.senders)
        day = markup.format_day(colophon.created_at)
        told = [f"Handed over by {by} on {day}." if by else f"Handed over on {day}."]
        told += [markup.escape(sentence) for sentence in describe_circumstances(colophon)]
        return "<br>".join(told)

    def _describe_facts(self, colophon: Colophon) -> str:
        withheld = sum(colophon.withheld.values())
        facts = [
            (sum(month.messages for month in self._months.values()), "message", "messages"),
            (self._attachments, "attachment", "attachments"),
            (len(self._people), "person", "people"),
            (withheld, "message withheld", "messages withheld"),
        ]
        return "".join(
            f"<li><b>{number:,}</b> {one if number == 1 else many}</li>"
            for number, one, many in facts
        )


def _page_gaps(title: str) -> dict[str, str | Path]:
    return {
        "title": markup.escape(title),
        "policy": html.escape(template.security_policy(), quote=False),
        "style": template.read_asset("style.css"),
        "script": template.read_asset("filter.js"),
    }


def _write_page(bag: Bag, path: str, name: str, gaps: Mapping[str, str | Path], root: str) -> None:
    file = bag.open_file(path)
    for piece in template.fill(name, gaps, root):
        file.write(piece)
    bag.close_file(file)


def _month_head(month: str, messages: int) -> str:
    return (
        f'<section class="month" id="{month}"><h3>{markup.format_month(month)} '
        f'<small>{markup.count(messages, "message")}</small></h3><ol class="messages">\n'
    )


def _page_link(month: str, rel: str) -> str:
    if not month:
        return ""
    arrow = (
        f"← {markup.format_month(month)}" if rel == "prev" else f"{markup.format_month(month)} →"
    )
    return f'<a rel="{rel}" href="{markup.link(f"pages/{month}.html")}">{arrow}</a>'


def _describe_completeness(path: str) -> str:
    if not path:
        return ""
    return (
        f"<p>Which folders were looked at and when, and which messages are referred to but are not here, is in "
        f'<a href="{markup.link(path)}">{markup.escape(path)}</a>.</p>'
    )


def _describe_withheld(reasons: Mapping[str, int]) -> str:
    if not reasons:
        return "<p>Nothing was withheld.</p>"
    items = "".join(
        f"<li><b>{number:,}</b> {markup.escape(reason)}</li>" for reason, number in reasons.items()
    )
    total = sum(reasons.values())
    are = "message is" if total == 1 else "messages are"
    return (
        f"<p>{total:,} {are} not in this bundle. In doubt a message stays with the sender; "
        f"ask them if you miss one.</p><ul>{items}</ul>"
    )

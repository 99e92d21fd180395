"""START-HERE.html and its data, gathered message by message.

In: entries in date order, then who handed over what. Out: tag files of the bag: one page, and scripts with data it loads
as it needs them. Never: keeps a message's text in memory, asks anything of a network, or says more of withheld mail than
how much there is and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trail.handoff.filters import format_day, format_last_day
from trail.handoff.notes import describe_circumstances
from trail.handoff.plain import one_line
from trail.handoff.sender import introduce
from trail.handoff.viewer import memo, rows, static, template
from trail.handoff.viewer.chunks import Chunks, format_chunk, name_chunk, write_json
from trail.handoff.viewer.conversations import Conversations
from trail.handoff.viewer.people import People
from trail.handoff.viewer.vocabulary import FIELDS, Words, count_words
from trail.handoff.viewer.words import speaker

if TYPE_CHECKING:
    from pathlib import Path

    from trail.handoff.bag import Bag
    from trail.handoff.companions import Colophon, Written

START_PAGE = "START-HERE.html"
LIST_ROWS = 5_000
TEXT_BYTES = 96 * 1024
HTML_BYTES = 256 * 1024
HTML_LIMIT = 400_000
"""Characters of cleaned markup; a message with more is shown as text."""
EXTRAS = (
    *("letter.html", "letter.docx", "letter.md", "timeline.csv", "open-items.csv", "open-items.ics"),
    *("contacts.csv", "contacts.vcf", "attachments.csv", "mailbag.csv", "withheld.csv", "completeness.txt"),
    *("decisions.csv", "changed.csv"),
)  # fmt: skip
"""What may lie beside the mail and is worth a link, when it is there."""
_BEFORE_QUOTED = ("",) * FIELDS.index("quoted")


@dataclass(slots=True)
class _Month:
    messages: int = 0
    sent: int = 0


class Pages:
    """Gathers entries, then writes the page into a bag. `spool` is an empty folder for its drafts."""

    def __init__(self, spool: Path, me: tuple[str, ...]) -> None:
        self._spool = spool
        self._lists = Chunks(spool, "list", 8 << 20, LIST_ROWS)
        self._texts = Chunks(spool, "text", TEXT_BYTES)
        self._htmls = Chunks(spool, "html", HTML_BYTES)
        self._documents = Chunks(spool, "docs", HTML_BYTES)
        self._files = Chunks(spool, "files", 1 << 20)
        self._words = Words(spool)
        self._conversations = Conversations()
        self._people = People(me)
        self._static = static.Listing(spool)
        self._months: dict[str, _Month] = {}
        self._messages = 0
        self._attachments = 0
        self._attachment_bytes = 0
        self._span: tuple[int, int] | None = None

    def add(self, entry: Written) -> None:
        """Take up one message."""
        number = self._messages
        at = int(entry.at.timestamp())
        sender, others = self._people.add(entry.envelope, at)
        documents = [self._add_document(file.text) for file in entry.files]
        html = None
        if entry.html and len(entry.html) <= HTML_LIMIT:
            html = self._htmls.add(rows.show_lines(entry.html, HTML_LIMIT))
        # A quotation is found as the message it is of; where that is not here, as what it is.
        alone = not self._conversations.knows_parent(entry.envelope)
        quoted = rows.show_lines(entry.quoted, rows.TEXT_LIMIT if alone else rows.QUOTED_LIMIT)
        where = self._texts.add(rows.describe_reading(entry, quoted, html, documents))
        subject = rows.show_line(entry.envelope.subject, rows.SUBJECT_LIMIT)
        short = rows.preview(entry.text or entry.quoted)
        self._lists.add(
            [
                *(entry.mailbag_id, at, sender, others[: rows.PEOPLE_LIMIT], len(others)),
                *(subject, int(entry.outgoing), len(entry.files), *where, short),
            ]
        )
        for file in entry.files:
            self._files.add([number, *rows.describe_file(file)])
            self._attachment_bytes += file.size
        words, counts = entry.words or _count_words(entry)
        self._words.add(number, words, counts)
        if alone and quoted:
            self._words.add(number, *count_words((*_BEFORE_QUOTED, quoted)))
        self._conversations.add(entry.envelope)
        self._static.add(entry)
        month = self._months.setdefault(entry.month, _Month())
        month.messages += 1
        month.sent += entry.outgoing
        first, last = self._span or (at, at)
        self._span = min(first, at), max(last, at)
        self._messages += 1
        self._attachments += len(entry.files)

    def abandon(self) -> None:
        """Close what is open whatever the disk says: it is about to be removed."""
        self._static.abandon()

    def write(self, bag: Bag, colophon: Colophon) -> None:
        """Write the page and its data, after all that it may link to. No entry may follow."""
        for chunks in (self._lists, self._texts, self._htmls, self._documents, self._files):
            chunks.write(bag)
        said = speaker(colophon.language)
        people = f"[{','.join(map(write_json, self._people.rows()))}]"
        bag.write_file(name_chunk("people", 0), format_chunk("people", 0, people))
        threads = write_json(self._conversations.number())
        bag.write_file(name_chunk("threads", 0), format_chunk("threads", 0, threads))
        words = self._write_words(bag)
        beside = [name for name in EXTRAS if (bag.root / name).is_file()]
        pdfs = (bag.root / "data" / "pdf").is_dir()
        gaps: dict[str, str | Path] = {
            **template.page_gaps(f"{colophon.client}: {said('correspondence')}"),
            "client": template.isolate(colophon.client),
            "facts": template.embed_json(
                self._describe(colophon, words, beside)
                | {"letter": memo.write_memo(bag), "pdfs": pdfs}
            ),
            "static": self._static.write(colophon, beside, pdfs=pdfs),
            "language": colophon.language,
            "madeWith": template.escape(said("madeWith", version=colophon.version)),
        }
        file = bag.open_file(START_PAGE)
        for piece in template.fill("start.html", gaps):
            file.write(piece)
        bag.close_file(file)

    def _add_document(self, text: str) -> Any:
        text = rows.show_lines(text, rows.DOCUMENT_LIMIT)
        return list(self._documents.add(text)) if text.strip() else 0

    def _write_words(self, bag: Bag) -> list[str]:
        firsts = []
        for number, (first, document) in enumerate(self._words.iter_pieces()):
            bag.write_file(name_chunk("words", number), format_chunk("words", number, document))
            firsts.append(first)
        return firsts

    def _describe(self, colophon: Colophon, words: list[str], beside: list[str]) -> dict[str, Any]:
        return {
            "client": one_line(colophon.client, rows.SUBJECT_LIMIT),
            "senders": [one_line(introduce(colophon.sender, colophon.senders), 400)]
            if colophon.senders
            else [],
            "created": int(colophon.created_at.timestamp()),
            "since": colophon.since and format_day(colophon.since),
            "until": colophon.until and format_last_day(colophon.until),
            "withheld": dict(colophon.withheld),
            "mbox": colophon.mbox,
            "completeness": colophon.completeness,
            "version": colophon.version,
            "language": colophon.language,
            "notes": describe_circumstances(colophon),
            "fingerprint": colophon.fingerprint,
            "messages": self._messages,
            "attachments": self._attachments,
            "attachmentBytes": self._attachment_bytes,
            "people": len(self._people),
            "span": self._span,
            "months": [[m, n.messages, n.sent] for m, n in sorted(self._months.items())],
            "lists": self._lists.files,
            "files": self._files.files,
            "words": words,
            "beside": beside,
        }


def _count_words(entry: Written) -> tuple[str, bytes]:
    names, texts = [file.name for file in entry.files], [file.text for file in entry.files]
    return count_words(rows.words_of(entry.envelope, entry.text, names, texts))

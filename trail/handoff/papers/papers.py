"""The papers as a companion of the mail: told of each message as it is written, they write themselves at the end.

In: Written in date order, then a Colophon. Out: letter.md, letter.html, letter.docx, timeline.csv, contacts.csv, contacts.vcf,
open-items.csv, open-items.ics, attachments.csv. Never: keeps the text of a message, states what no message says, or takes a
word from notes of the sender: only the mail itself is read, and what the sender planned and hands in.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from functools import cache, partial
from itertools import chain
from typing import TYPE_CHECKING

from trail.handoff.language import LANGUAGES, NAMES, is_automatic
from trail.handoff.papers import open_items, people
from trail.handoff.papers.documents import Documents
from trail.handoff.papers.invoices import Invoices
from trail.handoff.papers.known import NOTHING
from trail.handoff.papers.letter.docx import make_document
from trail.handoff.papers.letter.facts import Gathered, make_letter, name_sender
from trail.handoff.papers.letter.page import make_page
from trail.handoff.papers.letter.template import load_template, read_words
from trail.handoff.papers.planned import format_rows, format_tasks
from trail.handoff.papers.seen import Said, note
from trail.handoff.papers.threads import Threads
from trail.handoff.papers.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from trail.handoff.bag import Bag
    from trail.handoff.companions import Colophon, MakeCompanion, Written
    from trail.handoff.papers.known import Known
    from trail.handoff.papers.letter.template import Template
    from trail.handoff.papers.letter.values import Letter
    from trail.handoff.papers.planned import Planned
    from trail.handoff.papers.seen import Seen
    from trail.model import Statement

PDFS = "data/pdf"
"""Where they lie, if there are any: this companion writes after the one that makes them."""
KEPT_DAYS = 500
"""Days that are named: those farthest ahead are kept."""
KEPT_SAID = 200
"""Agreements: the newest are kept."""


def prepare_papers(
    template: Path | None,
    language: str,
    planned: Sequence[Planned] = (),
    known: Known = NOTHING,
) -> MakeCompanion:
    """Return what makes the papers of one bundle; `language` is one of NAMES, "" for that which the client writes most.

    `planned` is what the sender hands over of what is to be done next, `known` what the book has of conversations. Raises ConfigError when the user's template is broken, before there is a bundle.
    """
    languages = (NAMES[language],) if language else LANGUAGES
    load = cache(partial(load_template, template))
    if template is not None:  # ours are sound, and of three only one is needed
        for each in languages:
            load(each)
    return lambda spool, me: Papers(spool, me, languages, load, planned, known)


class Papers:
    """Gathers what the papers say. `spool` is an empty folder for drafts."""

    def __init__(
        self,
        spool: Path,
        me: tuple[str, ...],
        languages: tuple[str, ...],
        load: Callable[[str], Template],
        planned: Sequence[Planned] = (),
        known: Known = NOTHING,
    ) -> None:
        self._planned = planned
        self._known = known
        self._sources: dict[str, Seen] = {}
        """Messages that something planned comes from."""
        self._offered = languages
        self._load = load
        self._own = frozenset(address.strip().lower() for address in me)
        self._timeline = Timeline(spool)
        self._threads = Threads()
        self._people = people.People()
        self._documents = Documents()
        self._dated: list[tuple[str, int, Said]] = []
        self._agreements: deque[Said] = deque(maxlen=KEPT_SAID)
        self._invoices = Invoices()
        self._counts: Counter[str] = Counter()
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._messages = 0

    def add(self, written: Written) -> None:
        """Take up one message."""
        seen = note(written)
        self._first = self._first or written.at
        self._last = written.at
        self._messages += 1
        if any(one.source == written.key for one in self._planned):
            self._sources[written.key] = seen
        self._timeline.add(written, seen)
        self._people.add(written, seen)
        self._documents.add(written, seen)
        automatic = is_automatic(written, self._own)
        statements = () if automatic else written.statements
        still_open = self._find_open(written, statements)
        self._threads.add(
            written.envelope,
            seen,
            self._find_asked(written, still_open),
            automatic=automatic,
            number=self._known.conversations.get(written.original),
        )
        for statement in statements:
            said = Said(seen, statement)
            if statement.due and statement in still_open:
                self._keep_day(said)
            if statement.kind == "agreement":
                self._agreements.append(said)
            self._counts[statement.kind] += 1
        self._invoices.add(seen, [s for s in statements if s.kind == "invoice"])

    def write(self, bag: Bag, colophon: Colophon) -> None:
        """Write the papers. No message may follow."""
        today = colophon.created_at.date()
        self._timeline.write(bag)
        known = self._people.sort_out(colophon)
        _write(bag, "contacts.csv", people.format_contacts(known))
        _write(bag, "contacts.vcf", people.format_cards(known, colophon.client))
        if len(self._documents):
            _write(bag, "attachments.csv", self._documents.format_table())
        conversations = self._threads.conversations()
        dated = self._list_days()
        sides = {person.address: person.side for person in known}
        items = open_items.list_open(conversations, dated, today, sides)
        names = (name_sender(known, colophon), colophon.client)
        at, sender, sources = colophon.created_at, names[0], self._sources
        table = open_items.format_table(items, today, names)
        rows = format_rows(self._planned, today, sender, sources)
        _write(bag, "open-items.csv", chain(table, rows))
        # a calendar without entries is none
        if self._planned or any(not item.stale for item in items):
            words = read_words(self._choose_language(colophon))
            tasks = format_tasks(self._planned, at, sender, sources, words)
            calendar = open_items.format_calendar(items, at, names, words, tasks)
            _write(bag, "open-items.ics", calendar)
        gathered = Gathered(
            self._first,
            self._last,
            self._messages,
            len(self._documents),
            conversations,
            items,
            dated,
            tuple(self._agreements),
            self._counts["agreement"],
            self._invoices.list_newest(),
            self._invoices.total,
            known,
            sides,
            [(one, self._sources.get(one.source)) for one in self._planned],
        )
        letter = make_letter(gathered, colophon, today, pdfs=(bag.root / PDFS).is_dir())
        self._write_letter(bag, letter, self._choose_language(colophon))

    def abandon(self) -> None:
        """Close what is open whatever the disk says: it is about to be removed."""
        self._timeline.abandon()

    def _find_open(
        self, written: Written, statements: tuple[Statement, ...]
    ) -> tuple[Statement, ...]:
        """Leave out what the sender knows to be settled, of which no mail tells."""
        closed, key = self._known.is_closed, written.original
        return tuple(s for s in statements if not closed(key, s, outgoing=written.outgoing))

    def _find_asked(
        self, written: Written, statements: tuple[Statement, ...]
    ) -> tuple[Statement, ...]:
        """Leave out what is asked of others, of which the sender has a copy."""
        roles = {a.role for a in written.envelope.recipients if a.address.lower() in self._own}
        if written.outgoing or "to" in roles or not roles:
            return statements
        return tuple(s for s in statements if s.kind not in ("question", "request"))

    def _keep_day(self, said: Said) -> None:
        # The number makes the order whole, so that equal days never compare what was said.
        entry = (str(said.statement.due), self._counts.total() * KEPT_DAYS + len(self._dated), said)
        if len(self._dated) < KEPT_DAYS:
            heapq.heappush(self._dated, entry)
        else:
            heapq.heappushpop(self._dated, entry)

    def _list_days(self) -> list[Said]:
        """The days that were named, in order, each sentence once."""
        found = {
            (said.seen.key, said.statement.sentence): said for _, _, said in sorted(self._dated)
        }
        return list(found.values())

    def _write_letter(self, bag: Bag, letter: Letter, language: str) -> None:
        template = self._load(language)
        title = f"{read_words(language)['title']}: {letter.client}"
        if template.markdown:
            text = template.markdown(letter)
            bag.write_file("letter.md", text.encode())
            document = make_document(text, title, language, letter.date)
            bag.write_file("letter.docx", document)
            if not template.html:
                bag.write_file("letter.html", make_page(text, title, language).encode())
        if template.html:
            bag.write_file("letter.html", template.html(letter).encode())

    def _choose_language(self, colophon: Colophon) -> str:
        known = self._offered
        return colophon.language if colophon.language in known else known[0]


def _write(bag: Bag, name: str, pieces: Iterable[bytes]) -> None:
    file = bag.open_file(name)
    for piece in pieces:
        file.write(piece)
    bag.close_file(file)

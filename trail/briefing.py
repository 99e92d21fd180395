"""What to know before a call with a client: joins the ledger, the book, and the last few messages as they lie in the Maildir.

Comes in: an open archive, a client, now where the user is. Goes out: a Brief. What the ledger has is read from there; of a dozen
messages at most the first words, the files and what their authors sign as are read from the messages themselves.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from trail.archive.ledger import from_seconds
from trail.book.actions import sort_key
from trail.book.chart import MOST, list_months
from trail.book.standing import Brief
from trail.errors import TrailError
from trail.model.book import Action, Agreement, Note, Request
from trail.model.overview import Contacted, Enclosed, Exchange
from trail.overview import open_contacts, read_standings
from trail.parse.jobs import find_job
from trail.parse.message import parse_message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from trail.archive.contacts import Contacts, Met, Word
    from trail.archive.store import Archive
    from trail.model import Client, ParsedMessage, Side

EXCHANGES = 8
PEOPLE = 6
FILES = 6
SIGNED = 10
"""Messages of a person that are looked at for what they sign as."""
LARGEST = 1 << 20
"""Bytes of a message that is read here; of a larger one the ledger alone tells."""
_BEGINS = 160
"""Characters of a message's first words."""
_GREETING = 6
"""Words of a line that is no more than a greeting."""


def read_brief(archive: Archive, client: Client, now: datetime) -> Brief:
    """Everything there is to know. `now` has the user's time zone."""
    contacts = open_contacts(archive, now)
    (standing,) = read_standings(archive, [client], now)
    slug, today = client.slug, now.date()
    words = contacts.list_words(slug, EXCHANGES)
    met = contacts.list_people(slug)[:PEOPLE]
    parsed = _parse(archive, [*(w.key for w in words), *(m.key for m in met if m.key)])
    since = int((now - timedelta(days=31 * (MOST + 1))).timestamp())
    days = (
        (from_seconds(at).astimezone(now.tzinfo).date(), ours)
        for at, ours in contacts.iter_moments(slug, since)
    )
    requests = [r for r in archive.book.list_entries(Request, slug) if r.state == "open"]
    answered = {r.id: archive.book.is_answered(slug, r.source) for r in requests if r.source}
    return Brief(
        standing,
        today,
        tuple(_describe_person(archive, slug, contacts, one, parsed) for one in met),
        tuple(_describe_exchange(contacts, word, parsed.get(word.key)) for word in words),
        tuple(_list_files(contacts, slug, words, parsed)),
        list_months(days, today),
        tuple(reversed(archive.book.list_entries(Note, slug))),
        tuple(
            a
            for a in archive.book.list_entries(Agreement, slug)
            if a.ended_at is None and (a.until or today) >= today
        ),
        tuple(sorted((a for a in archive.book.list_entries(Action, slug) if a.done_at is None), key=sort_key)),
        tuple(requests),
        {id_: told for id_, told in answered.items() if told is not None},
    )  # fmt: skip


def _parse(archive: Archive, keys: Iterable[str]) -> dict[str, ParsedMessage]:
    """Those that can be read and are not large."""
    found = {}
    for key, message in archive.facts.find_messages(dict.fromkeys(keys)).items():
        if message.size <= LARGEST:
            try:
                found[key] = parse_message(key, archive.read(message))
            except (TrailError, OSError):  # a damaged file: `trail verify` is there to tell
                continue
    return found


def _describe_person(
    archive: Archive, client: str, contacts: Contacts, met: Met, parsed: dict[str, ParsedMessage]
) -> Contacted:
    told = parsed.get(met.key)
    sender = told.envelope.sender if told else None
    name = sender.name if sender and sender.address.lower() == met.address else ""
    name = name or contacts.find_name(met.address, met.last_key)
    role = ""
    for key in contacts.iter_written(client, met.address, SIGNED) if name else ():
        if key not in parsed:
            parsed |= _parse(archive, [key])
        # not every mail is signed: the last one that is, tells
        if key in parsed and (role := find_job(parsed[key].text, name)):
            break
    last_by: Side = "them" if met.key == met.last_key else "us"
    at = from_seconds(met.last_at)
    return Contacted(name, met.address, role, met.written, at, met.last_key, last_by)


def _describe_exchange(contacts: Contacts, word: Word, told: ParsedMessage | None) -> Exchange:
    return Exchange(
        word.key,
        from_seconds(word.at),
        "us" if word.outgoing else "them",
        contacts.find_name(word.person, word.key) or word.person,
        contacts.find_subject(word.key),
        find_beginning(told.text) if told else "",
    )


def find_beginning(text: str) -> str:
    """The first words of a text, on one line, without its greeting."""
    lines = [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]
    if "--" in lines[1:]:  # what follows is a signature
        lines = lines[: lines.index("--", 1)]
    if len(lines) > 1 and len(lines[0].split()) <= _GREETING and lines[0].endswith((",", "!", ":", ".")):  # fmt: skip
        lines = lines[1:]
    begins = " ".join(lines)
    return (
        begins
        if len(begins) <= _BEGINS
        else begins[: _BEGINS - 1].rsplit(" ", 1)[0].rstrip(" .,") + "…"
    )


def _list_files(
    contacts: Contacts, client: str, words: Sequence[Word], parsed: dict[str, ParsedMessage]
) -> list[Enclosed]:
    """The last ones: of any kind in the last messages, of those before what there may be text in."""
    found = contacts.list_files(client, 2 * FILES)
    for word in words:
        for attachment in parsed[word.key].attachments if word.key in parsed else ():
            shown = attachment.content_id and attachment.mime_type.startswith("image/")
            if attachment.filename and not shown:  # a picture in a signature is no file
                side: Side = "us" if word.outgoing else "them"
                found.append(Enclosed(word.key, from_seconds(word.at), side, attachment.filename))
    found.sort(key=lambda one: (one.at, one.filename), reverse=True)
    once = {(one.by, one.filename): one for one in reversed(found) if one.filename}
    return sorted(once.values(), key=lambda one: (one.at, one.filename), reverse=True)[:FILES]

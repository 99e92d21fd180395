"""The corridor out: archive -> parse -> select -> bundle.

    ledger --keys--> judge --+--> withheld, each with its reason
                             +--> Maildir --bytes--> parse --> bundle

Comes in: an open archive whose messages are all attributed, and a client. Goes out: a Bundle, or the plan of one.
Every message is read from the Maildir and checked against its hash on the way; the index is never asked.
The corridor in is `trail.pipeline`.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trail.archive.certificate import certify_messages
from trail.archive.maildir import read_message
from trail.catchup import describe_killer
from trail.handoff.completeness import Completeness, FolderRecord
from trail.handoff.mailbag import BagInfo, BundleItem, write_bundle
from trail.handoff.select import Candidate, HeldBack, hold_back, judge
from trail.model import Envelope
from trail.parse.harmless import read_clean_html
from trail.parse.message import parse_whole
from trail.workers import WORTHWHILE_FROM, Crew, WorkerKilled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from trail.archive.store import Archive
    from trail.config import Config
    from trail.model import (
        ArchivedMessage,
        Attachment,
        Bundle,
        Client,
        ParsedMessage,
        Sighting,
    )

    Whole = tuple[bytes, ParsedMessage, tuple[tuple[Attachment, bytes], ...], str]

CHUNK_MESSAGES = 25
CHUNK_BYTES = 4 * 1024 * 1024
CHUNKS_AHEAD = 4
"""Chunks that are parsed while one is written: bounds the memory, not the speed."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What would go to a client, in the order of dates, and what would not."""

    client: Client
    chosen: tuple[ArchivedMessage, ...]
    withheld: tuple[HeldBack, ...]
    since: datetime | None
    until: datetime | None


def select_messages(
    archive: Archive,
    config: Config,
    client: Client,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Selection:
    """Judge every message of the client sent (or, undated, received) from `since` on and before `until`."""
    keys = archive.facts.client_keys(client.slug)
    messages = archive.facts.find_messages(keys)
    envelopes = archive.facts.read_envelopes(keys)
    attributions = archive.facts.read_attributions(keys)
    chosen: list[ArchivedMessage] = []
    withheld: list[HeldBack] = []
    for key in keys:
        envelope = envelopes.get(key, Envelope())
        at = envelope.sent_at or messages[key].received_at
        if (since and at < since) or (until and at >= until):
            continue
        inherited = any(a.inherited for a in attributions[key] if a.client == client.slug)
        candidate = Candidate(key, envelope, tuple(a.client for a in attributions[key]), inherited)
        verdict = judge(candidate, client, config.me)
        if verdict is None:
            chosen.append(messages[key])
        else:
            withheld.append(hold_back(candidate, verdict))
    return Selection(client, tuple(chosen), tuple(withheld), since, until)


def hand_over(
    archive: Archive,
    config: Config,
    selection: Selection,
    out: Path,
    *,
    agent_version: str,
    at: datetime,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Bundle:
    """Write the bundle to the new folder `out`. Raises BundleExists, ArchiveFull, ArchiveReadOnly, FixityMismatch."""
    total = len(selection.chosen)
    keys = [m.key for m in selection.chosen]
    places = archive.sightings.places(keys)
    used = {s.ref.account for seen in places.values() for s in seen}
    info = BagInfo(
        client=selection.client,
        agent_version=agent_version,
        imap_users=tuple(a.user for a in config.accounts if a.name in used),
        imap_hosts=tuple(dict.fromkeys(a.host for a in config.accounts if a.name in used)),
        created_at=at,
        since=selection.since,
        until=selection.until,
        me=config.me,
    )
    items = iter_items(archive, selection.chosen)
    return write_bundle(
        items,
        selection.withheld,
        info,
        out,
        lambda done: progress("writing", done, total),
        complete=_certify(archive, config, keys, places),
    )


def _certify(
    archive: Archive, config: Config, keys: Sequence[str], places: Mapping[str, Sequence[Sighting]]
) -> Completeness:
    """How complete the bundle is, in terms of its own messages and of folders that are named in it anyway."""
    first = {(s[0].ref.account, s[0].ref.folder) for s in places.values()}
    certificate = certify_messages(archive.ledger, keys, places=first, held_by_others=False)
    users = {account.name: account.user for account in config.accounts}
    return Completeness(
        tuple(
            FolderRecord(
                users.get(e.account, "an account of the sender"),
                e.folder,
                e.uidvalidity,
                e.state == "present",
                e.last_seen_at,
                e.complete,
                e.seen.count,
                str(e.seen),
                e.gone.count,
                e.failed.count,
            )
            for e in certificate.epochs
        ),
        tuple(sorted(m.message_id for m in certificate.missing)),
    )


def iter_items(archive: Archive, messages: Iterable[ArchivedMessage]) -> Iterator[BundleItem]:
    """The messages with their bytes, parsed, and their attachments, in order; memory stays flat. Raises FixityMismatch."""
    messages = tuple(messages)
    with _crew(len(messages)) as crew:
        ahead: deque[tuple[list[ArchivedMessage], Callable[[], list[Whole]]]] = deque()
        chunks = _split(messages)
        exhausted = False
        while ahead or not exhausted:
            while not exhausted and len(ahead) < CHUNKS_AHEAD:
                chunk = next(chunks, None)
                if chunk is None:
                    exhausted = True
                else:
                    ahead.append((chunk, _submit(crew, archive.root, chunk)))
            if ahead:
                chunk, result = ahead.popleft()
                yield from _join(archive, chunk, result())


def _join(
    archive: Archive, chunk: list[ArchivedMessage], wholes: list[Whole]
) -> Iterator[BundleItem]:
    places = archive.sightings.places(m.key for m in chunk)
    for message, (content, parsed, attachments, html) in zip(chunk, wholes, strict=True):
        seen = places.get(message.key)
        account = seen[0].ref.account if seen else message.path.parts[1]
        yield BundleItem(
            message,
            content,
            parsed,
            seen[0].ref.folder if seen else "",
            account,
            attachments,
            tuple(archive.documents.read_text(a.digest) or "" for a, _ in attachments),
            html,
        )


def _submit(
    crew: Crew | None, root: Path, chunk: list[ArchivedMessage]
) -> Callable[[], list[Whole]]:
    """Parse in a worker, or, when there is none or the message is large, here when its turn comes."""
    if crew is None or sum(m.size for m in chunk) > CHUNK_BYTES:
        return lambda: _read_chunk((root, chunk))
    future = crew.submit(_read_chunk, (root, chunk))

    def wait() -> list[Whole]:
        try:
            return future.result()
        except WorkerKilled:
            parts = crew.map(_read_chunk, [(root, [message]) for message in chunk])
            pairs = zip(chunk, parts, strict=True)
            return [part[0] if part else _read_killer(root, m) for m, part in pairs]

    return wait


def _read_chunk(task: tuple[Path, list[ArchivedMessage]]) -> list[Whole]:
    root, chunk = task
    wholes: list[Whole] = []
    for message in chunk:
        content = read_message(root, message.path, message.key)
        wholes.append((content, *parse_whole(message.key, content), read_clean_html(content)))
    return wholes


def _read_killer(root: Path, message: ArchivedMessage) -> Whole:
    """A message that kills its parser goes whole, too; only its attachments stay inside it."""
    content = read_message(root, message.path, message.key)
    return content, describe_killer(message.key, content), (), ""


def _split(messages: Iterable[ArchivedMessage]) -> Iterator[list[ArchivedMessage]]:
    chunk: list[ArchivedMessage] = []
    size = 0
    for message in messages:
        if chunk and (len(chunk) >= CHUNK_MESSAGES or size + message.size > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(message)
        size += message.size
    if chunk:
        yield chunk


@contextmanager
def _crew(count: int) -> Iterator[Crew | None]:
    if count < WORTHWHILE_FROM:
        yield None
        return
    with Crew() as crew:
        yield crew

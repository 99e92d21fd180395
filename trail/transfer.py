"""The corridor out: archive -> select -> change -> parse -> bundle.

    selection --+--> withheld, each with its reason ------------------+
                +--> Maildir --bytes--> change, if asked --> parse --> bundle

Comes in: an open archive, and what was selected of it (`trail.selection`). Goes out: a Bundle, or the items of one.
Every message is read from the Maildir and checked against its hash on the way (`trail.wholes`); the index is never asked.
The corridor in is `trail.pipeline`.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from trail.archive.certificate import certify_messages
from trail.archive.ledger import chunk_keys
from trail.archive.shares import share_out
from trail.closed import read_known
from trail.handoff.completeness import Completeness, FolderRecord
from trail.handoff.drafts import size_of
from trail.handoff.leaks import Others
from trail.handoff.mailbag import BagInfo, BundleItem, write_bundle
from trail.handoff.papers.papers import prepare_papers
from trail.parse.altered import NOTICE, UNSEEN, Changes, redact
from trail.planned import list_planned
from trail.wholes import NO_CHANGES, Task, Whole, read_chunk, read_killer
from trail.workers import WORTHWHILE_FROM, Crew, WorkerKilled

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from trail.archive.store import Archive
    from trail.config import Config
    from trail.handoff.companions import MakeCompanion
    from trail.handoff.drafts import Drafts
    from trail.handoff.seal import Signing
    from trail.handoff.select import HeldBack
    from trail.model import (
        ArchivedMessage,
        Bundle,
        Kept,
        PastHandOff,
    )
    from trail.selection import Selection

CHUNK_MESSAGES = 25
CHUNK_BYTES = 4 * 1024 * 1024
LARGE = 16 * 1024 * 1024
"""Bytes of a message that is read when its turn comes, so that there is only one such in memory."""
CHUNKS_AHEAD = 4
"""Chunks that are parsed while one is written: bounds the memory, not the speed."""
PATIENCE = 120.0
"""Seconds after which a chunk is given up that something is looked for in."""


def hand_over(
    archive: Archive,
    config: Config,
    selection: Selection,
    out: Path,
    *,
    agent_version: str,
    at: datetime,
    patterns: Sequence[re.Pattern[str]] = (),
    salt: bytes = b"",
    progress: Callable[[str, int, int], None] = lambda *_: None,
    signing: Signing | None = None,
    language: str = "",
    companions: Sequence[MakeCompanion] = (),
    crew: Crew | None = None,
) -> Bundle:
    """Write the bundle to the new folder `out`. Raises BundleExists, ArchiveFull, ArchiveReadOnly, FixityMismatch.

    `patterns` are those of the selection's filters, and are redacted; `salt` hides the hashes of changed messages.
    `language` is that of the letter, "" for what the configuration says; ConfigError for a broken template of it.
    `crew` is who reads, where there is somebody already.
    """
    planned = list_planned(archive, config, selection, patterns)
    language = language or config.handoff.language
    known = read_known(archive, selection.client.slug, patterns)
    papers = prepare_papers(config.handoff.letter, language, planned, known)
    total = len(selection.chosen)
    changes = Changes(tuple(patterns), selection.filters.excluded)
    keys = [m.key for m in selection.chosen]
    accounts, first = _find_places(archive, keys)
    info = BagInfo(
        client=selection.client,
        agent_version=agent_version,
        imap_users=tuple(a.user for a in config.accounts if a.name in accounts),
        imap_hosts=tuple(dict.fromkeys(a.host for a in config.accounts if a.name in accounts)),
        created_at=at,
        since=selection.filters.since,
        until=selection.filters.until,
        me=config.me,
        filters=selection.filters,
        builds_on=tuple(_redact_past(past, changes) for past in selection.builds_on),
        decisions=tuple(
            count._replace(by=redact(count.by, changes.patterns))
            for count in selection.decision_counts
        ),
        salt=salt,
        language=language,
    )
    others = Others(selection.client, config.clients, config.me)
    lacking: dict[str, list[str]] = {NOTICE: [], UNSEEN: []}
    kept: list[Kept] = []

    def read(drafts: Drafts) -> Iterator[BundleItem]:
        items = iter_items(archive, selection.chosen, changes, others, crew, drafts)
        return _note_lacking(items, lacking, kept)

    bundle = write_bundle(
        read,
        [_redact_held(held, changes) for held in selection.withheld],
        info,
        out,
        lambda done: progress("writing", done, total),
        complete=_certify(archive, config, selection, first, changes.patterns),
        signing=signing,
        companions=(*companions, papers),  # the letter says what else is there
    )
    return replace(
        bundle,
        notices=tuple(lacking[NOTICE]),
        partial=tuple(lacking[UNSEEN]),
        kept=tuple(kept),
    )


def _find_places(archive: Archive, keys: Sequence[str]) -> tuple[set[str], set[tuple[str, str]]]:
    """The accounts in which any of the messages was seen, and the account and folder in which each was seen first."""
    accounts: set[str] = set()
    first: set[tuple[str, str]] = set()
    for some in chunk_keys(keys):
        for seen in archive.sightings.places(some).values():
            accounts.update(s.ref.account for s in seen)
            first.update((s.ref.account, s.ref.folder) for s in seen[:1])
    return accounts, first


def _note_lacking(
    items: Iterable[BundleItem], lacking: Mapping[str, list[str]], kept: list[Kept]
) -> Iterator[BundleItem]:
    """Note of which messages less went than was asked for, and which attachments stayed."""
    for item in items:
        kept += item.kept
        for change in lacking.keys() & item.changes:
            lacking[change].append(item.original)
        yield item


def _redact_past(past: PastHandOff, changes: Changes) -> PastHandOff:
    return replace(past, bundle=redact(past.bundle, changes.patterns))


def _redact_held(held: HeldBack, changes: Changes) -> HeldBack:
    """A Message-ID in which something is to be redacted is not listed."""
    message_id = held.message.message_id
    if message_id is None or redact(message_id, changes.patterns) == message_id:
        return held
    return replace(held, message=replace(held.message, message_id=None))


def _certify(
    archive: Archive,
    config: Config,
    selection: Selection,
    first: set[tuple[str, str]],
    patterns: tuple[re.Pattern[str], ...],
) -> Completeness:
    """How complete the bundle is, in terms of its own messages and of folders that are named in it anyway: the `first`."""
    keys = [m.key for m in selection.chosen]
    others = Others(selection.client, config.clients, config.me)
    first = {place for place in first if not others.find_names([place[1]])}
    certificate = certify_messages(archive.ledger, keys, places=first, held_by_others=False)
    users = {account.name: account.user for account in config.accounts}
    missing = {m.message_id for m in certificate.missing}
    if selection.continues:
        missing -= archive.handoffs.find_given(selection.client.slug, missing)
    return Completeness(
        tuple(
            FolderRecord(
                users.get(e.account, "an account of the sender"),
                redact(e.folder, patterns),
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
        tuple(sorted({redact(message_id, patterns) for message_id in missing})),
        is_delta=selection.continues is not None,
    )


def iter_items(
    archive: Archive,
    messages: Iterable[ArchivedMessage],
    changes: Changes = NO_CHANGES,
    others: Others | None = None,
    crew: Crew | None = None,
    drafts: Drafts | None = None,
) -> Iterator[BundleItem]:
    """The messages with their bytes, parsed, and their attachments, in order; memory stays flat. Raises FixityMismatch.

    A folder that is named after one of the `others` is not told. Large ones are drafts, where there is a place for such; then
    this also raises ArchiveFull, ArchiveReadOnly.
    """
    messages = tuple(messages)
    with _crew(len(messages), changes, crew) as readers:
        ahead: deque[tuple[list[ArchivedMessage], Callable[[], list[Whole]]]] = deque()
        chunks = share_out(messages, CHUNK_MESSAGES, CHUNK_BYTES)
        exhausted = False
        while ahead or not exhausted:
            while not exhausted and len(ahead) < CHUNKS_AHEAD:
                chunk = next(chunks, None)
                if chunk is None:
                    exhausted = True
                else:
                    ahead.append(
                        (chunk, _submit(readers, Task(archive.root, chunk, changes, drafts)))
                    )
            if ahead:
                chunk, result = ahead.popleft()
                yield from _join(archive, chunk, result(), changes, others)


def _join(
    archive: Archive,
    chunk: list[ArchivedMessage],
    wholes: list[Whole],
    changes: Changes,
    others: Others | None,
) -> Iterator[BundleItem]:
    places = archive.sightings.places(m.key for m in chunk)
    for message, whole in zip(chunk, wholes, strict=True):
        seen = places.get(message.key)
        account = seen[0].ref.account if seen else message.path.parts[1]
        folder = seen[0].ref.folder if seen else ""
        if others and others.find_names([folder]):
            folder = ""
        archived = message
        if whole.changes:
            archived = replace(message, key=whole.parsed.key, size=size_of(whole.content))
        yield BundleItem(
            archived,
            whole.content,
            whole.parsed,
            redact(folder, changes.patterns),
            account,
            whole.attachments,
            whole.texts,
            whole.html,
            changes=whole.changes,
            original=message.key if whole.changes else "",
            words=whole.words,
            headers=whole.headers,
            kept=whole.withheld,
        )


def _submit(crew: Crew | None, task: Task) -> Callable[[], list[Whole]]:
    """Parse in a worker, or, when there is none or the message is large, here when its turn comes."""
    is_large = sum(m.size for m in task.chunk) > (LARGE if task.drafts else CHUNK_BYTES)
    if crew is None or (is_large and not task.changes.patterns):
        return lambda: read_chunk(task)
    future = crew.submit(read_chunk, task)

    def wait() -> list[Whole]:
        try:
            return future.result()
        except WorkerKilled:
            parts = crew.map(read_chunk, [task._replace(chunk=[one]) for one in task.chunk])
            pairs = zip(task.chunk, parts, strict=True)
            return [part[0] if part else read_killer(task, message) for message, part in pairs]

    return wait


@contextmanager
def _crew(count: int, changes: Changes, there: Crew | None) -> Iterator[Crew | None]:
    if changes.patterns:  # a pattern may run away: only another process can be ended
        with Crew(deadline=PATIENCE) as crew:
            yield crew
    elif count < WORTHWHILE_FROM:
        yield None
    elif there is not None:
        yield there
    else:
        with Crew() as crew:
            yield crew

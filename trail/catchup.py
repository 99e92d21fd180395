"""From the Maildir to meaning: whatever is archived and not yet read, attributed or indexed.

    Maildir -> envelopes -> attributions -> parsed text -> index

Comes in: an open archive, the clients, the index. Goes out: how many messages were dealt with. Each step asks the
ledger what is missing, so it can be cut anywhere, repeated, and run after any change of the rules or of the index.
"""

from __future__ import annotations

from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from trail.attribute.rules import attribute, fingerprint_rules, inherit
from trail.errors import FixityMismatch
from trail.model import ParsedMessage, SearchDocument
from trail.parse.envelope import parse_envelope
from trail.parse.message import parse_message
from trail.workers import WORTHWHILE_FROM, open_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from trail.archive.store import Archive
    from trail.index.store import SearchIndex
    from trail.model import ArchivedMessage, Attribution, Client

    Progress = Callable[[str, int, int], None]
    Stored = tuple[str, str]
    """Key and path of a message of the Maildir."""

INDEX_BATCH = 2000
"""Messages a commit of the index holds: large enough to be cheap, small enough to lose little to a crash."""
INDEX_BYTES = 64 * 1024 * 1024
"""Bytes of messages a commit holds: what is parsed waits in memory for it."""


def attribute_pending(
    archive: Archive, clients: Sequence[Client], progress: Progress = lambda *_: None
) -> int:
    """Read the headers that were not read yet, and attribute what is not attributed under the present rules."""
    rules = fingerprint_rules(clients)
    total = archive.facts.count_unattributed(rules)
    if not total:
        return 0
    done = 0
    pending: list[str] = []
    for batch in archive.facts.iter_unattributed(rules):
        known = archive.facts.read_envelopes(m.key for m in batch)
        with archive.ledger.transaction():
            for message in batch:
                if message.key not in known:
                    archive.facts.write_envelope(
                        message.key, parse_envelope(_read_or_nothing(archive, message))
                    )
        pending += [message.key for message in batch]
        done += len(batch)
        progress("reading headers", done, total)
    with (
        archive.ledger.transaction()
    ):  # one for all: inheritance must never see half of the old rules
        archive.facts.drop_inherited(pending)
        attribute_keys(archive, clients, pending, rules)
    return len(pending)


def attribute_keys(
    archive: Archive, clients: Sequence[Client], keys: Iterable[str], rules: str
) -> None:
    """Attribute messages whose envelopes are in the ledger, and all who inherit from them. Call inside a transaction."""
    keys = list(keys)
    before = archive.facts.read_attributions(keys)
    envelopes = archive.facts.read_envelopes(keys)
    places = archive.sightings.places(keys)
    for key in keys:
        seen_in = {place for s in places.get(key, ()) for place in (s.ref.folder, *s.labels)}
        archive.facts.write_attributions(
            key, attribute(key, envelopes[key], sorted(seen_in), clients)
        )
    touched = _spread(archive, keys)
    after = archive.facts.read_attributions({*keys, *touched})
    changed = {
        key for key in keys if _slugs(before.get(key, ())) != _slugs(after.get(key, ()))
    } | touched - set(keys)
    archive.facts.forget_indexed(changed)
    archive.facts.mark_attributed(keys, rules)


def _spread(archive: Archive, keys: Sequence[str]) -> set[str]:
    """Let replies inherit until nothing changes; returns the messages that inherited."""
    inherited: set[str] = set()
    queue = list(
        reversed(keys)
    )  # taken from the end: the oldest first, so that parents mostly precede their replies
    while queue:
        key = queue.pop()
        own = archive.facts.read_attributions([key]).get(key, ())
        references = archive.facts.references_of(key)
        more = inherit(key, own, archive.facts.parents_of(references)) if references else ()
        if more:
            archive.facts.write_attributions(key, (*own, *more))
            inherited.add(key)
        if own or more:
            queue += [
                child
                for child in archive.facts.children_of(key)
                if _lacks(archive, child, (*own, *more))
            ]
    return inherited


def _lacks(archive: Archive, key: str, attributions: Collection[Attribution]) -> bool:
    return not _slugs(attributions) <= _slugs(archive.facts.read_attributions([key]).get(key, ()))


def _slugs(attributions: Iterable[Attribution]) -> set[str]:
    return {attribution.client for attribution in attributions}


def index_pending(
    archive: Archive,
    index: SearchIndex,
    *,
    progress: Progress = lambda *_: None,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Parse and index what the index lacks. Returns how many messages were indexed."""
    total = archive.facts.count_unindexed(index.generation)
    done = 0
    with _parser(total) as parse:
        for batch in archive.facts.iter_unindexed(index.generation, INDEX_BATCH, INDEX_BYTES):
            if stopping():
                break
            parsed = parse([(m.key, str(archive.root / m.path)) for m in batch])
            index.add(_documents(archive, batch, parsed))
            with archive.ledger.transaction():
                archive.facts.write_findings(parsed)
                archive.facts.mark_indexed([p.key for p in parsed], index.generation)
            done += len(parsed)
            progress("indexing", done, total)
    return done


def _documents(
    archive: Archive, messages: Sequence[ArchivedMessage], parsed: Iterable[ParsedMessage]
) -> Iterator[SearchDocument]:
    keys = [m.key for m in messages]
    received = {m.key: m.received_at for m in messages}
    attributions = archive.facts.read_attributions(keys)
    places = archive.sightings.places(keys)
    for message in parsed:
        seen = places.get(message.key, ())
        yield SearchDocument(
            message.key,
            received[message.key],
            message,
            clients=tuple(sorted(_slugs(attributions.get(message.key, ())))),
            accounts=tuple(sorted({s.ref.account for s in seen})),
            folders=tuple(sorted({place for s in seen for place in (s.ref.folder, *s.labels)})),
        )


@contextmanager
def _parser(total: int) -> Iterator[Callable[[list[Stored]], list[ParsedMessage]]]:
    """A way to parse batches: in this process when there is little, else in two beside it."""
    if total < WORTHWHILE_FROM:
        yield lambda batch: [_parse_stored(stored) for stored in batch]
        return
    with open_pool() as pool:

        def parse(batch: list[Stored]) -> list[ParsedMessage]:
            try:
                return list(pool.map(_parse_stored, batch, chunksize=25))
            except BrokenProcessPool:
                return [_parse_apart(stored) for stored in batch]

        yield parse


def _parse_apart(stored: Stored) -> ParsedMessage:
    """Parse a message of a batch that killed its worker, alone; the one that does it again is known by its headers only."""
    try:
        with open_pool(1) as pool:
            return pool.submit(_parse_stored, stored).result()
    except BrokenProcessPool:
        key, path = stored
        with Path(path).open("rb") as file:
            envelope = parse_envelope(file.read(1024 * 1024))
        return ParsedMessage(
            key, envelope, "", defects=("the parser was killed by it",), unparsable=True
        )


def _parse_stored(stored: Stored) -> ParsedMessage:
    """Parse a message of the Maildir; one that cannot be read is indexed with nothing known, and `trail verify` names it."""
    key, path = stored
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - opened once per message in the worker's inner loop
            content = file.read()
    except OSError:
        content = b""
    return parse_message(key, content)


def _read_or_nothing(archive: Archive, message: ArchivedMessage) -> bytes:
    try:
        return archive.read(message)
    except FixityMismatch:
        return b""

"""From the Maildir to meaning: whatever is archived and not yet read, attributed or indexed.

    Maildir -> envelopes -> attributions -> parsed text -> index

Comes in: an open archive, the clients, the index. Goes out: how many messages were dealt with. Each step asks the
ledger what is missing, so it can be cut anywhere, repeated, and run after any change of the rules or of the index.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trail.archive.ledger import chunk_keys
from trail.attribute.rules import attribute, fingerprint_rules, inherit
from trail.batches import Batch, Builders, Built, Stopped, build_batch
from trail.errors import FixityMismatch
from trail.lacking import Lagging
from trail.model import Envelope, ParsedMessage, SearchDocument
from trail.parse.envelope import parse_envelope
from trail.parse.message import parse_message
from trail.workers import WORKERS, WORTHWHILE_FROM, Crew

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from trail.archive.store import Archive
    from trail.batches import Stored
    from trail.index.store import WhooshIndex
    from trail.lacking import Work
    from trail.model import ArchivedMessage, Client

    Progress = Callable[[str, int, int], None]

INDEX_BATCH = 1500
"""Messages of a segment, at most: enough to be cheap, few enough to lose little to a crash."""
SMALLEST_BATCH = 100
"""The fewest that are shared out among workers."""
INDEX_BYTES = 64 * 1024 * 1024
"""Bytes of messages of a segment: their words wait in memory until it is written."""
TIDY_FROM = 64
"""Segments that are merged before more are built."""
MEBIBYTE = 1024 * 1024
PARSE_LIMIT = 64 * MEBIBYTE
"""Bytes of a message that are parsed for the index; all of it is archived and handed over."""
ATTRIBUTE_BATCH = 2000
"""Messages whose headers are in memory at once while they are attributed."""


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
                    _read_headers(archive, message)
        pending += [message.key for message in batch]
        done += len(batch)
        progress("reading headers", done, total)
    # one for all: inheritance must never see half of the old rules
    with archive.ledger.transaction():
        attribute_keys(archive, clients, pending, rules)
    return len(pending)


def attribute_keys(
    archive: Archive, clients: Sequence[Client], keys: Iterable[str], rules: str
) -> None:
    """Attribute messages whose envelopes are in the ledger, and all who inherit from them. Call inside a transaction."""
    keys = list(keys)
    before = archive.facts.read_clients(keys)
    former = archive.epochs.former_names()  # a rename on the server takes nothing from a client
    for chunk in chunk_keys(keys, ATTRIBUTE_BATCH):
        envelopes = archive.facts.read_envelopes(chunk)
        places = archive.sightings.places(chunk)
        for key in chunk:
            seen_in = {
                place
                for s in places.get(key, ())
                for place in (
                    s.ref.folder,
                    *s.labels,
                    *former.get((s.ref.account, s.ref.folder, s.ref.uidvalidity), ()),
                )
            }
            own = attribute(key, envelopes.get(key, Envelope()), sorted(seen_in), clients)
            archive.facts.write_attributions(key, own)  # what was inherited goes, until below
    touched = _spread(archive, keys)
    after = archive.facts.read_clients(keys)
    archive.facts.forget_indexed(key for key in keys if before.get(key) != after.get(key))
    archive.facts.forget_indexed(touched - set(keys))
    archive.facts.mark_attributed(keys, rules)


def _spread(archive: Archive, keys: Sequence[str]) -> set[str]:
    """Let replies inherit until nothing changes; returns the messages that inherited."""
    inherited: set[str] = set()
    spread: set[tuple[str, frozenset[str]]] = set()
    # taken from the end: the oldest first, so that parents mostly precede their replies
    queue = list(reversed(keys))
    while queue:
        key = queue.pop()
        own = archive.facts.read_attributions([key]).get(key, ())
        message_id, references = archive.facts.links_of(key)
        more = inherit(key, own, archive.facts.parents_of(references, key)) if references else ()
        if more:
            archive.facts.write_attributions(key, (*own, *more))
            inherited.add(key)
        clients = frozenset(a.client for a in (*own, *more))
        if clients and message_id is not None and (message_id, clients) not in spread:
            spread.add((message_id, clients))
            answers = archive.facts.answers_to(message_id)
            theirs = archive.facts.read_clients(answers)
            queue += [k for k in answers if k != key and not clients <= set(theirs.get(k, ()))]
    return inherited


def index_pending(
    archive: Archive,
    index: WhooshIndex,
    *,
    progress: Progress = lambda *_: None,
    stopping: Callable[[], bool] = lambda: False,
    crew: Crew | None = None,
) -> int:
    """Parse and index what the index that serves lacks. Returns how many messages were indexed."""
    return index_work(
        archive,
        index,
        Lagging(archive, index),
        progress=progress,
        stopping=stopping,
        careful=archive.mended,
        crew=crew,
    )


def index_work(
    archive: Archive,
    index: WhooshIndex,
    work: Work,
    *,
    progress: Progress = lambda *_: None,
    stopping: Callable[[], bool] = lambda: False,
    enough: Callable[[], bool] = lambda: False,
    careful: bool = False,
    tidying: bool = True,
    crew: Crew | None = None,
) -> int:
    """Parse and index what is to be done, in a crew of its own unless one is given. Returns how many messages were.

    None is begun once there is `enough`; what is at work when `stopping` says so is given up. With `careful` even a few are
    parsed by workers: one of them may kill. Whoever is not `tidying` must `tidy_index` in the end.
    """
    total = work.count()
    share = _share if total >= WORTHWHILE_FROM else lambda _: INDEX_BATCH
    done = 0

    def plan() -> Iterator[Batch]:
        for messages in work.iter_batches(share, INDEX_BYTES):
            if stopping() or enough():
                return
            work.claim([m.key for m in messages])
            yield _plan(archive, index.folder, messages)

    with suppress(Stopped), _builders(crew, total, stopping, careful=careful) as builders:
        for built in builders.build(plan()) if builders else map(build_batch, plan()):
            keys = [p.key for p in built.parsed]
            alone = tidying and builders is None
            index.adopt(built.segments, replacing=work.replaces(keys), tidying=alone)
            with archive.ledger.transaction():
                _enter(archive, built)
                work.enter(keys)
            done += len(keys)
            progress("indexing", done, total)
            if builders and index.count_segments() >= TIDY_FROM:
                index.tidy(builders.merge, groups=WORKERS)
        if builders and tidying:
            index.tidy(builders.merge, groups=WORKERS)
    return done


def tidy_index(index: WhooshIndex, crew: Crew | None = None) -> None:
    """Merge segments where they are too many, with workers where that is worth their start."""
    if index.count() < WORTHWHILE_FROM:
        index.tidy()
        return
    with Crew() if crew is None else nullcontext(crew) as workers:
        index.tidy(Builders(workers, _describe_stored, lambda: False).merge, groups=WORKERS)


def _enter(archive: Archive, built: Built) -> None:
    kept = archive.facts.find_messages(p.key for p in built.parsed)  # the others went meanwhile
    parsed = [p for p in built.parsed if p.key in kept]
    digests = (a.digest for p in parsed for a in p.attachments if a.digest)
    lost = archive.documents.find_texts(digests) - built.cached  # no longer in the cache
    archive.facts.write_findings(parsed)
    archive.documents.write_attachments(parsed)
    archive.documents.forget(lost)


def _plan(archive: Archive, folder: Path, messages: Sequence[ArchivedMessage]) -> Batch:
    keys = [m.key for m in messages]
    clients = archive.facts.read_clients(keys)
    places = archive.sightings.places(keys)
    flags = archive.marks.read_flags(keys)
    documents = []
    for message in messages:
        seen = places.get(message.key, ())
        document = SearchDocument(
            message.key,
            message.received_at,
            ParsedMessage(message.key, Envelope(), ""),  # until it is parsed
            size=message.size,
            clients=clients.get(message.key, ()),
            accounts=tuple(sorted({s.ref.account for s in seen})),
            flags=tuple(sorted(flags.get(message.key, ()))),
            folders=tuple(sorted({place for s in seen for place in (s.ref.folder, *s.labels)})),
        )
        documents.append(document)
    paths = tuple(str(archive.root / archive.locate(m)) for m in messages)
    return Batch(archive.root, folder, paths, tuple(documents), parse_stored)


@contextmanager
def _builders(
    crew: Crew | None, total: int, stopping: Callable[[], bool], *, careful: bool
) -> Iterator[Builders | None]:
    """Workers beside this process; None when there is little to do (and nothing to be careful about)."""
    if not total or (total < WORTHWHILE_FROM and not careful):
        yield None
        return
    with Crew() if crew is None else nullcontext(crew) as workers:
        yield Builders(workers, _describe_stored, stopping)


def _share(left: int) -> int:
    """How many of the messages that are left make the next batch: ever fewer, so that no worker waits long for the other."""
    return min(INDEX_BATCH, max(SMALLEST_BATCH, left // (WORKERS + 1)))


def _describe_stored(stored: Stored) -> ParsedMessage:
    key, path = stored
    return describe_killer(key, _read_start(path))


def describe_killer(key: str, content: bytes) -> ParsedMessage:
    """What is known of a message that kills whoever parses it: its headers, which are read by other means."""
    defects = ("the parser was killed by it",)
    return ParsedMessage(key, parse_envelope(content), "", defects=defects, unparsable=True)


def _read_start(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(MEBIBYTE)


def parse_stored(stored: Stored) -> ParsedMessage:
    """Parse a message of the Maildir; one that cannot be read is indexed with nothing known, and `trail verify` names it."""
    key, path = stored
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - opened once per message in the worker's inner loop
            content = file.read(PARSE_LIMIT)
            cut = bool(file.read(1))
    except OSError:
        defects = ("its file is missing or cannot be read",)
        return ParsedMessage(key, Envelope(), "", defects=defects, unparsable=True)
    parsed = parse_message(key, content)
    if cut:
        defect = f"only its first {PARSE_LIMIT // MEBIBYTE} MiB were read"
        parsed = replace(parsed, defects=(*parsed.defects, defect))
    return parsed


def _read_headers(archive: Archive, message: ArchivedMessage) -> None:
    """Enter what a message's headers say; of one that is missing or altered nothing, until it is read again."""
    with suppress(FixityMismatch, OSError):
        if message.size > PARSE_LIMIT:  # too large to be held; `trail verify` compares its hash
            content = _read_start(str(archive.root / archive.locate(message)))
        else:
            content = archive.read(message)
        archive.facts.write_envelope(message.key, parse_envelope(content))

"""Between archive and selection: what in one client's mail is another client's.

    Maildir -> passages -> numbers of phrases -> cache --+--> phrases of both -> leaks
    ledger  -> who spoke to whom, when ------------------+

Comes in: an open archive whose messages are all attributed, a client, and the messages in question. Goes out: leaks by
message. Every message of every client is read once in its life; after that, its numbers come from the cache. Memory is
bounded: phrases are looked for in as many passes as it takes.
"""

from __future__ import annotations

import tempfile
import zlib
from array import array
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from trail.archive.correspondence import count_unread, find_identifiers, iter_lines
from trail.archive.documents import read_cached
from trail.archive.ledger import chunk_keys
from trail.archive.maildir import read_message
from trail.archive.phrases import Phrases, Record
from trail.errors import ArchiveFull, ArchiveReadOnly, FixityMismatch
from trail.handoff.leaks import Leak, Others, Phrase, Spoken
from trail.handoff.shingles import VERSION, find_words, shingle
from trail.parse.passages import find_marks, list_digests, read_own_words, read_passages
from trail.workers import WORTHWHILE_FROM, Crew

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from trail.archive.correspondence import Line
    from trail.archive.phrases import Kind
    from trail.archive.store import Archive
    from trail.config import Config
    from trail.model import ArchivedMessage, Client

    Progress = Callable[[str, int, int], None]

AT_ONCE = 500_000
"""Numbers that are looked for in one pass over the cache."""
CHUNK = 50
CHUNK_BYTES = 8 << 20
_LOOKED_UP = 5000
"""Messages that are looked up at once."""
_FLUSH = 20_000
"""Records in memory before they are kept."""
_What = TypeVar("_What")
_DIGEST, _NAME, _OPAQUE = "#", "/", "!"
"""How digests, names, and digests of what only a reader of documents can read, are told from marks in a record."""


_PREFIXES = (_DIGEST, _NAME, _OPAQUE)


@dataclass(frozen=True, slots=True)
class Findings:
    """What came of it. `uncompared` messages of the archive could not be read; `unread` attachments have no text to compare."""

    leaks: dict[str, tuple[Leak, ...]]
    uncompared: int = 0
    unread: int = 0


def find_leaks(
    archive: Archive,
    config: Config,
    client: Client,
    keys: Collection[str],
    progress: Progress = lambda *_: None,
) -> Findings:
    """What in these messages is another client's than `client`."""
    with ExitStack() as stack:
        return _Comparison(archive, config, client, keys, progress, stack).run()


class _Comparison:
    """One client's messages held against everybody's."""

    def __init__(
        self,
        archive: Archive,
        config: Config,
        client: Client,
        keys: Collection[str],
        progress: Progress,
        stack: ExitStack,
    ) -> None:
        self._archive = archive
        self._client = client
        self._keys = frozenset(keys)
        self._progress = progress
        self._stack = stack
        self._cache = [Phrases(archive.root, VERSION)]
        self._others = Others(client, config.clients, config.me)
        self._spoken = {s.key: s for s in map(_to_spoken, iter_lines(archive.ledger, config.me))}
        self._ours = frozenset(
            bytes.fromhex(spoken.key)
            for spoken in self._spoken.values()
            if client.slug in spoken.client.split("+")
        )
        self._questioned = frozenset(map(bytes.fromhex, self._keys))
        self._found: dict[str, list[Leak]] = {}
        self._leaking: dict[int, Phrase] = {}
        self._common: set[int] = set()
        self._opaque: set[str] = set()

    def run(self) -> Findings:
        own = self._complete("own", self._keys.union(self._spoken))
        rest = self._complete("rest", self._keys)
        digests = self._look_at_marks()
        self._complete_documents(digests)
        passes = 1 + self._count(digests) // AT_ONCE
        for turn in range(passes):
            self._look_for_phrases(digests, turn, passes)
            self._progress("comparing with other clients' mail", turn + 1, passes)
        self._tell(digests)
        unread = count_unread(self._archive.ledger, self._opaque)
        leaks = {key: tuple(dict.fromkeys(leaks)) for key, leaks in self._found.items()}
        return Findings(leaks, len(own | rest), unread)

    # what is kept of each message

    def _complete(self, kind: Kind, keys: frozenset[str]) -> set[str]:
        """Read what is not in the cache yet. Returns the messages that could not be read."""
        there = {key.hex() for cache in self._cache for key in cache.list_keys(kind)}
        missing = sorted(keys - there)
        failed: set[str] = set()
        records: list[Record] = []
        for done, (key, record) in enumerate(self._read(kind, missing), 1):
            if record is None:
                failed.add(key)
            else:
                records.append(record)
            if len(records) >= _FLUSH:
                self._keep(kind, records)
                records = []
            self._progress("reading clients' mail", done, len(missing))
        self._keep(kind, records)
        return failed

    def _read(self, kind: Kind, keys: Sequence[str]) -> Iterator[tuple[str, Record | None]]:
        with ExitStack() as stack:
            crew = stack.enter_context(Crew()) if len(keys) >= WORTHWHILE_FROM else None
            yield from self._read_all(kind, keys, crew)

    def _read_all(
        self, kind: Kind, keys: Sequence[str], crew: Crew | None
    ) -> Iterator[tuple[str, Record | None]]:
        for some in chunk_keys(keys, _LOOKED_UP):  # their places, too, take memory
            yield from self._read_some(kind, some, crew)

    def _read_some(
        self, kind: Kind, keys: Sequence[str], crew: Crew | None
    ) -> Iterator[tuple[str, Record | None]]:
        messages = self._archive.facts.find_messages(keys)
        chunks = list(_split(messages[key] for key in keys if key in messages))
        tasks = [(self._archive.root, kind, chunk) for chunk in chunks]
        if crew is None:
            for task in tasks:
                yield from _read_chunk(task)
            return
        for (_, _, chunk), result in zip(tasks, crew.map(_read_chunk, tasks), strict=True):
            if result is not None:
                yield from result
            else:  # one of them kills its reader: which one, is told by itself
                alone = [(self._archive.root, kind, [message]) for message in chunk]
                results = crew.map(_read_chunk, alone)
                for message, one in zip(chunk, results, strict=True):
                    yield from one or [(message.key, None)]

    def _keep(self, kind: Kind, records: list[Record]) -> None:
        if not records:
            return
        try:
            self._cache[-1].add(kind, records)
        except (ArchiveFull, ArchiveReadOnly):
            if len(self._cache) > 1:
                raise
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="trail-"))
            self._cache.append(Phrases(Path(folder), VERSION))
            self._cache[-1].add(kind, records)

    def _complete_documents(self, digests: dict[str, set[str]]) -> None:
        there = {key.hex() for cache in self._cache for key in cache.list_keys("document")}
        records = []
        for digest in digests.keys() - there:
            if text := read_cached(self._archive.root, digest):
                marks = "\n".join(sorted(find_marks(text)))
                records.append(Record(digest, array("Q", sorted(shingle(text))), array("Q"), marks))
        self._keep("document", records)
        others = self._others
        for record in self._iter("document"):
            if record.key in digests and (leaks := others.find_marks(record.text.split("\n"))):
                for key in digests[record.key]:
                    self._found.setdefault(key, []).extend(leaks)

    def _iter(
        self, kind: Kind, wanted: Callable[[bytes], bool] = lambda _: True
    ) -> Iterator[Record]:
        for cache in self._cache:
            yield from cache.iter_records(kind, wanted)

    def _iter_spoken(self, *, ours: bool) -> Iterator[tuple[Record, Spoken]]:
        """What people said in mail of this client, or in that of all others."""
        for record in self._iter("own", lambda key: (key in self._ours) is ours):
            if spoken := self._spoken.get(record.key):
                yield record, spoken

    # what can be told without phrases

    def _look_at_marks(self) -> dict[str, set[str]]:
        """Names, addresses, Message-IDs and whole files. Returns the digests of attachments, with the messages that have them."""
        digests: dict[str, set[str]] = {}
        identifiers: dict[str, set[str]] = {}
        for record in self._iter_questioned():
            for line in record.text.split("\n"):
                if line.startswith(_OPAQUE):
                    self._opaque.add(line[1:])
                elif line.startswith(_DIGEST):
                    digests.setdefault(line[1:], set()).add(record.key)
                elif "@" in line and not line.startswith(_NAME):
                    identifiers.setdefault(line, set()).add(record.key)
        known = self._look_at_identifiers(identifiers)
        for record in self._iter_questioned():
            lines = record.text.split("\n")
            names = [line[1:] for line in lines if line.startswith(_NAME)]
            marks = [line for line in lines if line and line[0] not in _PREFIXES]
            marks = [mark for mark in marks if mark.lower() not in known]
            if leaks := self._others.find_marks(marks) + self._others.find_names(names):
                self._found.setdefault(record.key, []).extend(leaks)
        self._look_at_files(digests)
        return digests

    def _iter_questioned(self) -> Iterator[Record]:
        return self._iter("rest", self._questioned.__contains__)

    def _look_at_identifiers(self, identifiers: dict[str, set[str]]) -> set[str]:
        """Message-IDs of others' messages. Returns those, in lower case, of which it is known whose they are."""
        known = find_identifiers(self._archive.ledger, identifiers)
        for message_id, (origin, clients) in known.items():
            if self._client.slug not in clients:
                whose = "+".join(sorted(clients))
                leak = Leak("identifier", whose, f"cites message {origin[:12]} of {whose}")
                for key in identifiers[message_id]:
                    self._found.setdefault(key, []).append(leak)
        return {message_id.lower() for message_id in known}

    def _look_at_files(self, digests: dict[str, set[str]]) -> None:
        files: dict[str, Phrase] = {}
        for ours in (False, True):
            for record, spoken in self._iter_spoken(ours=ours):
                for line in record.text.split("\n"):
                    if line[1:] in digests:
                        self._note(files, line[1:], spoken, ours=ours, closing=False)
        for digest, file in files.items():
            if not file.is_common():
                evidence = f"an attachment is also in message {file.origin.key[:12]} of {file.origin.client}"
                leak = Leak("file", file.origin.client, evidence)
                for key in digests[digest]:
                    if not file.is_younger_than(self._speak(key)):
                        self._found.setdefault(key, []).append(leak)

    # phrases

    def _iter_ours(self, digests: dict[str, set[str]]) -> Iterator[Record]:
        yield from self._iter_questioned()
        for record in self._iter("document"):
            if record.key in digests:
                yield record

    def _count(self, digests: dict[str, set[str]]) -> int:
        return sum(len(record.phrases) for record in self._iter_ours(digests))

    def _look_for_phrases(self, digests: dict[str, set[str]], turn: int, passes: int) -> None:
        wanted: set[int] = set()
        for record in self._iter_ours(digests):
            wanted.update(n for n in record.phrases if n % passes == turn)
        phrases: dict[int, Phrase] = {}
        for ours in (False, True):
            for record, spoken in self._iter_spoken(ours=ours):
                if not (shared := wanted.intersection(record.phrases)):
                    continue
                closing = frozenset(record.closing)
                for number in shared:
                    self._note(phrases, number, spoken, ours=ours, closing=number in closing)
            wanted.intersection_update(phrases)
        for number, phrase in phrases.items():
            if phrase.is_common():
                self._common.add(number)
            else:
                self._leaking[number] = phrase

    def _tell(self, digests: dict[str, set[str]]) -> None:
        """Which messages hold which of the phrases that were found, and whether these are enough to tell."""
        if not self._leaking:
            return
        closing = {
            record.key: frozenset(record.closing)
            for record in self._iter("own", self._questioned.__contains__)
            if not self._leaking.keys().isdisjoint(record.closing)
        }
        for record in self._iter_ours(digests):
            if numbers := self._leaking.keys() & set(record.phrases):
                for key in digests.get(record.key, {record.key}):
                    self._tell_of(key, numbers, closing.get(key, frozenset()))

    def _tell_of(self, key: str, numbers: set[int], closes: frozenset[int]) -> None:
        """One phrase of each other client is enough."""
        spoken = self._speak(key)
        origins: dict[str, set[int]] = {}
        for number in sorted(numbers):
            phrase = self._leaking[number]
            is_closing = phrase.is_closing_of(spoken, closing=number in closes)
            if not is_closing and not phrase.is_younger_than(spoken):
                origins.setdefault(phrase.origin.key, set()).add(number)
        known = self._found.setdefault(key, [])
        for origin, theirs in origins.items():
            whose = self._spoken[origin].client
            if any(leak.kind == "phrase" and leak.client == whose for leak in known):
                continue
            words = self._find_words(origin, theirs)
            if words != "":
                evidence = f"has words of message {origin[:12]} of {whose}"
                evidence += f': "{words}"' if words else ""
                known.append(Leak("phrase", whose, evidence))
        if not known:
            del self._found[key]

    def _find_words(self, origin: str, numbers: set[int]) -> str | None:
        """The words themselves, from the message that had them first; None where it cannot be read any more."""
        message = self._archive.facts.find_messages([origin]).get(origin)
        if message is None:
            return None
        try:
            own, closing = read_own_words(self._archive.read(message))
        except (FixityMismatch, OSError):
            return None
        words = find_words(own, numbers, self._common)
        return words or find_words(closing, numbers, self._common)

    @staticmethod
    def _note(
        found: dict[_What, Phrase], what: _What, spoken: Spoken, *, ours: bool, closing: bool
    ) -> None:
        if ours:
            if what in found:
                found[what].add_own(spoken, closing=closing)
            return
        if what not in found:
            found[what] = Phrase.begin(spoken)
        found[what].add_other(spoken, closing=closing)

    def _speak(self, key: str) -> Spoken:
        """A message in question; one of nobody, which is proposed, is taken for the latest of all."""
        return self._spoken.get(key) or Spoken(
            key, "", 1 << 62, 1 << 62, outgoing=True, conversation=0
        )


def _to_spoken(line: Line) -> Spoken:
    return Spoken(
        line.key,
        line.clients,
        line.sent_at,
        line.received_at,
        line.outgoing,
        zlib.crc32(line.root.encode("utf-8", "replace")),
        "+" in line.clients,
    )


def _read_chunk(task: tuple[Path, Kind, list[ArchivedMessage]]) -> list[tuple[str, Record | None]]:
    root, kind, chunk = task
    records: list[tuple[str, Record | None]] = []
    for message in chunk:
        try:
            content = read_message(root, message.path, message.key)
        except (FixityMismatch, OSError):
            records.append((message.key, None))
            continue
        make = _record_own if kind == "own" else _record_rest
        records.append((message.key, make(message.key, content)))
    return records


def _record_own(key: str, content: bytes) -> Record:
    own, closing = read_own_words(content)
    closes = shingle(closing)
    digests = "\n".join(_DIGEST + digest for digest in list_digests(content))
    phrases = array("Q", sorted(shingle(own) | closes))
    return Record(key, phrases, array("Q", sorted(closes)), digests)


def _record_rest(key: str, content: bytes) -> Record:
    found = read_passages(content)
    phrases = array("Q", sorted(set().union(*map(shingle, found.texts))))
    lines = [
        *sorted(mark for mark in found.marks if mark[0] not in _PREFIXES),
        *(_NAME + " ".join(name.split()) for name in found.names),
        *(_DIGEST + digest for digest in found.digests),
        *(_OPAQUE + digest for digest in found.opaque),
    ]
    return Record(key, phrases, array("Q"), "\n".join(lines))


def _split(messages: Iterable[ArchivedMessage]) -> Iterator[list[ArchivedMessage]]:
    chunk: list[ArchivedMessage] = []
    size = 0
    for message in messages:
        if chunk and (len(chunk) >= CHUNK or size + message.size > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(message)
        size += message.size
    if chunk:
        yield chunk

"""What is kept of each message to be compared with others: made once by worker processes, then from the cache.

    Maildir -> passages -> numbers of phrases -> cache -> records

Comes in: keys of messages. Goes out: records. Where the archive's disk takes no cache, it lies in a folder that goes again.
"""

from __future__ import annotations

import tempfile
from array import array
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from trail.archive.documents import mark_cached, read_cached
from trail.archive.ledger import chunk_keys
from trail.archive.maildir import read_message
from trail.archive.phrases import Phrases, Record
from trail.archive.shares import share_out
from trail.errors import ArchiveFull, ArchiveReadOnly, FixityMismatch
from trail.handoff.shingles import VERSION, shingle
from trail.parse.disguised import unpack_text
from trail.parse.parts import split_parts
from trail.parse.passages import find_marks, list_digests, read_own_words, read_passages
from trail.workers import WORTHWHILE_FROM, Crew

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from trail.archive.phrases import Kind
    from trail.archive.store import Archive
    from trail.model import ArchivedMessage

    Progress = Callable[[str, int, int], None]
    Made = dict[Kind, Record]
    """What came of a message; what is not in it could not be read, and is kept nowhere: the next time it is tried again."""

CHUNK = 50
CHUNK_BYTES = 8 << 20
_LOOKED_UP = 5000
"""Messages that are looked up at once."""
_FLUSH = 8_000
"""Records in memory before they are kept."""
DIGEST, NAME, OPAQUE = "#", "/", "!"
"""How digests, names, and what only a reader of documents can read (its digest and name), are told from marks in a record."""
CUT = "+"
"""Alone in a line: there was more than could be looked at."""
VERSION_OF_TEXT = "="
"""Of a document: which reading of it this is."""
PREFIXES = (DIGEST, NAME, OPAQUE, CUT, VERSION_OF_TEXT)


class PhraseBook:
    """The records of one archive, completed as they are asked for."""

    def __init__(
        self, archive: Archive, progress: Progress, stack: ExitStack, crew: Crew | None = None
    ) -> None:
        self._archive = archive
        self._progress = progress
        self._stack = stack
        self._crew = crew
        self._cache = [Phrases(archive.root, VERSION)]
        self._texts: dict[str, str] = {}
        self.deadly: set[str] = set()
        """Messages that killed who read them."""

    def complete(self, own: frozenset[str], rest: frozenset[str]) -> set[str]:
        """Read what is not in the cache yet, each message once. Returns the messages that could not be read.

        `own` are keys of messages whose author's words are wanted, `rest` of those of which everything is.
        """
        missing: dict[Kind, frozenset[str]] = {
            "own": own - self._list_there("own"),
            "rest": rest - self._list_there("rest"),
        }
        keys = sorted(missing["own"] | missing["rest"])
        failed: set[str] = set()
        records: dict[Kind, list[Record]] = {"own": [], "rest": []}
        for done, (key, made) in enumerate(self._read(missing, keys), 1):
            if any(key in keys and kind not in made for kind, keys in missing.items()):
                failed.add(key)
            for kind, record in made.items():
                records[kind].append(record)
            if max(map(len, records.values())) >= _FLUSH:
                self._keep_all(records)
            self._progress("reading clients' mail", done, len(keys))
        self._keep_all(records)
        return failed

    def _list_there(self, kind: Kind) -> set[str]:
        return {key.hex() for cache in self._cache for key in cache.list_keys(kind)}

    def _keep_all(self, records: dict[Kind, list[Record]]) -> None:
        for kind, some in records.items():
            self._keep(kind, some)
            some.clear()

    def _read(
        self, missing: Mapping[Kind, frozenset[str]], keys: Sequence[str]
    ) -> Iterator[tuple[str, Made]]:
        with ExitStack() as stack:
            crew = None
            if len(keys) >= WORTHWHILE_FROM:
                crew = self._crew or stack.enter_context(Crew())
            yield from self._read_all(missing, keys, crew)

    def _read_all(
        self, missing: Mapping[Kind, frozenset[str]], keys: Sequence[str], crew: Crew | None
    ) -> Iterator[tuple[str, Made]]:
        for some in chunk_keys(keys, _LOOKED_UP):  # their places, too, take memory
            yield from self._read_some(missing, some, crew)

    def _read_some(
        self, missing: Mapping[Kind, frozenset[str]], keys: Sequence[str], crew: Crew | None
    ) -> Iterator[tuple[str, Made]]:
        messages = self._archive.facts.find_messages(keys)
        chunks = list(
            share_out((messages[key] for key in keys if key in messages), CHUNK, CHUNK_BYTES)
        )
        root = self._archive.root
        tasks = [(root, [_Wanted(m, _kinds(m, missing)) for m in chunk]) for chunk in chunks]
        if crew is None:
            for task in tasks:
                yield from _read_chunk(task)
            return
        for (_, chunk), result in zip(tasks, crew.map(_read_chunk, tasks), strict=True):
            if result is not None:
                yield from result
            else:  # one of them kills its reader: which one, is told by itself
                results = crew.map(_read_chunk, [(root, [wanted]) for wanted in chunk])
                for wanted, one in zip(chunk, results, strict=True):
                    if one is None:
                        self.deadly.add(wanted.message.key)
                    yield from one or [(wanted.message.key, {})]

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

    def complete_documents(self, digests: Collection[str]) -> None:
        """Take up the texts of these attachments, as far as they were read."""
        root = self._archive.root
        self._texts = {d: m for d in digests if (m := mark_cached(root, d))}
        there = {record.key for record in self.iter_documents()}
        records = []
        for digest in sorted(self._texts.keys() - there):
            if text := read_cached(root, digest):
                texts = [text, *unpack_text(text)]
                phrases = _sort(set().union(*map(shingle, texts)))
                marks = sorted(set().union(*map(find_marks, texts)))
                lines = [VERSION_OF_TEXT + self._texts[digest], *marks]
                records.append(Record(digest, phrases, array("Q"), "\n".join(lines)))
        self._keep("document", records)

    def iter_documents(self) -> Iterator[Record]:
        """Those that were taken up, as they were last read; one may come twice."""
        wanted = frozenset(map(bytes.fromhex, self._texts))
        for record in self.iter_records("document", wanted.__contains__):
            if record.text.partition("\n")[0] == VERSION_OF_TEXT + self._texts[record.key]:
                yield record

    def iter_records(
        self, kind: Kind, wanted: Callable[[bytes], bool] = lambda _: True
    ) -> Iterator[Record]:
        """The records of a kind whose keys are wanted; one may come twice."""
        for cache in self._cache:
            yield from cache.iter_records(kind, wanted)


class _Wanted(NamedTuple):
    """A message, and what is wanted of it."""

    message: ArchivedMessage
    kinds: tuple[Kind, ...]


def _kinds(message: ArchivedMessage, missing: Mapping[Kind, frozenset[str]]) -> tuple[Kind, ...]:
    return tuple(kind for kind, keys in missing.items() if message.key in keys)


def _read_chunk(task: tuple[Path, list[_Wanted]]) -> list[tuple[str, Made]]:
    root, chunk = task
    records: list[tuple[str, Made]] = []
    for message, kinds in chunk:
        try:
            content = read_message(root, message.path, message.key)
        except (FixityMismatch, OSError):
            records.append((message.key, {}))
        else:
            records.append((message.key, _record(message.key, content, kinds)))
    return records


def _record(key: str, content: bytes, kinds: tuple[Kind, ...]) -> Made:
    """What is wanted of a message. What both kinds take is done once: taking it apart, decoding its files, their digests."""
    tree = split_parts(content)
    found = read_passages(content, tree) if "rest" in kinds else None
    written = ""
    own: set[int] = set()
    made: Made = {}
    if "own" in kinds:
        words = read_own_words(content, tree)
        digests = list_digests(content, tree) if found is None else found.digests[: found.outer]
        if words is not None and digests is not None:
            written, closing = words
            own, closes = shingle(written), shingle(closing)
            text = "\n".join(DIGEST + digest for digest in digests)
            made["own"] = Record(key, _sort(own | closes), _sort(closes), text)
    if found is not None:
        bare = written.split()  # most messages are nothing but what their author wrote
        each = (own if bare and text.split() == bare else shingle(text) for text in found.texts)
        lines = [
            *sorted({mark.lstrip("".join(PREFIXES)) for mark in found.marks}),
            *(NAME + " ".join(name.split()) for name in found.names),
            *(DIGEST + digest for digest in found.digests),
            *(OPAQUE + digest + " ".join(("", *name.split())) for digest, name in found.opaque),
            *([CUT] if found.cut else []),
        ]
        made["rest"] = Record(key, _sort(set().union(*each)), array("Q"), "\n".join(lines))
    return made


def _sort(numbers: set[int]) -> array[int]:
    return array("Q", sorted(numbers))

"""The search index: a protocol, and Whoosh behind it.

In: SearchDocuments, keys and queries. Out: SearchResults. Everything in it can be had again from the archive.

On the disk, in the index's folder: Whoosh's own files and `trail.json`, `{"schema": 1, "generation": "…"}`.
The generation is a random name given to each fresh index, by which a ledger knows what is in it and what not yet.
One process writes at a time; searches go on meanwhile and see the state before or after a commit.

Must never unpickle a schema, leave a half-written state behind, or let an error of Whoosh's out.
"""

# Whoosh has types in part only.
# mypy: allow-untyped-calls
from __future__ import annotations

import errno
import json
import os
from collections import Counter
from contextlib import closing, contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Protocol, Required, TypedDict, TypeVar, Unpack

from whoosh.filedb.filestore import FileStorage
from whoosh.index import EmptyIndexError, FileIndex, LockError

from trail.errors import ArchiveFull, ArchiveLocked, ArchiveReadOnly, IndexUnavailable, TrailError
from trail.index.analysis import fold
from trail.index.conditions import And, Exact, Node, sent_between
from trail.index.hits import Sort, count_types, find_hits, iter_hits, list_keys
from trail.index.matching import Segment
from trail.index.query import parse_query
from trail.index.schema import SCHEMA_VERSION, build_schema, to_fields
from trail.index.stemming import choose_language, widen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from trail.index.writing import DurableWriter
    from trail.model import SearchDocument, SearchHit, SearchResult

REBUILD = "the next `trail sync` or `trail reindex` rebuilds it"
_STATE = "trail.json"
_LOCK_SECONDS = 30.0
_MEMORY_MB = 48
_TRIES = 5
"""Times a search opens the index when a writer takes files from under it."""

_Read = TypeVar("_Read")


class Narrowed(TypedDict, total=False):
    """What narrows a query, as in `SearchIndex.search`."""

    client: str | None
    since: datetime | None
    until: datetime | None
    now: Required[datetime]
    clients: Sequence[str]
    stemming: Mapping[str, str]


class SearchIndex(Protocol):
    """What trail needs of a search index."""

    @property
    def generation(self) -> str:
        """A name no other index ever had; a fresh index has a new one."""

    def add(self, documents: Iterable[SearchDocument]) -> int:
        """Put `documents` in, in place of those with the same keys, and return how many.

        When it returns, they are on the disk; when it raises, none is in (unless a key came twice).
        """

    def remove(self, keys: Iterable[str]) -> int:
        """Take the messages with `keys` out, and return how many there were."""

    def count(self) -> int:
        """Return how many messages are in."""

    def search(
        self,
        query: str | Node,
        *,
        client: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        sort: Sort = "date",
        limit: int = 20,
        offset: int = 0,
        now: datetime,
        clients: Sequence[str] = (),
        stemming: Mapping[str, str] | None = None,
    ) -> SearchResult:
        """Return the messages that match; all (of the client and the time) for an empty `query`, or a tree made of one.

        `since` is inclusive, `until` exclusive, both aware, both about the Date header. `sort` "date" is newest
        first, "-date" oldest first, "relevance" best first. `now` is aware: its time zone is that of days in the query.
        `clients` are the known slugs, for hints; none: any is taken. `stemming` has the language of clients by their
        slugs, and of the archive under "", in which other forms of a word are found too. Raises InvalidQuery and
        IndexUnavailable.
        """

    def count_matching(self, node: Node) -> int:
        """Return how many messages meet the conditions."""

    def list_values(self, field: str) -> list[str]:
        """Return the values that a field of whole values (`folder`, `client`, `type` …) has in the index, sorted."""

    def count_words(self, fields: Iterable[str], words: Iterable[str]) -> dict[str, int]:
        """Return for each of the folded words that is in one of the fields in how many messages, added up over the fields."""

    def list_words(self, fields: Iterable[str], beginning: str, most: int) -> dict[str, int]:
        """Return words that begin so, at most so many from each field and segment, as `count_words` does."""

    def iter_hits(
        self, query: str | Node, sort: Sort = "date", **asked: Unpack[Narrowed]
    ) -> Iterator[SearchHit]:
        """Yield all messages that match, in order, from one state of the index. Raises as `search`."""

    def list_keys(
        self, query: str | Node, sort: Sort = "date", **asked: Unpack[Narrowed]
    ) -> list[str]:
        """Return the keys of all messages that match, in order. Raises as `search`."""

    def count_types(self, query: str | Node, **asked: Unpack[Narrowed]) -> dict[str, int]:
        """Return for each ending of an attachment's name how many messages that match have one. Raises as `search`."""

    def close(self) -> None:
        """Let go of files."""


class WhooshIndex:
    """A SearchIndex in a folder, by Whoosh. See SearchIndex for the methods."""

    def __init__(self, index: FileIndex, generation: str) -> None:
        self._index = index
        self._generation = generation

    @classmethod
    def open(cls, folder: Path) -> WhooshIndex:
        """Return the index in `folder`. Raises IndexUnavailable when there is none that this trail can use."""
        try:
            state = json.loads((folder / _STATE).read_bytes())
            version, generation = state["schema"], state["generation"]
        except FileNotFoundError as error:
            raise IndexUnavailable("there is no search index yet", REBUILD) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexUnavailable("the search index cannot be read", REBUILD) from error
        if version != SCHEMA_VERSION or not isinstance(generation, str):
            raise IndexUnavailable("the search index is of another version of trail", REBUILD)
        with _explaining():
            return cls(_open_whoosh(folder), generation)

    @classmethod
    def create(cls, folder: Path) -> WhooshIndex:
        """Make a fresh, empty index in `folder`, in place of the one that is there."""
        from trail.index.writing import clear_folder, write_durably  # noqa: PLC0415 - see _writing

        with _explaining():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Without its state file a half-made index counts as none.
            (folder / _STATE).unlink(missing_ok=True)
            storage = FileStorage(str(folder))
            clear_folder(storage, timeout=_LOCK_SECONDS)
            index = FileIndex.create(storage, build_schema())
            generation = os.urandom(16).hex()
            state = {"schema": SCHEMA_VERSION, "generation": generation}
            write_durably(folder / _STATE, json.dumps(state).encode())
            return cls(index, generation)

    @property
    def generation(self) -> str:
        """See SearchIndex."""
        return self._generation

    def add(self, documents: Iterable[SearchDocument]) -> int:
        """See SearchIndex. One commit, or one more for each key that comes again in the same call."""
        added = 0
        remaining = iter(documents)
        document = next(remaining, None)
        while document is not None:
            seen: set[str] = set()
            with self._writing() as writer:
                while document is not None and document.key not in seen:
                    seen.add(document.key)
                    fields = to_fields(document)
                    with _explaining():
                        writer.remove_key(document.key)
                        writer.add_document(**fields)
                    document = next(remaining, None)
            added += len(seen)
        return added

    def remove(self, keys: Iterable[str]) -> int:
        """See SearchIndex."""
        with self._writing() as writer:
            return sum(map(writer.remove_key, set(keys)))

    def count(self) -> int:
        """See SearchIndex."""
        with _explaining():
            return self._read(lambda segments: sum(s.reader.doc_count() for s in segments))

    def close(self) -> None:
        """See SearchIndex."""
        self._index.close()

    def search(
        self,
        query: str | Node,
        *,
        client: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        sort: Sort = "date",
        limit: int = 20,
        offset: int = 0,
        now: datetime,
        clients: Sequence[str] = (),
        stemming: Mapping[str, str] | None = None,
    ) -> SearchResult:
        """See SearchIndex."""
        asked = Narrowed(
            client=client,
            since=since,
            until=until,
            now=now,
            clients=clients,
            stemming=stemming or {},
        )
        node = _read_asked(query, asked)
        page = max(0, limit), max(0, offset)
        with _explaining():
            return self._read(
                lambda open_: find_hits(
                    open_, _widen(node, asked, open_), sort, *page, now.timestamp()
                )
            )

    def iter_hits(
        self, query: str | Node, sort: Sort = "date", **asked: Unpack[Narrowed]
    ) -> Iterator[SearchHit]:
        """See SearchIndex."""
        node, now = _read_asked(query, asked), asked["now"].timestamp()
        with _explaining():
            yield from self._iterate(
                lambda open_: iter_hits(open_, _widen(node, asked, open_), sort, now)
            )

    def list_keys(
        self, query: str | Node, sort: Sort = "date", **asked: Unpack[Narrowed]
    ) -> list[str]:
        """See SearchIndex."""
        node, now = _read_asked(query, asked), asked["now"].timestamp()
        with _explaining():
            return self._read(lambda open_: list_keys(open_, _widen(node, asked, open_), sort, now))

    def count_types(self, query: str | Node, **asked: Unpack[Narrowed]) -> dict[str, int]:
        """See SearchIndex."""
        node = _read_asked(query, asked)
        with _explaining():
            return self._read(lambda open_: count_types(open_, _widen(node, asked, open_)))

    def count_matching(self, node: Node) -> int:
        """See SearchIndex."""
        with _explaining():
            return self._read(lambda segments: sum(len(segment.find(node)) for segment in segments))

    def list_values(self, field: str) -> list[str]:
        """See SearchIndex."""
        with _explaining():
            return self._read(
                lambda segments: sorted(set().union(*(s.list_terms(field) for s in segments)))
            )

    def count_words(self, fields: Iterable[str], words: Iterable[str]) -> dict[str, int]:
        """See SearchIndex."""
        asked = [(field, word) for field in fields for word in words]
        with _explaining():
            return self._read(lambda segments: _add_up(s.iter_frequencies(asked) for s in segments))

    def list_words(self, fields: Iterable[str], beginning: str, most: int) -> dict[str, int]:
        """See SearchIndex."""
        names = tuple(fields)
        with _explaining():
            return self._read(
                lambda segments: _add_up(
                    islice(s.iter_words(field, beginning), most)
                    for s in segments
                    for field in names
                )
            )

    def _read(self, what: Callable[[list[Segment]], _Read]) -> _Read:
        """Return what `what` makes of the segments of the newest state."""
        (read,) = self._iterate(lambda segments: iter((what(segments),)))
        return read

    def _iterate(self, what: Callable[[list[Segment]], Iterator[_Read]]) -> Iterator[_Read]:
        """Yield what `what` yields of the segments of the newest state, which stays open meanwhile."""
        begun = False
        for attempt in range(1, _TRIES + 1):
            try:
                with closing(self._index.reader()) as reader:
                    segments = [
                        Segment(leaf) for leaf, _ in reader.leaf_readers() if leaf.doc_count()
                    ]
                    # A commit shows its new state before it takes away files of the old one. As long as ours is the
                    # newest, each file was there to be opened; later on it takes nothing from us any more.
                    if not segments or reader.generation() == self._index.latest_generation():
                        for item in what(segments):
                            begun = True
                            yield item
                        return
            except (FileNotFoundError, EmptyIndexError):
                if begun or attempt == _TRIES:
                    raise
        raise IndexUnavailable("the search index changes too fast to be read", "try again")

    @contextmanager
    def _writing(self) -> Iterator[DurableWriter]:
        """Open a writer, commit what was done with it, or nothing if that raised."""
        from trail.index.writing import DurableWriter  # noqa: PLC0415 - searches start faster without it

        with _explaining():
            writer = DurableWriter(self._index, timeout=_LOCK_SECONDS, limitmb=_MEMORY_MB)
        try:
            yield writer
        except BaseException:
            with _explaining():
                writer.cancel()
            raise
        with _explaining():
            writer.publish()


def _read_asked(query: str | Node, asked: Narrowed) -> Node:
    if isinstance(query, str):
        query = parse_query(query, now=asked["now"], clients=asked.get("clients", ()))
    parts = [query]
    if (client := asked.get("client")) is not None:
        parts.append(Exact("client", fold(client)))
    since, until = asked.get("since"), asked.get("until")
    if since is not None or until is not None:
        parts.append(sent_between(since, until))
    return And(tuple(parts))


def _widen(node: Node, asked: Narrowed, segments: Sequence[Segment]) -> Node:
    """The conditions with other forms of their words, where there is a language for them."""
    stemming = asked.get("stemming")
    language = choose_language(node, stemming) if stemming else ""
    if not language:
        return node
    return widen(
        node,
        language,
        lambda field, beginning: (
            term for s in segments for term, _ in s.iter_words(field, beginning)
        ),
    )


def _open_whoosh(folder: Path) -> FileIndex:
    # With a schema given, the pickled one in the files is passed over.
    return FileIndex(FileStorage(str(folder)), schema=build_schema())


def _add_up(counts: Iterable[Iterable[tuple[str, int]]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for word, count in chain.from_iterable(counts):
        total[word] += count
    return dict(total)


@contextmanager
def _explaining() -> Iterator[None]:
    """Turn what the disk and Whoosh raise into errors a person can act on."""
    try:
        yield
    except (TrailError, AssertionError):
        raise
    except LockError as error:
        raise ArchiveLocked(
            "another trail is writing to the search index", "wait until it is done"
        ) from error
    except Exception as error:
        match getattr(error, "errno", None):
            case errno.ENOSPC | errno.EDQUOT:
                raise ArchiveFull(
                    "no room for the search index", "make room and run it again"
                ) from error
            case errno.EROFS | errno.EACCES | errno.EPERM:
                raise ArchiveReadOnly(
                    "the search index cannot be written", "see the folder's permissions"
                ) from error
        raise IndexUnavailable("the search index cannot be read", REBUILD) from error

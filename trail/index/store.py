"""The search index: a protocol, and Whoosh with our own segments behind it.

In: SearchDocuments, keys and queries. Out: SearchResults. Everything in it can be had again from the archive.

On the disk, in the index's folder: segments, the list of them, and `trail.json`, `{"schema": 1, "generation": "…"}`.
The generation is a random name given to each fresh index, by which a ledger knows what is in it and what not yet.
One process publishes at a time; searches go on meanwhile and see the state before or after a commit.

Must never leave a half-written state behind, or let an error of Whoosh's out. A search must never load Whoosh.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Protocol, Required, TypedDict, Unpack

from trail.errors import IndexUnavailable
from trail.index.analysis import fold
from trail.index.conditions import And, Exact, Node, sent_between
from trail.index.failures import MARK, REBUILD, explaining
from trail.index.generations import State
from trail.index.hits import Sort, count_each, find_hits, find_span, iter_hits, list_keys
from trail.index.opening import OpenSegments
from trail.index.query import parse_query
from trail.index.schema import SCHEMA_VERSION, to_fields
from trail.index.stemming import choose_language, widen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from trail.index.generations import Listed
    from trail.index.matching import Finder
    from trail.index.writing import SegmentPublisher
    from trail.model import SearchDocument, SearchHit, SearchResult

    Merge = Callable[[Sequence[Sequence[str]], Path], Sequence[str | None]]
    """Takes groups of segments and their folder, and returns for each group the name of the one it became."""

_STATE = "trail.json"
_LOCK_SECONDS = 30.0


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
        exact: bool = False,
    ) -> SearchResult:
        """Return the messages that match; all (of the client and the time) for an empty `query`, or a tree made of one.

        `since` is inclusive, `until` exclusive, both aware, both about the Date header. `sort` "date" is newest
        first, "-date" oldest first, "relevance" best first. `now` is aware: its time zone is that of days in the query.
        `clients` are the known slugs, for hints; none: any is taken. `stemming` has the language of clients by their
        slugs, and of the archive under "", in which other forms of a word are found too. Where counting all hits of a
        phrase would take long, the total is an estimate, unless `exact` asks for more. Raises InvalidQuery and
        IndexUnavailable.
        """

    def count_matching(self, node: Node, stemming: Mapping[str, str] | None = None) -> int:
        """Return how many messages meet the conditions; `stemming` as in `search`."""

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

    def find_span(
        self, query: str | Node, **asked: Unpack[Narrowed]
    ) -> tuple[datetime, datetime] | None:
        """Return when the first and the last message that match were sent, in UTC; None where there is none. Raises as `search`."""

    def count_each(
        self, query: str | Node, nodes: Sequence[Node], **asked: Unpack[Narrowed]
    ) -> list[int]:
        """Return for each of the conditions how many messages that match meet it. Raises as `search`."""

    def close(self) -> None:
        """Let go of files."""


class WhooshIndex:
    """A SearchIndex in a folder, by Whoosh. See SearchIndex for the methods."""

    def __init__(self, folder: Path, generation: str) -> None:
        self.folder = folder
        self._generation = generation
        self._segments = OpenSegments(folder)

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
        if (folder / MARK).exists():
            raise IndexUnavailable("the search index is damaged", REBUILD)
        if version != SCHEMA_VERSION or not isinstance(generation, str):
            raise IndexUnavailable("the search index is of another version of trail", REBUILD)
        index = cls(folder, generation)
        with explaining(folder):
            index._segments.open()
        return index

    @classmethod
    def create(cls, folder: Path) -> WhooshIndex:
        """Make a fresh, empty index in `folder`, in place of the one that is there."""
        from trail.index.generations import write_durably, write_state  # noqa: PLC0415 - see _publishing

        with explaining(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Without its state file a half-made index counts as none.
            (folder / _STATE).unlink(missing_ok=True)
            (folder / MARK).unlink(missing_ok=True)
            if any(folder.iterdir()):
                from trail.index.writing import clear_folder  # noqa: PLC0415 - see _publishing

                clear_folder(folder, timeout=_LOCK_SECONDS)
            write_state(folder, State(0))
            generation = os.urandom(16).hex()
            state = {"schema": SCHEMA_VERSION, "generation": generation}
            write_durably(folder / _STATE, json.dumps(state).encode())
            return cls(folder, generation)

    @property
    def generation(self) -> str:
        """See SearchIndex."""
        return self._generation

    def add(self, documents: Iterable[SearchDocument]) -> int:
        """See SearchIndex."""
        from trail.index.building import build_segments  # noqa: PLC0415 - see _publishing

        with explaining(self.folder):
            names = list(build_segments(self.folder, map(to_fields, documents)))
        return self.adopt(names)

    def adopt(self, names: Sequence[str], *, replacing: bool = True, tidying: bool = True) -> int:
        """Put the messages of segments that were built into the folder in, and return how many.

        In place of those with the same keys; `replacing` is False where it is known that there are none. Whoever is not
        `tidying` must `tidy` in the end.
        """
        if not names:
            return 0
        with self._publishing() as publisher:
            added = sum(publisher.add_segment(name, replacing=replacing) for name in names)
        if tidying:
            self.tidy()
        return added

    def remove(self, keys: Iterable[str]) -> int:
        """See SearchIndex."""
        with self._publishing() as publisher:
            return publisher.remove_keys(set(keys))

    def tidy(self, merge: Merge | None = None, *, groups: int = 1) -> None:
        """Merge segments where they are too many; where much is merged, in several groups."""
        from trail.index.tiers import choose_segments  # noqa: PLC0415 - see _publishing

        while chosen := choose_segments(self._list_segments(), groups):
            with self._publishing() as publisher:
                # another process may have been faster
                listed = [segment.listed for segment in publisher.segments]
                if chosen == choose_segments(listed, groups):
                    merged = (merge or _merge_here)(chosen, self.folder)
                    for names, name in zip(chosen, merged, strict=True):
                        publisher.replace(names, name)

    def sweep(self) -> None:
        """Remove segments that were built and that nobody published. Nobody may be building."""
        from trail.index.writing import clear_waiting  # noqa: PLC0415 - see _publishing

        with explaining(self.folder):
            clear_waiting(self.folder)

    def count_segments(self) -> int:
        """Return how many segments there are."""
        return len(self._list_segments())

    def _list_segments(self) -> tuple[Listed, ...]:
        with explaining(self.folder):
            return self._segments.read_newest().segments

    def count(self) -> int:
        """See SearchIndex."""
        return sum(segment.left for segment in self._list_segments())

    def close(self) -> None:
        """See SearchIndex."""
        self._segments.close()

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
        exact: bool = False,
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
        with explaining(self.folder):
            segments = self._segments.open()
            node = _widen(node, asked.get("stemming", {}), segments)
            return find_hits(segments, node, sort, *page, now.timestamp(), exact=exact)

    def iter_hits(
        self, query: str | Node, sort: Sort = "date", **asked: Unpack[Narrowed]
    ) -> Iterator[SearchHit]:
        """See SearchIndex."""
        node, now = _read_asked(query, asked), asked["now"].timestamp()
        with explaining(self.folder):
            segments = self._segments.open()
            yield from iter_hits(
                segments, _widen(node, asked.get("stemming", {}), segments), sort, now
            )

    def list_keys(
        self, query: str | Node, sort: Sort = "date", **asked: Unpack[Narrowed]
    ) -> list[str]:
        """See SearchIndex."""
        node, now = _read_asked(query, asked), asked["now"].timestamp()
        with explaining(self.folder):
            segments = self._segments.open()
            return list_keys(segments, _widen(node, asked.get("stemming", {}), segments), sort, now)

    def find_span(
        self, query: str | Node, **asked: Unpack[Narrowed]
    ) -> tuple[datetime, datetime] | None:
        """See SearchIndex."""
        node = _read_asked(query, asked)
        with explaining(self.folder):
            segments = self._segments.open()
            return find_span(segments, _widen(node, asked.get("stemming", {}), segments))

    def count_each(
        self, query: str | Node, nodes: Sequence[Node], **asked: Unpack[Narrowed]
    ) -> list[int]:
        """See SearchIndex."""
        node = _read_asked(query, asked)
        with explaining(self.folder):
            segments = self._segments.open()
            return count_each(segments, _widen(node, asked.get("stemming", {}), segments), nodes)

    def count_matching(self, node: Node, stemming: Mapping[str, str] | None = None) -> int:
        """See SearchIndex."""
        with explaining(self.folder):
            segments = self._segments.open()
            node = _widen(node, stemming or {}, segments)
            return sum(s.find(node, s.live).bit_count() for s in segments)

    def list_values(self, field: str) -> list[str]:
        """See SearchIndex."""
        with explaining(self.folder):
            return sorted(set().union(*(s.list_terms(field) for s in self._segments.open())))

    def count_words(self, fields: Iterable[str], words: Iterable[str]) -> dict[str, int]:
        """See SearchIndex."""
        asked = [(field, word) for field in fields for word in words]
        with explaining(self.folder):
            return _add_up(s.iter_frequencies(asked) for s in self._segments.open())

    def list_words(self, fields: Iterable[str], beginning: str, most: int) -> dict[str, int]:
        """See SearchIndex."""
        names = tuple(fields)
        with explaining(self.folder):
            return _add_up(
                islice(s.iter_words(field, beginning), most)
                for s in self._segments.open()
                for field in names
            )

    @contextmanager
    def _publishing(self) -> Iterator[SegmentPublisher]:
        """Open a writer, commit what was done with it, or nothing if that raised."""
        from trail.index.writing import SegmentPublisher  # noqa: PLC0415 - searches start faster without it

        with explaining(self.folder):
            publisher = SegmentPublisher(self.folder, timeout=_LOCK_SECONDS)
            try:
                yield publisher
            except BaseException:
                publisher.cancel()  # type: ignore[no-untyped-call] # Whoosh's
                raise
            publisher.publish()


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


def _widen(node: Node, stemming: Mapping[str, str], segments: Sequence[Finder]) -> Node:
    """The conditions with other forms of their words, where there is a language for them."""
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


def _add_up(counts: Iterable[Iterable[tuple[str, int]]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for word, count in chain.from_iterable(counts):
        total[word] += count
    return dict(total)


def _merge_here(groups: Sequence[Sequence[str]], folder: Path) -> list[str | None]:
    from trail.index.merging import merge_listed  # noqa: PLC0415 - searches start faster without it

    return [merge_listed(folder, names) for names in groups]

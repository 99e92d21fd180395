"""What trail needs of a search index: so that another engine can stand in the place of ours.

In: SearchDocuments, keys and queries. Out: SearchResults. Everything in an index can be had again from the archive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Required, TypedDict, Unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from trail.index.conditions import Node
    from trail.index.failures import Doubt
    from trail.index.hits import Sort
    from trail.model import SearchDocument, SearchHit, SearchResult


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

    @property
    def doubt(self) -> Doubt | None:
        """Why the index is to be made anew, as far as it is known; None: all is well."""

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

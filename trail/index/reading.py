"""Questions to the index that serves: the reading half of `trail.index.store`.

In: queries. Out: SearchResults, from one state of the index each. Whatever becomes of the index meanwhile, a commit, another one
in its place, a damaged segment, the answer is from what is sound, and `doubt` says where something is missing.
Must never load Whoosh, or write more than a note of damage.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar

from trail.errors import IndexUnavailable
from trail.index.failures import REBUILD, Doubt, explaining, is_damage
from trail.index.hits import Sort, count_each, find_hits, find_span, iter_hits, list_keys
from trail.index.narrowing import read_asked, widen_asked
from trail.index.opening import OpenSegments
from trail.index.protocol import Narrowed
from trail.index.serving import find_serving, read_about

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import Unpack

    from trail.index.conditions import Node
    from trail.index.generations import Listed
    from trail.index.matching import Finder
    from trail.index.serving import About
    from trail.model import SearchHit, SearchResult

Result = TypeVar("Result")


class IndexReader:
    """The index that serves in a folder. See `trail.index.protocol.SearchIndex` for the methods."""

    folder: Path
    """Of the index that is open; another one may have taken its place since."""
    _about: About
    _segments: OpenSegments

    def __init__(self, place: Path) -> None:
        """Open it. Raises IndexUnavailable where there is none, or nothing of it can be read."""
        self._place = place
        self._turn_to(self._find())
        self._open()

    @property
    def generation(self) -> str:
        """See SearchIndex."""
        return self._about.generation

    @property
    def doubt(self) -> Doubt | None:
        """See SearchIndex."""
        if damage := self._segments.damage:
            return Doubt("damaged", sum(damage.values()))
        return Doubt("older") if self._about.is_older else None

    def count(self) -> int:
        """See SearchIndex."""
        return sum(segment.left for segment in self._list_segments())

    def count_segments(self) -> int:
        """Return how many segments there are."""
        return len(self._list_segments())

    def close(self) -> None:
        """See SearchIndex."""
        self._segments.close()

    def find_damage(self) -> bool:
        """Look through all of it for damage, which takes a second for 50 MB; whether there was more than was known."""
        with explaining():
            return self._segments.find_damage()

    def _list_segments(self) -> tuple[Listed, ...]:
        with explaining():
            damage = self._segments.damage
            return tuple(s for s in self._segments.read_newest().segments if s.name not in damage)

    def _find(self) -> Path:
        try:
            return find_serving(self._place)
        except (OSError, ValueError) as error:
            raise IndexUnavailable("the search index cannot be read", REBUILD) from error

    def _turn_to(self, folder: Path) -> None:
        self._about = read_about(folder)
        self.folder = folder
        self._segments = OpenSegments(folder)

    def _open(self) -> list[Finder]:
        """The segments of the index that serves now."""
        while True:
            serving = self._find()
            try:
                if serving != self.folder:
                    self._turn_to(serving)
                with explaining():
                    return self._segments.open()
            except IndexUnavailable:
                if self._find() == serving:
                    raise

    def _answer(self, ask: Callable[[list[Finder]], Result]) -> Result:
        """Ask the sound segments; once more, where damage turns up."""
        while True:
            segments = self._open()
            try:
                with explaining():
                    return ask(segments)
            except IndexUnavailable as error:
                if not is_damage(error.__cause__) or not self.find_damage():
                    raise

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
        node = read_asked(query, asked)
        page = max(0, limit), max(0, offset)
        return self._answer(
            lambda segments: find_hits(
                segments,
                widen_asked(node, asked.get("stemming"), segments),
                sort,
                *page,
                now.timestamp(),
                exact=exact,
            )
        )

    def iter_hits(
        self, query: str | Node, sort: Sort = "date", **asked: Unpack[Narrowed]
    ) -> Iterator[SearchHit]:
        """See SearchIndex."""
        node, now = read_asked(query, asked), asked["now"].timestamp()
        seen: set[str] = set()
        while True:
            segments = self._answer(list)
            try:
                with explaining():
                    for hit in iter_hits(
                        segments, widen_asked(node, asked.get("stemming"), segments), sort, now
                    ):
                        if hit.key not in seen:  # asked once more, after damage
                            seen.add(hit.key)
                            yield hit
            except IndexUnavailable:
                if self.find_damage():
                    continue
                raise
            return

    def list_keys(
        self, query: str | Node, sort: Sort = "date", **asked: Unpack[Narrowed]
    ) -> list[str]:
        """See SearchIndex."""
        node, now = read_asked(query, asked), asked["now"].timestamp()
        return self._answer(
            lambda segments: list_keys(
                segments, widen_asked(node, asked.get("stemming"), segments), sort, now
            )
        )

    def find_span(
        self, query: str | Node, **asked: Unpack[Narrowed]
    ) -> tuple[datetime, datetime] | None:
        """See SearchIndex."""
        node = read_asked(query, asked)
        stemming = asked.get("stemming")
        return self._answer(
            lambda segments: find_span(segments, widen_asked(node, stemming, segments))
        )

    def count_each(
        self, query: str | Node, nodes: Sequence[Node], **asked: Unpack[Narrowed]
    ) -> list[int]:
        """See SearchIndex."""
        node = read_asked(query, asked)
        stemming = asked.get("stemming")
        return self._answer(
            lambda segments: count_each(segments, widen_asked(node, stemming, segments), nodes)
        )

    def count_matching(self, node: Node, stemming: Mapping[str, str] | None = None) -> int:
        """See SearchIndex."""

        def count(segments: list[Finder]) -> int:
            widened = widen_asked(node, stemming, segments)
            return sum(s.find(widened, s.live).bit_count() for s in segments)

        return self._answer(count)

    def list_values(self, field: str) -> list[str]:
        """See SearchIndex."""
        return self._answer(
            lambda segments: sorted(set().union(*(s.list_terms(field) for s in segments)))
        )

    def count_words(self, fields: Iterable[str], words: Iterable[str]) -> dict[str, int]:
        """See SearchIndex."""
        asked = [(field, word) for field in fields for word in words]
        return self._answer(lambda segments: _add_up(s.iter_frequencies(asked) for s in segments))

    def list_words(self, fields: Iterable[str], beginning: str, most: int) -> dict[str, int]:
        """See SearchIndex."""
        names = tuple(fields)
        return self._answer(
            lambda segments: _add_up(
                islice(s.iter_words(field, beginning), most) for s in segments for field in names
            )
        )


def _add_up(counts: Iterable[Iterable[tuple[str, int]]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for word, count in chain.from_iterable(counts):
        total[word] += count
    return dict(total)

"""Our segments as Whoosh sees them: a codec, so that its writer publishes them and its readers and queries work on them.

In: segments in a folder. Out: what Whoosh asks of a codec's readers. Segments come whole from `trail.index.building`
and `trail.index.merging`: Whoosh's writer lists, locks and publishes, and never writes a posting itself.
Must never be imported by a search: it loads Whoosh.
"""

# Whoosh has types in part only.
# mypy: allow-untyped-calls
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from whoosh.codec.base import Codec, Segment
from whoosh.filedb.filestore import FileStorage
from whoosh.index import FileIndex

from trail.index.adapters import SegmentDocuments, SegmentTerms
from trail.index.bitmaps import iter_bits
from trail.index.fields import build_schema
from trail.index.generations import NAME, Listed, find_newest, read_state
from trail.index.segment import SUFFIX, SegmentFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whoosh.codec.base import PerDocumentReader, TermsReader


class ListedSegment(Segment):
    """A segment of a state of the index, with the removals that a writer adds."""

    def __init__(self, listed: Listed) -> None:
        self.indexname, _, self.segid = listed.name.partition("_")
        self.compound = False
        self._documents = listed.documents
        self.removed = listed.removed

    @property
    def listed(self) -> Listed:
        """The segment as it is to be written into a state."""
        return Listed(self.segment_id(), self._documents, self.removed)

    def codec(self) -> Codec:
        """Return ours."""
        return SegmentCodec()

    def doc_count_all(self) -> int:
        """Return how many documents the file has."""
        return self._documents

    def deleted_count(self) -> int:
        """Return how many of them were removed."""
        return self.removed.bit_count()

    def deleted_docs(self) -> Iterator[int]:
        """Yield those."""
        return iter_bits(self.removed)

    def delete_document(self, docnum: int, delete: bool = True) -> None:  # noqa: FBT001, FBT002 - as Whoosh calls it
        """Remove a document, or put it back."""
        self.removed = self.removed | 1 << docnum if delete else self.removed & ~(1 << docnum)

    def is_deleted(self, docnum: int) -> bool:
        """Return whether a document was removed."""
        return bool(self.removed >> docnum & 1)


class SegmentIndex(FileIndex):
    """Whoosh's index, with our own list of segments in place of its pickled one."""

    def __init__(self, folder: Path) -> None:  # Whoosh's own looks for a pickle at once
        self.folder = folder
        self.storage = FileStorage(str(folder))
        self.indexname = NAME
        self._schema = build_schema()

    def _read_toc(self) -> Any:
        state = read_state(self.folder, find_newest(self.folder))
        segments = [ListedSegment(listed) for listed in state.segments]
        return _Toc(state.number, segments, self._schema)


class _Toc:
    """What Whoosh reads from a list of segments."""

    def __init__(self, generation: int, segments: list[ListedSegment], schema: Any) -> None:
        self.generation = generation
        self.segments = segments
        self.schema = schema


class SegmentCodec(Codec):
    """Reads our segments; what it gives to write with writes nothing."""

    length_stats = False

    def new_segment(self, storage: Any, indexname: str) -> Segment:
        """Return a place holder: no writer fills it."""
        del storage, indexname
        return ListedSegment(Listed(f"{NAME}_none", 0))

    def per_document_writer(self, storage: Any, segment: Segment) -> Any:
        """Return something closed."""
        del storage, segment
        return _NoWriter()

    field_writer = per_document_writer

    def postings_writer(self, dbfile: Any, byteids: bool = False) -> Any:  # noqa: FBT001, FBT002 - as Whoosh has it
        """Raise NotImplementedError: segments come whole."""
        raise NotImplementedError

    def postings_reader(
        self, dbfile: Any, terminfo: Any, format_: Any, term: Any = None, scorer: Any = None
    ) -> Any:
        """Raise NotImplementedError: SegmentTerms reads them."""
        raise NotImplementedError

    def terms_reader(self, storage: Any, segment: Any) -> TermsReader:
        """Return the terms of a segment."""
        return SegmentTerms(_open(storage, segment))

    def per_document_reader(self, storage: Any, segment: Any) -> PerDocumentReader:
        """Return the columns and stored values of a segment."""
        return SegmentDocuments(_open(storage, segment), segment.removed)


class _NoWriter:
    """Stands where Whoosh keeps a writer of postings."""

    is_closed = True


def _open(storage: Any, segment: Segment) -> SegmentFile:
    return SegmentFile(Path(storage.folder) / f"{segment.segment_id()}{SUFFIX}")

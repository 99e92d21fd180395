"""A segment's terms, columns and stored values as Whoosh's readers ask for them.

In: an open segment. Out: what `whoosh.codec.base` wants of a codec's readers, so that Whoosh's own queries, its spelling
and whatever else it has work on our index. Must never be imported by a search of ours: it loads Whoosh.
"""

# Whoosh has types in part only.
# mypy: allow-untyped-calls
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whoosh.codec.base import PerDocumentReader, TermsReader
from whoosh.matching.mcore import ListMatcher
from whoosh.reading import TermInfo, TermNotFound

from trail.index.bitmaps import iter_bits

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator

    from whoosh.columns import NumericColumn

    from trail.index.dictionary import Entry
    from trail.index.segment import SegmentFile


class SegmentTerms(TermsReader):
    """The terms of a segment."""

    def __init__(self, file: SegmentFile) -> None:
        self._file = file

    def indexed_field_names(self) -> list[str]:
        """Return the fields that have terms."""
        return list(self._file.field_kinds)

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        return self._find(*term) is not None

    def terms(self) -> Iterator[tuple[str, bytes]]:
        """Yield field and term of all."""
        for name in sorted(self._file.field_kinds):
            yield from self.terms_from(name, b"")

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        """Yield the terms of a field that are not before `prefix`."""
        field = self._file.open_field(fieldname)
        for entry in field.iter_from() if field else ():
            if entry.term >= prefix:
                yield fieldname, entry.term

    def term_info(self, fieldname: str, text: bytes) -> TermInfo:
        """Return what Whoosh wants to know of a term."""
        entry = self._find(fieldname, text)
        if entry is None:
            raise TermNotFound(f"No term {fieldname}:{text!r}")
        weight = float(entry.total or entry.having)
        documents = self._open(fieldname).read_documents(entry)
        # Bounds that Whoosh's collectors may rely on, though they could be tighter.
        return TermInfo(
            weight,
            entry.having,
            minlength=1,
            maxlength=1 << 31,
            maxweight=weight,
            minid=documents[0],
            maxid=documents[-1],
        )

    def frequency(self, fieldname: str, text: bytes) -> int:
        """Return how often a term stands in all documents."""
        entry = self._find(fieldname, text)
        return (entry.total or entry.having) if entry else 0

    def doc_frequency(self, fieldname: str, text: bytes) -> int:
        """Return how many documents have a term, removed ones among them."""
        entry = self._find(fieldname, text)
        return entry.having if entry else 0

    def items(self) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        """Yield all terms, and what is known of each."""
        return ((term, self.term_info(*term)) for term in self.terms())

    def items_from(
        self, fieldname: str, prefix: bytes
    ) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        """Yield the terms that are not before `prefix`, and what is known of each."""
        return ((term, self.term_info(*term)) for term in self.terms_from(fieldname, prefix))

    def cursor(self, fieldname: str, fieldobj: Any) -> Any:
        """Raise NotImplementedError: for Whoosh's automata, which we do not use."""
        raise NotImplementedError

    def matcher(self, fieldname: str, text: bytes, format_: Any, scorer: Any = None) -> ListMatcher:
        """Return the documents of a term, with their counts and places."""
        entry = self._find(fieldname, text)
        if entry is None:
            raise TermNotFound(f"No term {fieldname}:{text!r}")
        field = self._open(fieldname)
        if self._file.field_kinds[fieldname] == "exact":
            documents = list(field.read_documents(entry))
            values, weights = [b""] * len(documents), [1.0] * len(documents)
        else:
            documents, values, weights = [], [], []
            for some, counts, places in field.open_places(
                entry, field.read_bits(entry)
            ).iter_chunks():
                at = 0
                documents += some
                weights += map(float, counts)
                for count in counts:
                    values.append(format_.encode(places[at : at + count]))
                    at += count
        return ListMatcher(
            documents, weights, values=values, format=format_, scorer=scorer, term=(fieldname, text)
        )

    def close(self) -> None:
        """Nothing to do: the file closes itself."""

    def _find(self, fieldname: str, text: bytes) -> Entry | None:
        field = self._file.open_field(fieldname)
        return field.find(text) if field else None

    def _open(self, fieldname: str) -> Any:
        return self._file.open_field(fieldname)


class SegmentDocuments(PerDocumentReader):
    """The columns and stored values of a segment."""

    def __init__(self, file: SegmentFile, removed: int) -> None:
        self._file = file
        self._removed = removed
        self._lengths: dict[str, array[int]] = {}

    def doc_count(self) -> int:
        """Return how many documents are left."""
        return self._file.size - self._removed.bit_count()

    def doc_count_all(self) -> int:
        """Return how many documents the file has."""
        return self._file.size

    def has_deletions(self) -> bool:
        """Return whether some were removed."""
        return bool(self._removed)

    def is_deleted(self, docnum: int) -> bool:
        """Return whether one was."""
        return bool(self._removed >> docnum & 1)

    def deleted_docs(self) -> set[int]:
        """Return those that were."""
        return set(iter_bits(self._removed))

    def supports_columns(self) -> bool:
        """Return that there are columns."""
        return True

    def has_column(self, fieldname: str) -> bool:
        """Return whether there is one."""
        return fieldname in self._file.columns

    def column_reader(self, fieldname: str, column: NumericColumn) -> array[int]:
        """Return a column of numbers."""
        del column
        return self._file.read_column(fieldname)

    def doc_field_length(self, docnum: int, fieldname: str, default: int = 0) -> int:
        """Return how many words a document has in a field."""
        if self._file.field_kinds.get(fieldname) != "words":
            return default
        if fieldname not in self._lengths:
            self._lengths[fieldname] = self._file.read_lengths(fieldname)
        return self._lengths[fieldname][docnum]

    def field_length(self, fieldname: str) -> int:
        """Return how many words all documents have in a field, those removed included."""
        return sum(self.doc_field_length(d, fieldname) for d in range(self._file.size))

    def min_field_length(self, fieldname: str) -> int:
        """Return the least."""
        return min(self.doc_field_length(d, fieldname) for d in range(self._file.size))

    def max_field_length(self, fieldname: str) -> int:
        """Return the most."""
        return max(self.doc_field_length(d, fieldname) for d in range(self._file.size))

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        """Return what was stored of a document."""
        return {"stored": self._file.read_stored(docnum)}

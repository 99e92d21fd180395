"""Several segments become one, without the messages that were removed from them.

In: open segments, and what was removed from each, as bits. Out: the file of a new segment. Where the segments follow one
another in time, as they do when an archive is indexed from its newest message to its oldest, their terms are only
strung together; elsewhere each term's documents are sorted anew.
"""

from __future__ import annotations

from heapq import merge
from itertools import accumulate, repeat
from typing import TYPE_CHECKING, NamedTuple

from trail.index.bitmaps import iter_bits, pack_numbers, to_bits, unpack_numbers
from trail.index.building import make_name
from trail.index.generations import find_newest, read_state
from trail.index.places import widen
from trail.index.recording import SegmentRecorder
from trail.index.segment import SUFFIX, SegmentFile
from trail.index.slabs import SLAB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from trail.index.dictionary import Entry, FieldReader

    Source = tuple[SegmentFile, int]
    """A segment, and what was removed from it."""

_GONE = -1


def merge_segments(folder: Path, sources: Sequence[Source]) -> str | None:
    """Write what is left of `sources` into one segment in `folder`; return its name, None where nothing is left.

    Raises OSError, and what a damaged segment raises.
    """
    numbering = _Numbering(sources)
    if not numbering.order:
        return None
    files = [file for file, _ in sources]
    with SegmentRecorder(folder, make_name(), len(numbering.order)) as recorder:
        _merge_stored(recorder, files, numbering)
        recorder.add_keys(
            [bytes.fromhex(files[i].read_key(document)) for i, document in numbering.order]
        )
        for name in dict.fromkeys(name for file in files for name in file.columns):
            columns = [
                file.read_column(name) if name in file.columns else [0] * file.size
                for file in files
            ]
            recorder.add_column(name, (columns[i][d] for i, d in numbering.order))
        kinds = {name: kind for file in files for name, kind in file.field_kinds.items()}
        for name, kind in sorted(kinds.items()):
            _merge_field(recorder, files, numbering, name, kind)
    return recorder.name


def merge_listed(folder: Path, names: Sequence[str]) -> str | None:
    """Merge segments of the index's newest state, as merge_segments does. Whoever publishes it must hold the lock."""
    removed = {s.name: s.removed for s in read_state(folder, find_newest(folder)).segments}
    files = [SegmentFile(folder / f"{name}{SUFFIX}", mapped=False) for name in names]
    try:
        return merge_segments(folder, [(file, removed[file.name]) for file in files])
    finally:
        for file in files:
            file.close()


class _Numbering:
    """Which number each document gets."""

    def __init__(self, sources: Sequence[Source]) -> None:
        ranked = sorted(
            (-file.orders[document], i, document)
            for i, (file, removed) in enumerate(sources)
            for document in iter_bits((1 << file.size) - 1 & ~removed)
        )
        self.order = [(i, document) for _, i, document in ranked]
        """Of each new document, its segment and its number there."""
        self.new = [[_GONE] * file.size for file, _ in sources]
        """Of each old document its new number."""
        for number, (i, document) in enumerate(self.order):
            self.new[i][document] = number
        self.whole = [
            not removed and new[-1] - new[0] == len(new) - 1
            for new, (_, removed) in zip(self.new, sources, strict=True)
        ]
        """Whether a segment's documents all stay, side by side."""
        self.strung = all(self.whole)
        """Whether the segments follow one another."""


def _merge_stored(
    recorder: SegmentRecorder, files: list[SegmentFile], numbering: _Numbering
) -> None:
    at = 0
    order = numbering.order
    while at < len(order):
        i, document = order[at]
        file = files[i]
        run = file.stored
        if numbering.whole[i] and run.starts[-1] >= run.count * SLAB:
            firsts = [first for _, first in file.iter_stored_slabs()] + [file.size]
            for number in range(run.count):
                length = run.starts[number + 1] - run.starts[number]
                recorder.add_stored_slab(
                    run.read_compressed(number), length, firsts[number + 1] - firsts[number]
                )
            at += file.size
        else:
            recorder.add_stored(file.read_stored_line(document))
            at += 1


def _merge_field(
    recorder: SegmentRecorder,
    files: list[SegmentFile],
    numbering: _Numbering,
    name: str,
    kind: str,
) -> None:
    readers = [file.open_field(name) for file in files]
    writer = recorder.begin_field(name, kind)
    for term, entries in _iter_terms(readers):
        parts = [_read_part(readers[i], entry, numbering, i, kind) for i, entry in entries]
        wide = any(part.wide for part in parts)
        if wide:
            parts = [part.widen() for part in parts]
        if numbering.strung:
            documents, counts, places = _string(parts)
        else:
            documents, counts, places = _sort(parts, wide=wide)
        if documents:
            writer.add_packed(term, documents, counts, places, wide=wide)
    lengths: list[int] = []
    if kind == "words":
        held = [file.read_lengths(name) for file in files]
        lengths = [held[i][document] for i, document in numbering.order]
    recorder.end_field(name, writer, lengths)


def _iter_terms(
    readers: list[FieldReader | None],
) -> Iterator[tuple[bytes, list[tuple[int, Entry]]]]:
    """Yield each term with the number of each segment that has it, and what is known of it there."""
    streams = [
        zip(repeat(i), reader.iter_from(), strict=False)
        for i, reader in enumerate(readers)
        if reader is not None
    ]
    held: list[tuple[int, Entry]] = []
    last: bytes | None = None
    for i, entry in merge(*streams, key=lambda pair: pair[1].term):
        if entry.term != last and last is not None:
            yield last, held
            held = []
        held.append((i, entry))
        last = entry.term
    if last is not None:
        yield last, held


class _Part(NamedTuple):
    """What a segment has of a term: documents by their new numbers (as bits, where they are many), counts and places packed."""

    documents: list[int] | int
    counts: bytes
    places: bytes
    wide: bool

    def widen(self) -> _Part:
        if self.wide:
            return self
        return _Part(self.documents, widen("B", self.counts), widen("H", self.places), wide=True)


def _read_part(
    reader: FieldReader | None, entry: Entry, numbering: _Numbering, i: int, kind: str
) -> _Part:
    assert reader is not None
    new = numbering.new[i]
    counts, places = reader.read_packed(entry) if kind == "words" else (b"", b"")
    documents: list[int] | int
    if numbering.strung and reader.is_bitmap(entry):
        documents = reader.read_bits(entry) << new[0]
    else:
        documents = [new[document] for document in reader.read_documents(entry)]
    return _Part(documents, counts, places, entry.wide)


def _string(parts: list[_Part]) -> tuple[list[int] | int, bytes, bytes]:
    """Put parts together that follow one another."""
    if len(parts) == 1:
        return parts[0][:3]
    parts.sort(key=_find_first)
    counts = b"".join([part.counts for part in parts])
    places = b"".join([part.places for part in parts])
    if not any(isinstance(part.documents, int) for part in parts):
        return [document for part in parts for document in part.documents], counts, places  # type: ignore[union-attr]
    bits = 0
    few: list[int] = []
    for part in parts:
        if isinstance(part.documents, int):
            bits |= part.documents
        else:
            few += part.documents
    return bits | to_bits(few, few[-1] + 1) if few else bits, counts, places


def _find_first(part: _Part) -> int:
    documents = part.documents
    return (documents & -documents).bit_length() if isinstance(documents, int) else documents[0] + 1


def _sort(parts: list[_Part], *, wide: bool) -> tuple[list[int], bytes, bytes]:
    """Put parts together that lie between one another, without what was removed."""
    documents = [d for part in parts for d in part.documents]  # type: ignore[union-attr] # no bits here
    kept = [at for at, document in enumerate(documents) if document != _GONE]
    kept.sort(key=documents.__getitem__)
    counts = b"".join([part.counts for part in parts])
    if not counts:
        return [documents[at] for at in kept], b"", b""
    places = b"".join([part.places for part in parts])
    width, times = (4, unpack_numbers("I", counts)) if wide else (2, counts)
    ends = [width * end for end in accumulate(times, initial=0)]
    return (
        [documents[at] for at in kept],
        pack_numbers("I" if wide else "B", [times[at] for at in kept]),
        b"".join([places[ends[at] : ends[at + 1]] for at in kept]),
    )

"""Which documents of a segment meet a query's conditions.

In: a segment, and a tree of conditions. Out: documents, as bits (see `trail.index.bitmaps`). A term is a number that
stands in the file, a date a range of document numbers: all but rows of words is a few operations on such numbers.
Rows are looked at document by document, so they are asked last, and only about the documents that matter: `find` takes
those, and `bound` tells without looking which documents may meet the conditions, and which surely do.
The tests hold it against Whoosh's own queries. Must never read stored values, or know what a query looked like.
"""

from __future__ import annotations

import fnmatch
import math
import re
from bisect import bisect_right
from functools import cached_property
from operator import neg
from typing import TYPE_CHECKING

from trail.index.bitmaps import iter_bits, to_bits
from trail.index.conditions import And, Exact, Glob, Keys, Near, Node, Not, Or, Sent, Size, Words
from trail.index.rows import Row, Vicinity
from trail.index.schema import order_from
from trail.index.segment import KEY_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trail.index.dictionary import Entry
    from trail.index.rows import Column
    from trail.index.segment import SegmentFile

_MANY = 64
"""Documents to each key asked for, up to which all keys are looked through."""
_WILDCARD = re.compile(r"[*?]")


class Finder:
    """Answers one query from one segment; of a term, it reads the documents once."""

    def __init__(self, file: SegmentFile, removed: int) -> None:
        """Take a segment, and the documents that were removed from it since, as bits."""
        self.file = file
        self.live = (1 << file.size) - 1 & ~removed
        """All documents that are there."""
        self._bits: dict[tuple[str, str, bool], int] = {}
        self._rows: dict[tuple[str, Words | Near], Row | Vicinity | None] = {}

    def find(self, node: Node, within: int) -> int:
        """Return those of `within` that meet `node`."""
        match node:
            case Words(fields) | Near(fields):
                found = 0
                for field in fields:
                    found |= self.find_words(field, node, within & ~found)
                return found
            case Or(parts):
                found = 0
                for part in sorted(parts, key=is_costly):
                    found |= self.find(part, within & ~found)
                return found
            case Not(part):
                return within & ~self.find(part, within)
            case And(parts):
                for part in sorted(parts, key=is_costly):
                    within = self.find(part, within) if within else 0
                return within
        return within & self._find_fact(node)

    def bound(self, node: Node) -> tuple[int, int]:
        """Return documents that surely meet `node`, and those that may, without a look at any."""
        if not is_costly(node):
            found = self.find(node, self.live)
            return found, found
        match node:
            case Words(fields) | Near(fields):
                may = 0
                for field in fields:
                    row = self._open_row(field, node)
                    may |= row.candidates if row else 0
                return 0, may & self.live
            case Or(parts):
                bounds = [self.bound(part) for part in parts]
                return self._join(low for low, _ in bounds), self._join(high for _, high in bounds)
            case Not(part):
                low, high = self.bound(part)
                return self.live & ~high, self.live & ~low
            case And(parts):
                low = high = self.live
                for part in parts:
                    part_low, part_high = self.bound(part)
                    low, high = low & part_low, high & part_high
                return low, high
        raise AssertionError(node)

    def find_words(self, field: str, words: Words | Near, within: int) -> int:
        """Return those of `within` that have the words in `field`."""
        if not within:
            return 0
        if not is_costly(words):
            return within & self._read_bits(field, words.terms[0], prefix=is_beginning(words))
        row = self._open_row(field, words)
        if row is None:
            return 0
        return to_bits(row.select(iter_bits(row.candidates & within)), self.file.size)

    def count_rows(self, field: str, words: Words, within: int) -> dict[int, int]:
        """Return for those of `within` that have several words side by side how often they have them."""
        row = self._open_row(field, words)
        if row is None:
            return {}
        counts = {d: row.count(d) for d in iter_bits(row.candidates & within)}
        return {document: count for document, count in counts.items() if count}

    def read_terms(self, field: str, term: str, *, prefix: bool) -> Column:
        """Return the term, or those that begin so, with their documents."""
        terms = self.file.open_field(field)
        if terms is None:
            return []
        return [(e, terms.read_bits(e)) for e in self._read_entries(field, term, prefix=prefix)]

    def list_terms(self, field: str) -> list[str]:
        """Return the terms of a field."""
        return [entry.term.decode() for entry in self._read_entries(field, "", prefix=True)]

    def iter_frequencies(self, asked: Iterable[tuple[str, str]]) -> Iterator[tuple[str, int]]:
        """Yield the words that are in their field, and in how many documents, removed ones among them."""
        for field, word in asked:
            for entry in self._read_entries(field, word, prefix=False):
                yield word, entry.having

    def iter_words(self, field: str, beginning: str) -> Iterator[tuple[str, int]]:
        """Yield the terms of a field that begin so, and in how many documents they are, removed ones among them."""
        for entry in self._read_entries(field, beginning, prefix=True):
            yield entry.term.decode(), entry.having

    @cached_property
    def size(self) -> int:
        """How many documents there are."""
        return self.live.bit_count()

    def select_sent(self, low: float, high: float) -> int:
        """Return the documents with an order from `low` up to, not including, `high`, removed ones among them."""
        orders = self.file.orders
        start = bisect_right(orders, -high, key=neg)
        end = bisect_right(orders, -low, key=neg)
        return (1 << end) - (1 << start) if start < end else 0

    def _find_fact(self, node: Node) -> int:
        match node:
            case Exact("key", value, prefix):
                return self._find_keys([value] if prefix or len(value) == 2 * KEY_BYTES else [])
            case Exact(field, value, prefix):
                return self._read_bits(field, value, prefix=prefix)
            case Glob(field, pattern):
                begins = _WILDCARD.split(pattern, maxsplit=1)[0]
                # In a file name, brackets are brackets.
                fits = re.compile(fnmatch.translate(pattern.replace("[", "[[]"))).match
                entries = self._read_entries(field, begins, prefix=True)
                terms = self.file.open_field(field)
                return terms.unite(e for e in entries if fits(e.term.decode())) if terms else 0
            case Sent(since, until):
                low = -math.inf if since is None else order_from(since)
                return self.select_sent(low, math.inf if until is None else order_from(until))
            case Size(low, high):
                sizes = self.file.read_column("size")
                top = math.inf if high is None else high
                fitting = (i for i, size in enumerate(sizes) if (low or 0) <= size < top)
                return to_bits(fitting, self.file.size)
            case Keys(keys):
                many = len(keys) * _MANY > self.file.size
                select = self.file.select_keys
                return to_bits(select(keys), self.file.size) if many else self._find_keys(keys)
        raise AssertionError(node)

    def _find_keys(self, beginnings: Iterable[str]) -> int:
        found = (d for key in beginnings for d in self.file.find_keys(key))
        return to_bits(found, self.file.size)

    def _read_bits(self, field: str, term: str, *, prefix: bool) -> int:
        key = (field, term, prefix)
        if key not in self._bits:
            terms = self.file.open_field(field)
            entries = self._read_entries(field, term, prefix=prefix)
            self._bits[key] = terms.unite(entries) if terms else 0
        return self._bits[key]

    def _read_entries(self, field: str, term: str, *, prefix: bool) -> Iterator[Entry]:
        terms = self.file.open_field(field)
        asked = term.encode("utf-8", "replace")
        if terms and prefix:
            yield from terms.iter_from(asked)
        elif terms and (entry := terms.find(asked)):
            yield entry

    def _open_row(self, field: str, words: Words | Near) -> Row | Vicinity | None:
        if (field, words) not in self._rows:
            *first, last = words.terms
            columns = [self.read_terms(field, term, prefix=False) for term in first]
            columns.append(self.read_terms(field, last, prefix=is_beginning(words)))
            terms = self.file.open_field(field)
            row: Row | Vicinity | None = None
            if terms and all(columns):
                row = (
                    Row(terms, columns)
                    if isinstance(words, Words)
                    else Vicinity(terms, columns, words.distance)
                )
            self._rows[field, words] = row
        return self._rows[field, words]

    @staticmethod
    def _join(parts: Iterable[int]) -> int:
        joined = 0
        for bits in parts:
            joined |= bits
        return joined


def is_beginning(words: Words | Near) -> bool:
    """Whether the last word is only the beginning of one."""
    return isinstance(words, Words) and words.prefix


def is_costly(node: Node) -> bool:
    """Whether to find what meets `node` takes a look at one document after the other."""
    match node:
        case Near() | Words():
            return len(node.terms) > 1
        case And(parts) | Or(parts):
            return any(map(is_costly, parts))
        case Not(part):
            return is_costly(part)
    return False

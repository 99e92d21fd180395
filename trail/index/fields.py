"""The fields of the index as Whoosh knows them: for its readers and queries, and for the tests that use it to compare.

In: what `trail.index.schema` says of the fields. Out: a Whoosh schema. Must never be imported by a search.
"""

# Whoosh has types in part only.
# mypy: allow-untyped-calls
from __future__ import annotations

import struct
import sys
from array import array
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from whoosh.analysis.analyzers import IDAnalyzer
from whoosh.columns import NumericColumn
from whoosh.fields import COLUMN, STORED, FieldType, Schema
from whoosh.formats import Existence, Positions

from trail.index.analysis import part_forms
from trail.index.schema import EXACT_FIELDS, NUMBER_FIELDS, WORD_FIELDS

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence


class PackedPositions(Positions):
    """Positions as plain little-endian numbers: 2 bytes each where they fit, else 4."""

    def encode(self, poslist: Sequence[int]) -> bytes:
        """Return the positions in ascending order, packed."""
        if poslist[-1] < 1 << 16:
            return struct.pack(f"<{len(poslist)}H", *poslist) + b"H"
        return struct.pack(f"<{len(poslist)}I", *poslist) + b"I"

    def decode_positions(self, valuestring: bytes) -> list[int]:
        """Return what `encode` was given."""
        positions = array("H" if valuestring.endswith(b"H") else "I", valuestring[:-1])
        if sys.byteorder == "big":
            positions.byteswap()
        return positions.tolist()

    def decode_frequency(self, valuestring: bytes) -> int:
        """Return how many positions there are."""
        return (len(valuestring) - 1) // (2 if valuestring.endswith(b"H") else 4)


# Whoosh asks for one; all our values are cut already.
_UNCUT: Any = IDAnalyzer()
_POSITIONS = PackedPositions()


class WordsField(FieldType):
    """Words in their order: see WORD_FIELDS of the schema."""

    def __init__(self) -> None:
        super().__init__(_POSITIONS, _UNCUT, scorable=True)

    def index(
        self, value: tuple[Sequence[str], Sequence[str]], **_: Any
    ) -> Generator[tuple[bytes, int, float, bytes], Any, None]:
        """Yield term, frequency, weight and packed positions."""
        words, addresses = value
        places: defaultdict[str, list[int]] = defaultdict(list)
        for position, word in enumerate(words):
            places[word].append(position)
        places.pop("", None)
        part_forms(places)
        # No row of words ever contains a whole address, so its position says nothing.
        for address in addresses:
            places[address].append(0)
        encode = _POSITIONS.encode
        for word, positions in places.items():
            count = len(positions)
            yield word.encode("utf-8", "replace"), count, float(count), encode(positions)


def build_schema() -> Schema:
    """Return the fields of the index."""
    exact = FieldType(Existence(), _UNCUT)
    words = WordsField()
    return Schema(
        key=FieldType(Existence(), _UNCUT, unique=True),
        stored=STORED(),
        **dict.fromkeys(NUMBER_FIELDS, COLUMN(NumericColumn("q"))),
        **dict.fromkeys(EXACT_FIELDS, exact),
        **dict.fromkeys(WORD_FIELDS, words),
    )

"""What words, phrases and patterns of file names ask for.

In: a piece of a query, and the fields to look in. Out: a node, None for signs alone, or InvalidQuery with a caret
under the spot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from trail.index.analysis import fold, list_asked, split_asked
from trail.index.conditions import Exact, Glob, Near, Node, Or, Words
from trail.index.numbers import list_other_ways
from trail.index.syntax import fail

if TYPE_CHECKING:
    from trail.index.syntax import Piece

MAX_DISTANCE = 1000
"""Words of `"…"~1000`."""


class TermReader:
    """Reads the words of one query."""

    def __init__(self, query: str) -> None:
        self.query = query

    def fail_value(self, piece: Piece, message: str, hint: str = "") -> NoReturn:
        """Raise InvalidQuery with carets under the value of `piece`."""
        fail(self.query, piece.value_start, piece.end, message, hint)

    def expect_words(self, piece: Piece, node: Node | None) -> Node:
        """Return `node`; refuse a value without words."""
        return node or self.fail_value(piece, "no letters or digits to look for")

    def read_words(self, piece: Piece, fields: tuple[str, ...]) -> Node | None:
        """Return the row of words, the beginning of one, or words near each other."""
        if piece.within is not None:
            return self.read_near(piece, fields, piece.within)
        text, prefix = piece.text, False
        if piece.kind == "word" and "*" in text:
            text = text.rstrip("*")
            if "*" in text:
                self.fail_value(
                    piece, "* can only stand at the end of a word", "quotes make it plain text"
                )
            # After a sign, as in `INV-*`, there is no word to continue.
            prefix = text[-1:].isalnum()
        if len(fields) == 1 and text.startswith("@"):
            return Words(fields, (fold(text),), prefix)
        rows = [row for row in list_asked(text) if row[0]]
        if rows and not text.startswith("="):
            rows += [
                (other, False) for other in list_other_ways(rows[0][0], spaced=" " in text.strip())
            ]
        if prefix and rows and len("".join(rows[0][0])) == 1 and not rows[0][1]:
            self.fail_value(piece, "too short a beginning", "give at least two letters before *")
        inflected = piece.kind == "word" and not text.startswith("=")
        found = tuple(Words(fields, terms, prefix or begun, inflected) for terms, begun in rows)
        return Or(found) if len(found) > 1 else next(iter(found), None)

    def read_near(self, piece: Piece, fields: tuple[str, ...], within: int) -> Node | None:
        """Return the words of `"…"~5`."""
        terms: list[str] = []
        for word in piece.text.split():
            # An address is also one word, but only its parts have a place in the text.
            row, begun = split_asked(word.replace("@", " "))
            if begun:
                self.fail_value(piece, "one character is too little beside ~", "give two")
            terms += row
        if not terms:
            return None
        if len(terms) == 1:
            return Words(fields, tuple(terms))
        if not len(terms) <= within <= MAX_DISTANCE:
            self.fail_value(
                piece,
                f"~{within} words cannot be asked for",
                f"the number is how many words hold all of them: {len(terms)} to {MAX_DISTANCE}",
            )
        return Near(fields, tuple(terms), within)

    def read_file_pattern(self, piece: Piece) -> Node:
        """Return what `file:` asks for with a `*` or `?` in its value."""
        pattern = fold(piece.text.strip())
        if not pattern.strip("*"):
            return Exact("has", "attachment")
        glob = Glob("filename", pattern)
        if "*" in pattern[:-1] or "?" in pattern:
            return glob
        terms, _ = split_asked(pattern[:-1])
        return Or((glob, Words(("file",), terms, prefix=True))) if terms else glob

"""The query language: from what a person typed to a tree of conditions.

    or    = and { "OR" and }              a b OR c   is   (a AND b) OR c
    and   = not { ["AND"] not }
    not   = ( "NOT" | "-" ) not | [operator:] "(" or ")" | word | "phrase" | "phrase"~5 | operator:value

In: the text, the moment it is read at, the known names. Out: a tree of frozen nodes, or InvalidQuery with a
caret under the spot. `AND`, `OR`, `NOT` count in capitals only. Words made of signs alone (`&`, `--`) are passed
over. Must never touch Whoosh or the clock. What a word or an operator's value means: `trail.index.values`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from trail.index.conditions import EVERYTHING, And, Node, Not, Or
from trail.index.known import NOTHING_KNOWN, Known
from trail.index.syntax import Piece, cut_query, fail
from trail.index.values import ValueReader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

MAX_DEPTH = 40
"""Parentheses and negations inside each other."""
MAX_CONDITIONS = 100
"""Words, phrases and operators in one query."""
_UNPAIRED = "parentheses come in pairs; quotes make them plain text"
_FOREIGN = ("{", "|", "~", "<", "AROUND", "NEAR", "ADJ")
"""What a word has in it that may have been meant otherwise, beside the small words."""
_SMALL = ("or", "and", "not", "-")


class Part(NamedTuple):
    """A word, phrase or operator of a query: as it was typed, and what it asks for."""

    text: str
    node: Node
    places: tuple[tuple[int, int], ...] = ()
    """Where in the query its value begins and ends, each time it stands there."""


class Asked(NamedTuple):
    """A query that was read."""

    node: Node
    parts: tuple[Part, ...] = ()
    """Its conditions one by one, in order; a negated one with its NOT."""
    hints: tuple[str, ...] = ()
    """What may have been meant otherwise, a sentence each."""


def parse_query(query: str, *, now: datetime, clients: Sequence[str] = ()) -> Node:
    """Return the conditions `query` states, where only the slugs of clients are known. See `read_query`."""
    return read_query(query, now=now, known=Known(clients)).node


def read_query(query: str, *, now: datetime, known: Known = NOTHING_KNOWN) -> Asked:
    """Return what `query` asks for: EVERYTHING if it is empty.

    `now` is aware; its time zone is that of the days in the query. Raises InvalidQuery.
    """
    pieces = cut_query(query)
    if pieces[0].kind == "end":
        return Asked(EVERYTHING)
    parser = _Parser(query, pieces, ValueReader(query, now, known))
    node = parser.parse_or(0)
    if parser.piece.kind == ")":
        parser.fail_here("a parenthesis is closed that was not opened", _UNPAIRED)
    if node is None:
        fail(query, 0, len(query), "nothing to look for", "use words of letters or digits")
    return Asked(node, _join_equal(parser.parts), _find_hints(query, pieces))


class _Parser:
    def __init__(self, query: str, pieces: list[Piece], values: ValueReader) -> None:
        self.query = query
        self.pieces = iter(pieces)
        self.piece = next(self.pieces)
        self.values = values
        self.conditions = 0
        self.ended = 0
        """Where the piece ends that was taken last."""
        self.operator = ""
        """Of the parentheses around, for what has none of its own."""
        self.parts: list[Part] = []

    def take(self) -> Piece:
        taken = self.piece
        self.ended = taken.end
        self.piece = next(self.pieces, taken)
        return taken

    def fail_here(self, message: str, hint: str = "") -> NoReturn:
        fail(self.query, self.piece.start, self.piece.end, message, hint)

    def parse_or(self, depth: int) -> Node | None:
        parts = [self.parse_and(depth)]
        while self.piece.kind == "OR":
            joint = self.take()
            self.expect_operand(joint)
            parts.append(self.parse_and(depth))
        return _join(Or, parts)

    def parse_and(self, depth: int) -> Node | None:
        if self.piece.kind in ("AND", "OR"):
            self.expect_operand(self.piece)
        parts = [self.parse_not(depth)]
        while self.piece.kind not in ("end", "OR", ")"):
            if self.piece.kind == "AND":
                joint = self.take()
                self.expect_operand(joint)
            parts.append(self.parse_not(depth))
        return _join(And, parts)

    def expect_operand(self, joint: Piece) -> None:
        if self.piece.kind in ("end", "AND", "OR", ")"):
            message = f"{joint.kind} needs something {'after it' if joint.kind == 'NOT' else 'on both sides'}"
            hint = f"to look for the word itself, write it small: {joint.text.lower()}"
            fail(self.query, joint.start, joint.end, message, hint if joint.text != "-" else "")

    def parse_not(self, depth: int) -> Node | None:
        if depth > MAX_DEPTH:
            self.fail_here("too deeply nested", f"up to {MAX_DEPTH} levels can be asked")
        if self.piece.kind == "NOT":
            joint = self.take()
            self.expect_operand(joint)
            alone, before, start = self.piece.kind in ("word", "phrase"), len(self.parts), self.piece.start  # fmt: skip
            part = self.parse_not(depth + 1)
            if part is None:
                return None
            # What is left out is one part, however it is put: none of it is looked for.
            text = self.parts[-1].text if alone else self.query[start : self.ended]
            self.parts[before:] = [Part(f"-{text}", Not(part), ((start, self.ended),))]
            return Not(part)
        if self.piece.kind == "(":
            return self.parse_group(depth)
        return self.read_condition(self.take())

    def parse_group(self, depth: int) -> Node | None:
        opened, around = self.take(), self.operator
        if opened.operator:
            self.values.check_operator(opened)
            self.operator = opened.operator
        if self.piece.kind == ")":
            fail(self.query, opened.start, self.piece.end, "nothing stands between the parentheses")
        node = None if self.piece.kind == "end" else self.parse_or(depth + 1)
        if self.take().kind != ")":
            message = "a parenthesis is opened and not closed"
            fail(self.query, opened.start, opened.end, message, _UNPAIRED)
        self.operator = around
        return node

    def read_condition(self, piece: Piece) -> Node | None:
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            message = "the query has too many conditions"
            hint = f"up to {MAX_CONDITIONS} can be asked at once"
            fail(self.query, piece.start, piece.end, message, hint)
        text = self.query[piece.start : piece.end]
        piece = self.values.check_operator(piece)
        if self.operator and not piece.operator:
            # The operator stands elsewhere: the piece keeps its own place for the carets.
            text = f"{self.operator}:{text}"
            piece = replace(piece, operator=self.operator, borrowed=True)
        node = self.values.read(piece)
        if node is not None:
            self.parts.append(Part(text, node, ((piece.value_start, piece.end),)))
        return node


def _join_equal(parts: Sequence[Part]) -> tuple[Part, ...]:
    places: dict[tuple[str, Node], tuple[tuple[int, int], ...]] = {}
    for part in parts:
        places[part[:2]] = (*places.get(part[:2], ()), *part.places)
    return tuple(Part(text, node, where) for (text, node), where in places.items())


def _join(kind: type[And | Or], parts: list[Node | None]) -> Node | None:
    kept = tuple(part for part in parts if part is not None)
    if len(kept) > 1:
        return kind(kept)
    return kept[0] if kept else None


def _find_hints(query: str, pieces: list[Piece]) -> tuple[str, ...]:
    words = [piece.text for piece in pieces if piece.kind == "word" and not piece.operator]
    if not any(w.lower() in _SMALL or any(sign in w for sign in _FOREIGN) for w in words):
        return ()
    from trail.index.foreign import find_hints  # noqa: PLC0415 - few queries need a hint

    return find_hints(query, pieces)

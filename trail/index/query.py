"""The query language: from what a person typed to a tree of conditions.

    or    = and { "OR" and }              a b OR c   is   (a AND b) OR c
    and   = not { ["AND"] not }
    not   = ( "NOT" | "-" ) not | "(" or ")" | word | "phrase" | operator:value

In: the text, the moment it is read at, the known clients. Out: a tree of frozen nodes, or InvalidQuery with a
caret under the spot. `AND`, `OR`, `NOT` count in capitals only. Words made of signs alone (`&`, `--`) are passed
over. Must never touch Whoosh or the clock.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from trail.errors import InvalidQuery
from trail.index.analysis import fold, split_asked
from trail.index.conditions import (
    EVERYTHING,
    TEXT_FIELDS,
    And,
    Exact,
    Glob,
    Node,
    Not,
    Or,
    Sent,
    Words,
    sent_between,
)
from trail.index.dates import parse_date
from trail.index.syntax import Piece, cut_query, fail

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

MAX_DEPTH = 40
"""Parentheses and negations inside each other."""
MAX_CONDITIONS = 100
"""Words, phrases and operators in one query."""

_WORD_OPERATORS = {
    "from": ("from",),
    "to": ("to",),
    "cc": ("cc",),
    "bcc": ("bcc",),
    "with": ("people",),
    "subject": ("subject",),
    "body": ("body",),
    "file": ("file",),
}
OPERATORS = (
    *_WORD_OPERATORS,
    *["client", "in", "account", "after", "before", "on", "has", "is", "id"],
)
_SYNONYMS = {"since": "after", "until": "before", "filename": "file", "folder": "in", "label": "in"}
FLAGS = ("flagged", "answered", "draft")
"""What `is:` asks for: flags on the server, as the last round saw them."""
_ID = re.compile(r"[0-9a-f]{8,64}")


def parse_query(query: str, *, now: datetime, clients: Sequence[str] = ()) -> Node:
    """Return the conditions `query` states; EVERYTHING for an empty one.

    `now` is aware; its time zone is that of the days in the query. `clients` are the known slugs; when there
    are none, `client:` takes any. Raises InvalidQuery.
    """
    parser = _Parser(query, cut_query(query), now, clients)
    if parser.piece.kind == "end":
        return EVERYTHING
    node = parser.parse_or(0)
    if parser.piece.kind == ")":
        parser.fail_here("a parenthesis is closed that was not opened")
    if node is None:
        fail(query, 0, len(query), "nothing to look for", "use words of letters or digits")
    return node


class _Parser:
    def __init__(
        self, query: str, pieces: list[Piece], now: datetime, clients: Sequence[str]
    ) -> None:
        self.query = query
        self.pieces = iter(pieces)
        self.piece = next(self.pieces)
        self.now = now
        self.clients = clients
        self.conditions = 0

    def take(self) -> Piece:
        taken = self.piece
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
            part = self.parse_not(depth + 1)
            return None if part is None else Not(part)
        if self.piece.kind == "(":
            return self.parse_group(depth)
        return self.read_condition(self.take())

    def parse_group(self, depth: int) -> Node | None:
        opened = self.take()
        if self.piece.kind == ")":
            fail(self.query, opened.start, self.piece.end, "nothing stands between the parentheses")
        node = None if self.piece.kind == "end" else self.parse_or(depth + 1)
        if self.take().kind != ")":
            fail(self.query, opened.start, opened.end, "a parenthesis is opened and not closed")
        return node

    def read_condition(self, piece: Piece) -> Node | None:
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            message = "the query has too many conditions"
            fail(
                self.query,
                piece.start,
                piece.end,
                message,
                f"up to {MAX_CONDITIONS} can be asked at once",
            )
        operator = piece.operator
        if operator and operator not in OPERATORS:
            self.check_plain(piece)
            piece = Piece("word", f"{operator}:{piece.text}", piece.start, piece.end)
            operator = ""
        if not operator:
            if piece.kind == "word" and piece.text == "*":
                return EVERYTHING
            return self.read_words(piece, TEXT_FIELDS)
        if not piece.text.strip():
            fail(
                self.query, piece.start, piece.end, f"{operator}: needs a value",
                f"write it without a space: {operator}:value",
            )  # fmt: skip
        if operator == "file" and ("*" in piece.text or "?" in piece.text):
            return self.read_file_pattern(piece)
        if fields := _WORD_OPERATORS.get(operator):
            return self.read_words(piece, fields) or self.fail_value(
                piece, "no letters or digits to look for"
            )
        return self.read_fact(piece)

    def check_plain(self, piece: Piece) -> None:
        """Let `Re:` pass for a word; refuse other operators that nobody knows."""
        if not piece.text and piece.kind == "word":
            return
        name = piece.operator
        near = _SYNONYMS.get(name) or _find_near(name, OPERATORS)
        hint = f"there are {': '.join(OPERATORS)}: (quotes make it plain text)"
        if near:
            hint = f'did you mean "{near}:"?'
        fail(
            self.query,
            piece.start,
            piece.start + len(name) + 1,
            f'unknown operator "{name}:"',
            hint,
        )

    def fail_value(self, piece: Piece, message: str, hint: str = "") -> NoReturn:
        fail(self.query, piece.value_start, piece.end, message, hint)

    def read_words(self, piece: Piece, fields: tuple[str, ...]) -> Words | None:
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
        terms, begun = split_asked(text)
        if not terms:
            return None
        if prefix and len(terms) == 1 and len(terms[0]) == 1 and not begun:
            self.fail_value(piece, "too short a beginning", "give at least two letters before *")
        return Words(fields, terms, prefix or begun)

    def read_file_pattern(self, piece: Piece) -> Node:
        pattern = fold(piece.text.strip())
        if not pattern.strip("*"):
            return Exact("has", "attachment")
        glob = Glob("filename", pattern)
        if "*" in pattern[:-1] or "?" in pattern:
            return glob
        terms, _ = split_asked(pattern[:-1])
        return Or((glob, Words(("file",), terms, prefix=True))) if terms else glob

    def read_fact(self, piece: Piece) -> Node:
        value = fold(piece.text).strip()
        match piece.operator:
            case "client":
                self.check_client(piece, value)
                return Exact("client", value)
            case "in" | "account":
                return Exact("folder" if piece.operator == "in" else "account", value)
            case "has":
                if value not in ("attachment", "attachments"):
                    self.fail_value(
                        piece, f'has: does not know "{piece.text}"', "there is has:attachment"
                    )
                return Exact("has", "attachment")
            case "is":
                self.check_flag(piece, value)
                return Exact("flag", value)
            case "id":
                if not _ID.fullmatch(value):
                    self.fail_value(piece, "not an id", "an id is 8 to 64 digits of 0-9 and a-f")
                return Exact("key", value, prefix=True)
        return self.read_date(piece)

    def check_flag(self, piece: Piece, value: str) -> None:
        if value not in FLAGS:
            known = " ".join(f"is:{flag}" for flag in FLAGS)
            self.fail_value(piece, f'is: does not know "{piece.text}"', f"there is {known}")

    def check_client(self, piece: Piece, value: str) -> None:
        known = [fold(client) for client in self.clients]
        if not known or value in known:
            return
        near = _find_near(value, known)
        hint = f'did you mean "{near}"?' if near else f"there are {', '.join(self.clients[:10])}"
        self.fail_value(piece, f'unknown client "{piece.text}"', hint)

    def read_date(self, piece: Piece) -> Sent:
        try:
            start, end = parse_date(piece.text, self.now)
        except InvalidQuery as error:
            self.fail_value(piece, error.message, error.hint)
        match piece.operator:
            case "after":
                return sent_between(start, None)
            case "before":
                return sent_between(None, start)
        return sent_between(start, end)


def _join(kind: type[And | Or], parts: list[Node | None]) -> Node | None:
    kept = tuple(part for part in parts if part is not None)
    if len(kept) > 1:
        return kind(kept)
    return kept[0] if kept else None


def _find_near(word: str, known: Sequence[str]) -> str | None:
    # Only a mistake pays for this import.
    from difflib import get_close_matches  # noqa: PLC0415 - see above

    return next(iter(get_close_matches(word, known, n=1)), None)

"""A query cut into pieces, and errors that point at the piece.

In: what a person typed. Out: pieces with their places, or InvalidQuery with a caret under the spot.
Must never decide what a piece means.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, NoReturn

from trail.errors import InvalidQuery

MAX_QUERY = 4_000
"""Characters."""
_SHOWN = 72
"""Columns of the query an error shows."""

_QUOTES = {'"': '"', "\u201c": '"', "\u201d": '"', "\u201e": '"', "\uff02": '"'}
_SPACE = re.compile(r"\s+")
_OPERATOR = re.compile(r"([^\W\d_][\w-]*):")
_WITHIN = re.compile(r"~([0-9]{1,4})(?![^\s()])")
_WORD = re.compile(r'[^\s()"\u201c\u201d\u201e\uff02]+')

Kind = Literal["word", "phrase", "(", ")", "AND", "OR", "NOT", "end"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a query: `text` without quotes and operator, at `start` up to `end` of the query."""

    kind: Kind
    text: str
    start: int
    end: int
    operator: str = ""
    """In lower case, without its colon; "" when there is none. A parenthesis may have one."""
    within: int | None = None
    """Of `"a phrase"~5` the number."""

    borrowed: bool = False
    """Whether the operator is that of the parentheses around, and not in this piece."""

    @property
    def value_start(self) -> int:
        """Where the value after the operator begins."""
        own = self.operator and not self.borrowed
        return self.start + len(self.operator) + 1 if own else self.start


def cut_query(query: str) -> list[Piece]:
    """Return the pieces of `query`, the last of kind "end". Raises InvalidQuery."""
    if len(query) > MAX_QUERY:
        raise InvalidQuery(
            f"the query is too long: {len(query):,} characters",
            f"up to {MAX_QUERY:,} characters can be asked at once",
        )
    pieces: list[Piece] = []
    at = 0
    while at < len(query):
        if space := _SPACE.match(query, at):
            at = space.end()
            continue
        piece = _cut_piece(query, at)
        pieces.append(piece)
        at = piece.end
    pieces.append(Piece("end", "", len(query), len(query)))
    return pieces


def _cut_piece(query: str, at: int) -> Piece:  # noqa: PLR0911 - one for each kind of piece
    char = query[at]
    if char == "(":
        return Piece("(", char, at, at + 1)
    if char == ")":
        return Piece(")", char, at, at + 1)
    if char in _QUOTES:
        return _cut_phrase(query, at, at)
    if char == "-" and at + 1 < len(query) and not query[at + 1].isspace() and query[at + 1] != ")":
        return Piece("NOT", char, at, at + 1)
    word = _WORD.match(query, at)
    assert word is not None  # everything else was looked at above
    match word[0]:
        case "AND" | "OR" | "NOT" as kind:
            return Piece(kind, kind, at, word.end())
    if operator := _OPERATOR.match(query, at):
        return _cut_operator(query, at, operator[1], word)
    return Piece("word", word[0], at, word.end())


def _cut_operator(query: str, at: int, operator: str, word: re.Match[str]) -> Piece:
    start = at + len(operator) + 1
    if start < len(query) and query[start] in _QUOTES:
        return _cut_phrase(query, at, start, operator.lower())
    if start < len(query) and query[start] == "(":
        return Piece("(", "(", at, start + 1, operator.lower())
    text = query[start : word.end()]
    if text.startswith("//"):  # an address of the web
        return Piece("word", word[0], at, word.end())
    return Piece("word", text, at, word.end(), operator.lower())


def _cut_phrase(query: str, at: int, opened: int, operator: str = "") -> Piece:
    text, end = _read_quoted(query, opened)
    if within := _WITHIN.match(query, end):
        return Piece("phrase", text, at, within.end(), operator, int(within[1]))
    return Piece("phrase", text, at, end, operator)


def _read_quoted(query: str, at: int) -> tuple[str, int]:
    end = at + 1
    while end < len(query) and query[end] not in _QUOTES:
        end += 1
    if end == len(query):
        fail(query, at, at + 1, "a quote is opened and not closed", 'close it with "')
    return query[at + 1 : end], end + 1


def fail(query: str, start: int, end: int, message: str, hint: str = "") -> NoReturn:
    """Raise InvalidQuery with `message` and carets under query[start:end]."""
    # One column for each character, so that line and carets stay in step.
    line = "".join(c if c.isprintable() else " " for c in query) + " "
    end = max(start + 1, end)
    first = start - 30 if end > _SHOWN and start > 30 else 0  # noqa: PLR2004 - columns of context
    shown = line[first : first + _SHOWN].rstrip()
    lead = "\u2026" if first else ""
    tail = "\u2026" if first + _SHOWN < len(query) else ""
    pad = measure_columns(lead + line[first:start])
    carets = max(1, measure_columns(line[start : min(end, first + _SHOWN)]))
    raise InvalidQuery(f"{message}\n  {lead}{shown}{tail}\n  {' ' * pad}{'^' * carets}", hint)


def measure_columns(text: str) -> int:
    """Return how many columns a terminal needs for `text`."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )

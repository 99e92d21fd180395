"""Where each key of a TOML text stands, for errors that name the line; tomllib does not say.

In: a text that tomllib has read without complaint. Out: the line, from 1, of every table, key and
list element. Must never be asked about a text that is not valid TOML: it reads on without checking.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

Place = tuple[str | int, ...]
"""Keys and list positions (from 0) that lead to a value, such as ("account", 0, "port")."""

_TOKEN = re.compile(
    r'''(?P<skip>[ \t\r]+|\#[^\n]*)
      | (?P<newline>\n)
      | (?P<string>"""(?:\\.|[^\\])*?"{3,5} | \'\'\'.*?'{3,5} | "(?:\\.|[^"\\])*" | '[^']*')
      | (?P<mark>[\[\]{}=,.])
      | (?P<bare>[^\s\#"'\[\]{}=,.]+)''',
    re.VERBOSE | re.DOTALL,
)


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


_END = _Token("end", "", 0)


def locate_keys(text: str) -> dict[Place, int]:
    """Return the line of every place in `text`: the first line that mentions it."""
    return _Scan(text).read()


def find_line(lines: dict[Place, int], place: Place) -> int:
    """Return the line of `place`, or of what it would stand in; 1 when that is the file."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _iter_tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind != "skip":
            yield _Token(kind, match[0], line)
        line += match[0].count("\n")


class _Scan:
    """One pass over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.tokens = _iter_tokens(text)
        self.lines: dict[Place, int] = {}
        self.tables: dict[Place, int] = {}
        """How many tables each array of tables has so far."""
        self.token = _END
        self.step()

    def step(self) -> None:
        self.token = next(self.tokens, _END)

    def read(self) -> dict[Place, int]:
        table: Place = ()
        while self.token.kind != "end":
            if self.token.kind == "newline":
                self.step()
            elif self.token.text == "[":
                table = self.read_header()
            else:
                self.read_pair(table)
        return self.lines

    def read_header(self) -> Place:
        line = self.token.line
        self.step()
        is_array = self.token.text == "["
        if is_array:
            self.step()
        *parents, last = self.read_key()
        while self.token.kind not in ("newline", "end"):
            self.step()
        place: Place = ()
        for key in parents:
            place = self.enter((*place, key), line)
        place = (*place, last)
        if is_array:
            self.tables[place] = self.tables.get(place, 0) + 1
        return self.enter(place, line)

    def enter(self, place: Place, line: int) -> Place:
        """Note `place`; where it is an array of tables, go on into its last one."""
        self.lines.setdefault(place, line)
        if place in self.tables:
            place = (*place, self.tables[place] - 1)
            self.lines.setdefault(place, line)
        return place

    def read_key(self) -> list[str]:
        """Read a key, dotted or not, up to the mark that ends it."""
        parts = []
        while self.token.kind in ("bare", "string") or self.token.text == ".":
            if self.token.kind == "bare":
                parts.append(self.token.text)
            elif self.token.kind == "string":
                parts.append(tomllib.loads(f"key = {self.token.text}")["key"])
            self.step()
        return parts

    def read_pair(self, table: Place) -> None:
        line = self.token.line
        place = table
        for key in self.read_key():
            place = (*place, key)
            self.lines.setdefault(place, line)
        self.step()  # the equals sign
        self.read_value(place)

    def read_value(self, place: Place) -> None:
        self.lines.setdefault(place, self.token.line)
        closing = {"[": "]", "{": "}"}.get(self.token.text)
        if closing is None:
            while self.token.kind not in ("newline", "end") and self.token.text not in (
                ",",
                "]",
                "}",
            ):
                self.step()
            return
        self.step()
        position = 0
        while self.token.kind != "end" and self.token.text != closing:
            if self.token.kind == "newline" or self.token.text == ",":
                self.step()
            elif closing == "]":
                self.read_value((*place, position))
                position += 1
            else:
                self.read_pair(place)
        self.step()

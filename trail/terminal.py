"""Text that is safe on a terminal, and fits it.

Comes in: any text, also a hostile one. Goes out: text that can only be read. It knows nothing of messages, and of no
terminal but its width in columns.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass

# What steers a terminal or hides in a text: controls, direction marks, invisible signs, halves of characters.
# The joiners U+200C and U+200D stay: Persian and emoji are written with them.
_STEERING = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
)
_UNSAFE_IN_LINES = re.compile(f"[{_STEERING}]")
_UNSAFE = re.compile(f"[\t\n{_STEERING}]")
_JOINERS = "\u200c\u200d"


MATCH, BOLD, DIM, ID, NAME = "1;31", "1", "2", "33", "36"
"""Looks of a stretch of text, as ECMA-48 numbers them: a word that was asked for in bold red, as grep has it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line for a terminal. `stretches` have a look of their own: start, end, look; in order, not overlapping."""

    text: str
    stretches: tuple[tuple[int, int, str], ...] = ()

    def show(self, *, colours: bool) -> str:
        """The line as a terminal gets it: whatever it says, it steers nothing."""
        text = clean_text(self.text)
        if not colours:
            return text
        shown, at = [], 0
        for start, end, look in self.stretches:
            start, end = max(start, at), min(end, len(text))  # noqa: PLW2901 - the line may have been cut
            if start < end:
                shown += [text[at:start], f"\x1b[{look}m", text[start:end], "\x1b[0m"]
                at = end
        return "".join([*shown, text[at:]])

    def fit(self, width: int | None) -> Line:
        """The line, cut to so many columns."""
        return Line(fit_text(self.text, width), self.stretches)


def join_pieces(*pieces: tuple[str, str] | str | Line) -> Line:
    """A line from texts, texts with a look, and lines."""
    text, stretches = "", []
    for piece in pieces:
        if isinstance(piece, Line):
            stretches += [(len(text) + a, len(text) + b, look) for a, b, look in piece.stretches]
            text += piece.text
        elif isinstance(piece, tuple):
            stretches.append((len(text), len(text) + len(piece[0]), piece[1]))
            text += piece[0]
        else:
            text += piece
    return Line(text, tuple(stretches))


def clean_text(text: str, *, lines: bool = False) -> str:
    """Text from a message, safe for a terminal: no control characters, no escape sequences, no direction tricks.

    With `lines`, line feeds and tabs stay.
    """
    return (_UNSAFE_IN_LINES if lines else _UNSAFE).sub(" ", text)


def escape_json(document: str) -> str:
    """A JSON document of the same meaning in which nothing can steer a terminal."""
    return _UNSAFE_IN_LINES.sub(lambda found: json.dumps(found[0])[1:-1], document)


def measure_text(text: str) -> int:
    """Columns a terminal needs: two for wide characters, none for combining ones."""
    return len(text) if text.isascii() else sum(map(_measure_character, text))


def fit_text(text: str, width: int | None) -> str:
    """Cut to so many columns, with an ellipsis where something is missing; None: not cut at all."""
    text = text.rstrip()
    if width is None or measure_text(text) <= width:
        return text
    used = 0
    for position, character in enumerate(text):
        used += _measure_character(character)
        if used > width - 1:  # the ellipsis needs a column
            return text[:position].rstrip() + "…"
    return text


def wrap_text(text: str, width: int | None, *, indent: str = "", at: str = " ") -> list[str]:
    """Break into lines of so many columns behind the character `at`; all but the first begin with `indent`.

    What is longer than a line is broken where the line ends. None: one line.
    """
    if width is None:
        return [text.rstrip()]
    lines, line = [], ""
    for word in re.findall(f"[^{at}]*{at}|[^{at}]+$", text.rstrip()):
        whole = measure_text(word.rstrip())
        if line.strip() and measure_text(line) + whole > width >= len(indent) + whole:
            lines.append(line.rstrip())
            line = indent
        for character in word:
            if measure_text((line + character).rstrip()) > width:
                lines += [line.rstrip()] if line.strip() else []
                line = indent if lines else ""
            if not (lines and line == indent and character.isspace()):  # a line begins with a word
                line += character
    return [*lines, line.rstrip()]


def wrap_line(line: Line, width: int | None, indent: str | None = None) -> list[Line]:
    """Break into lines of so many columns at blanks; a word that is longer stays whole. None: one line.

    All but the first begin with `indent`: None stands for what the line begins with, blanks and marks of a quote.
    """
    if width is None:
        return [line]
    text = line.text.rstrip()
    if measure_text(text) <= width:
        return [_cut_piece(line, 0, len(text), "")]
    lead = re.match("(?:> ?)* *", text)
    own = lead[0] if lead and measure_text(lead[0]) <= width // 2 else ""
    indent = own if indent is None else indent
    starts, begun = [0], False
    for word in re.finditer("[^ ]+", text[len(own) :]):
        start, end = len(own) + word.start(), len(own) + word.end()
        before = indent if len(starts) > 1 else ""
        if begun and measure_text(before + text[starts[-1] : end]) > width:
            starts.append(start)
        begun = True
    pieces = zip(starts, [*starts[1:], len(text)], strict=True)
    return [_cut_piece(line, a, b, indent if a else "") for a, b in pieces]


def _cut_piece(line: Line, start: int, end: int, indent: str) -> Line:
    text = line.text[start:end].rstrip()
    by, end = start - len(indent), start + len(text)
    stretches = tuple(
        (0 if a < start else a - by, min(b, end) - by, look)
        for a, b, look in line.stretches
        if a < end and b > start
    )
    return Line(indent + text, stretches)


def pad_text(text: str, width: int) -> str:
    """Fill up with blanks to so many columns."""
    return text + " " * max(0, width - measure_text(text))


def _measure_character(character: str) -> int:
    if character in _JOINERS or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1

"""What people write who know another query language, and how it is written here.

In: a query that was read. Out: hints, a sentence each. Nothing here changes what a query means.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trail.index.syntax import Piece

_SMALL: Final = {
    "or": "OR in capitals means either",
    "and": "all words are looked for without it",
    "not": "NOT in capitals, or -word, leaves out",
}
_NEARNESS: Final = re.compile(r"(AROUND|NEAR|ADJ)(?:/([0-9]{1,3}))?")
_WITHIN: Final = re.compile(r"~[0-9]{1,4}")
_OPERANDS: Final = ("word", "phrase", "(", ")")
_DISTANCE: Final = 10
"""Steps from one word to the other that notmuch allows when no number is given."""


def find_hints(query: str, pieces: Sequence[Piece]) -> tuple[str, ...]:
    """Return what may have been meant otherwise; `pieces` are those of the query."""
    return tuple(dict.fromkeys(_iter_hints(query, pieces)))


def _iter_hints(query: str, pieces: Sequence[Piece]) -> Iterator[str]:
    for at, piece in enumerate(pieces):
        if piece.kind != "word" or piece.operator:
            continue
        text, before, after = piece.text, pieces[at - 1] if at else None, pieces[at + 1]
        if before and before.kind in _OPERANDS and after.kind in _OPERANDS:
            yield from _advise_between(pieces, at)
        if "{" in text:
            yield "{ and } are passed over; (tea OR beer) finds either"
        elif text == "-" and after.kind in ("word", "phrase", "("):
            left_out = query[after.start : after.end] + ("…)" if after.kind == "(" else "")
            yield f"a hyphen alone is passed over; -{left_out} leaves that out"
        elif _WITHIN.fullmatch(text) and before and before.kind == "phrase":
            phrase = query[before.start : before.end]
            yield f"{text} is looked for as a word; without the blank, {phrase}{text}, it is words near each other"
        elif text.startswith("<") and text.endswith(">") and "@" in text:
            yield f"to find a message by its Message-ID: 'id:{text}'"


def _advise_between(pieces: Sequence[Piece], at: int) -> Iterator[str]:
    """What a word between two others may have been meant for."""
    text = pieces[at].text
    if text.strip("|") == "":
        yield f"{text} is passed over; OR in capitals means either"
    elif text.lower() in _SMALL:
        yield f'"{text}" is looked for as a word; {_SMALL[text.lower()]}'
    elif near := _NEARNESS.fullmatch(text):
        count, last = near[2], at + 1
        if count is None:
            # Gmail: AROUND 5
            number = pieces[last].text
            if re.fullmatch("[0-9]{1,3}", number) and pieces[last + 1].kind in _OPERANDS:
                count, last = number, last + 1
        one, other = pieces[at - 1], pieces[last]
        words = (
            f"{one.text} {other.text}"
            if {one.kind, other.kind} <= {"word", "phrase"}
            else "tea labels"
        )
        # Two words with so many between them, or one after so many steps.
        span = int(count or _DISTANCE) + (2 if near[1] == "AROUND" else 1)
        yield f'{near[1]} is looked for as a word; "{words}"~{span} finds words near each other'

"""A few words around what matched, and where in them the words are that were asked for.

In: the stored part of a message and the rows of words that were asked. Out: one line from the text in which most of
them are near each other (what the author wrote, names or texts of attachments, what was quoted, the subject), and the
places of the words in it; the beginning of the text where none is.
Must never return control characters or more than one line.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from trail.index.analysis import find_lead, find_row, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trail.index.conditions import Words
    from trail.index.schema import Stored

WIDTH = 140
"""Characters of a snippet, about."""
_LEAD = 40
"""Characters before the match."""
_LOOKED_AT = 200
"""Matches in a text among which the best place is chosen, and that are marked."""
_REACH = 20
"""Characters a cut moves at most to fall between words."""
# Some characters, up to one that never joins what stands before it: ASCII, Kana, Han.
_PIECE = re.compile(r"(?s:.{64}.*?(?=[ -~\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]|\Z))")

Marks = tuple[tuple[int, int], ...]
"""Start and end of each stretch of a text that was asked for."""


class Snippet(NamedTuple):
    """A line to show for a message, from the text `where`: `body`, `file`, `content`, `quoted` or `subject`."""

    text: str
    where: str
    marks: Marks = ()


class SnippetMaker:
    """Makes the snippets of one search."""

    def __init__(self, asked: Iterable[Words]) -> None:
        rows: dict[str, dict[str, str]] = {}
        for words in asked:
            row, lead = find_row(words.terms, prefix=words.prefix), find_lead(words.terms)
            for field in words.fields:
                rows.setdefault(field, {})[row] = lead
        self.patterns = {
            field: re.compile("|".join(f"({row})" for row in found))
            for field, found in rows.items()
        }
        self._leads = {field: tuple(dict.fromkeys(found.values())) for field, found in rows.items()}

    def make(self, stored: Stored) -> Snippet:
        """Return the line to show for `stored`."""
        best, chosen = 0, ("", "", 0)
        for where, text in _list_texts(stored):
            count, at = self._find_best(where, text)
            if count > best:
                best, chosen = count, (where, text, at)
        if best:
            where, text, at = chosen
            return self._mark(where, cut_around(text, at))
        where = "body" if stored.body.strip() else "quoted"
        return Snippet(cut_around(stored.body.strip() or stored.quoted, 0), where)

    def make_from(self, where: str, text: str) -> tuple[int, Snippet]:
        """Return the line to show of `text`, and how many of the asked rows are near each other there."""
        count, at = self._find_best(where, text)
        return count, self._mark(where, cut_around(text, at))

    def _mark(self, where: str, line: str) -> Snippet:
        # the ellipsis is three dots when it is folded, which makes places hard to find
        by = line.startswith("…")
        marks = self.find_marks(where, line[by:].removesuffix("…"))
        return Snippet(line, where, tuple((start + by, end + by) for start, end in marks))

    def find_marks(self, field: str, text: str) -> Marks:
        """Return where in `text`, as a text of `field`, the words are that were asked for there."""
        pattern = self.patterns.get(field)
        if pattern is None:
            return ()
        folded = fold(text)
        found = []
        beginnings = _measure_beginnings(text) if len(text) != len(folded) else ([0], [0])
        for match in _iter_matches(pattern, self._leads[field], folded):
            start, end = (_unfold(text, folded, at, beginnings) for at in match.span())
            if end > start:
                found.append((start, end))
            if len(found) == _LOOKED_AT:
                break
        return tuple(found)

    def _find_best(self, field: str, text: str) -> tuple[int, int]:
        """Return how many of the asked rows are near each other where most are, and where they begin."""
        pattern = self.patterns.get(field)
        if pattern is None:
            return 0, 0
        folded = fold(text)
        # of a single row, no place is better than the first
        most = 1 if pattern.groups == 1 else _LOOKED_AT
        matches = islice(_iter_matches(pattern, self._leads[field], folded), most)
        places = [(match.start(), match.lastindex or 0) for match in matches]
        if not places:
            return 0, 0
        count, at = _find_densest(places, WIDTH - _LEAD)
        beginnings = _measure_beginnings(text) if len(text) != len(folded) else ([0], [0])
        return count, _unfold(text, folded, at, beginnings)


def _iter_matches(
    pattern: re.Pattern[str], leads: Sequence[str], text: str
) -> Iterator[re.Match[str]]:
    """Yield what `pattern.finditer` does, many times faster: each match begins with one of `leads`."""
    nexts = [text.find(lead) for lead in leads]
    end = 0
    while any(at >= 0 for at in nexts):
        start = min(at for at in nexts if at >= 0)
        if start >= end and (match := pattern.match(text, start)):
            yield match
            end = match.end()
        for number, lead in enumerate(leads):
            if nexts[number] == start:
                nexts[number] = text.find(lead, start + 1)


def _find_densest(places: Sequence[tuple[int, int]], reach: int) -> tuple[int, int]:
    """Return how many different rows begin within `reach` characters where most do, and the first such place.

    `places` are where each row begins, ascending, and which it is; there is one at least.
    """
    near: dict[int, int] = {}
    best, at, end = 0, 0, 0
    for start, which in places:
        while end < len(places) and places[end][0] < start + reach:
            near[places[end][1]] = near.get(places[end][1], 0) + 1
            end += 1
        if len(near) > best:
            best, at = len(near), start
        near[which] -= 1
        if not near[which]:
            del near[which]
    return best, at


def _list_texts(stored: Stored) -> tuple[tuple[str, str], ...]:
    """The texts of a message by field. Of two with the same words the first is shown; the subject stands above it anyway."""
    return (
        ("body", stored.body),
        ("file", " · ".join(filter(None, stored.files))),
        ("content", getattr(stored, "content", "")),
        ("quoted", stored.quoted),
        ("subject", stored.subject),
    )


def cut_around(text: str, at: int) -> str:
    """Return a line of `text` that begins a little before `at`, cut between words where there are any."""
    start = max(0, at - _LEAD)
    if start:
        space = text.find(" ", start, min(at, start + _REACH))
        if space < 0:
            space = text.rfind(" ", max(0, start - _REACH), start)
        start = space + 1 if space >= 0 else start
    # Runs of spaces count as one: take more, then shorten.
    line = " ".join(text[start : start + 4 * WIDTH].split())
    more = len(line) > WIDTH or start + 4 * WIDTH < len(text)
    if len(line) > WIDTH:
        space = line.rfind(" ", WIDTH - _REACH, WIDTH)
        line = line[: space if space > 0 else WIDTH]
    return ("…" if start else "") + line + ("…" if more and line else "")


def _measure_beginnings(text: str) -> tuple[list[int], list[int]]:
    """Return places in `text` before which nothing changes what comes after when it is folded, and where they are then."""
    places, folded = [0], [0]
    for piece in _PIECE.finditer(text):
        places.append(piece.end())
        folded.append(folded[-1] + len(fold(piece[0])))
    return places, folded


def _unfold(text: str, folded: str, at: int, beginnings: tuple[list[int], list[int]]) -> int:
    """Return the place in `text` of place `at` in its folded form."""
    if len(text) == len(folded):
        return at
    # Folding works from left to right, so a place is found by folding ever better beginnings: of a piece, as the whole
    # text would be folded again and again for each of its words.
    places, lengths = beginnings
    which = max(0, bisect_left(lengths, at) - 1)
    start, left = places[which], at - lengths[which]
    piece = text[start : places[which + 1]] if which + 1 < len(places) else text[start:]
    return start + bisect_left(range(len(piece)), left, key=lambda end: len(fold(piece[:end])))

"""A number or a code as somebody asks for it comes in, as a row of words; the other ways of writing it go out.

`12500` is also written `12.500`, `+4512345678` also `45 12 34 56 78`, `DE8937040044…` in fours, `DK2100` also `DK-2100`; and the other
way round. Asked, not indexed: it costs nothing but to who asks. In doubt none: `1,50` is not `150`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 34
"""Characters of an IBAN (ISO 13616)."""
_LONG = 6
"""Digits from which groups are no amount with its cents."""
_CENTS = 2
_CARD = 16
_GROUPED = re.compile(r"\d{1,3}(?: \d{3})+(?P<cents> \d{1,2})?")
_PLAIN = re.compile(r"(?P<whole>\d{4,})(?P<cents> \d{1,2})?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_IBAN = re.compile(r"[a-z]{2}\d\d[a-z0-9]{11,30}")
_CODE = re.compile(r"(?P<front>[a-z]{1,5})(?P<back>\d+)|(?P<number>\d+)(?P<unit>[a-z]{1,3})")
_PARTED_CODE = re.compile(r"[a-z]{1,5} \d+|\d+ [a-z]{1,3}")


def list_other_ways(row: tuple[str, ...], *, spaced: bool = False) -> list[tuple[str, ...]]:
    """Return the rows of words that are the same number or code, each once, without `row` itself.

    `spaced`: it was asked with blanks in it, and may be a phrase: `"page 7"` is not `page7`.
    """
    text = " ".join(row)
    if not text.isascii() or len(text) > 2 * _LONGEST or not any(map(str.isdigit, text)):
        return []
    ways = dict.fromkeys((*_join(row, text, spaced=spaced), *_part(text)))
    return [way for way in ways if way != row]


def _join(row: tuple[str, ...], text: str, *, spaced: bool) -> Iterator[tuple[str, ...]]:
    if grouped := _GROUPED.fullmatch(text):
        cents = grouped["cents"]
        yield ("".join(row[:-1]), row[-1]) if cents else ("".join(row),)
    elif all(map(str.isdigit, row)):
        has_cents = len(row) == 2 and len(row[-1]) <= _CENTS  # noqa: PLR2004 - a number and its cents
        if len(text) - text.count(" ") >= _LONG and not has_cents:
            yield ("".join(row),)
    elif (not spaced and _PARTED_CODE.fullmatch(text)) or _IBAN.fullmatch("".join(row)):
        yield ("".join(row),)


def _part(text: str) -> Iterator[tuple[str, ...]]:
    if (plain := _PLAIN.fullmatch(text)) and not _YEAR.fullmatch(text):
        whole, cents = plain["whole"], (plain["cents"] or "").split()
        first = len(whole) % 3
        yield (*filter(None, (whole[:first], *_cut(whole[first:], 3))), *cents)
        if not cents and len(whole) >= _LONG and not len(whole) % 2:
            yield _cut(whole, 2)
        if not cents and len(whole) == _CARD:
            yield _cut(whole, 4)
    elif _IBAN.fullmatch(text):
        yield _cut(text, 4)
    elif code := _CODE.fullmatch(text):
        yield tuple(filter(None, code.groups()))


def _cut(text: str, size: int) -> tuple[str, ...]:
    return tuple(text[at : at + size] for at in range(0, len(text), size))

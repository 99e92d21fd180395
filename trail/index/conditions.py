"""The conditions of a query, as a tree of frozen nodes.

`trail.index.query` makes them, `trail.index.matching` finds what meets them. All words in them are folded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

TEXT_FIELDS = ("body", "subject", "people", "file", "content")
"""Where a bare word is looked for: own words, subject, people, names of attachments, their text. Not in quoted text."""
FIELD_WEIGHTS = {
    "body": 3.0,
    "subject": 2.4,
    "people": 1.8,
    "file": 1.4,
    "content": 1.0,
    "quoted": 0.4,
}
"""What a word counts for in each field when the best come first; in other fields 1."""


@dataclass(frozen=True, slots=True)
class Words:
    """A row of words in one of `fields`; `prefix`: the last is only a beginning."""

    fields: tuple[str, ...]
    terms: tuple[str, ...]
    prefix: bool = False
    inflected: bool = field(default=False, compare=False)
    """Whether other forms of the one word do as well, where the archive has a language: see `stemming`."""


@dataclass(frozen=True, slots=True)
class Near:
    """Several words close together in one of `fields`, in any order.

    Met when `distance` words in a row of the field have all `terms` among them, each at a place of its own: a term
    that comes twice must stand there twice. With places p1, p2 … of the terms in the field, all different:
    max(p) - min(p) < distance. What parts rows of a field ("" between people, files, attachments) takes a place too,
    so the words may stand in two neighbouring rows. Two terms at least; `distance` is no less than their number.
    """

    fields: tuple[str, ...]
    terms: tuple[str, ...]
    distance: int


@dataclass(frozen=True, slots=True)
class Exact:
    """The whole value of a field, or its beginning."""

    field: str
    value: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Glob:
    """The whole value of a field, with `*` and `?` in the pattern."""

    field: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Sent:
    """Sent from `since` up to, not including, `until`: seconds since 1970, UTC."""

    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """Messages of `low` up to, not including, `high` bytes as the server sent them."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Keys:
    """The messages with one of these keys: what the archive, not the index, could answer."""

    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts. Without parts: every message."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Or:
    """Any of the parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Every message but those."""

    part: Node


Node = Words | Near | Exact | Glob | Sent | Size | Keys | And | Or | Not
EVERYTHING = And()


def sent_between(since: datetime | None, until: datetime | None) -> Sent:
    """Return the condition for aware datetimes, `until` not included."""
    return Sent(
        None if since is None else math.ceil(since.timestamp()),
        None if until is None else math.ceil(until.timestamp()),
    )


def iter_words(node: Node) -> Iterator[Words]:
    """Yield the rows of words that a match shows, not those it lacks."""
    if isinstance(node, Words):
        yield node
    elif isinstance(node, Near):
        yield from (Words(node.fields, (term,)) for term in node.terms)
    elif isinstance(node, And | Or):
        for part in node.parts:
            yield from iter_words(part)

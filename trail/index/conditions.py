"""The conditions of a query, as a tree of frozen nodes.

`trail.index.query` makes them, `trail.index.matching` finds what meets them. All words in them are folded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

TEXT_FIELDS = ("body", "quoted", "subject", "people", "file")
"""Where a bare word is looked for."""


@dataclass(frozen=True, slots=True)
class Words:
    """A row of words in one of `fields`; `prefix`: the last is only a beginning."""

    fields: tuple[str, ...]
    terms: tuple[str, ...]
    prefix: bool = False


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


Node = Words | Exact | Glob | Sent | And | Or | Not
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
    elif isinstance(node, And | Or):
        for part in node.parts:
            yield from iter_words(part)

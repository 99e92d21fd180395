"""What a search says when it found nothing: the parts one by one, quoted text, a better spelling.

Comes in: the index and the query that found nothing. Goes out: lines for people, a value for programs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trail.index.query import Asked
    from trail.index.store import SearchIndex


class Narrowed(TypedDict):
    """What was given beside the query."""

    client: str | None
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Missed:
    """Why nothing was found, in both faces."""

    data: dict[str, Any]
    lines: tuple[str, ...]


def explain(
    index: SearchIndex,
    query: str,
    asked: Asked,
    *,
    client: str | None,
    since: datetime | None,
    until: datetime | None,
    typed: tuple[str, str],
    stemming: Mapping[str, str],
) -> Missed:
    """Tell why `query`, read as `asked`, finds nothing in the index; `typed` are the two dates as they were given."""
    from trail.index.analysis import fold
    from trail.index.conditions import Exact, sent_between
    from trail.index.nothing import explain_nothing
    from trail.index.query import Part

    beside = []
    if client is not None:
        beside.append(Part(f"--client {client}", Exact("client", fold(client))))
    if since is not None:
        beside.append(Part(f"--since {typed[0]}", sent_between(since, None)))
    if until is not None:
        beside.append(Part(f"--until {typed[1]}", sent_between(None, until)))
    found = explain_nothing(index, query, asked, beside, stemming)
    data = {
        "parts": [{"text": text, "count": count} for text, count in found.parts],
        "quoted": found.quoted,
        "suggestion": found.suggestion,
    }
    lines = []
    if found.parts:
        alone = ", ".join(f"{text} {count:,}" for text, count in found.parts)
        lines.append(f"each part alone: {alone}")
    if found.quoted:
        lines.append(f"with quoted text: {found.quoted:,}; text:WORD looks there too")
    if found.suggestion:
        lines.append(f"did you mean: {found.suggestion}")
    return Missed(data, tuple(lines))

"""How it stands with a client, what to know before a call, what there is to know in the morning: the values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trail.model.overview import Contact

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from trail.book.waiting import Waiting
    from trail.model.book import Action, Agreement, Note, Request
    from trail.model.overview import (
        Contacted,
        Enclosed,
        Exchange,
        Health,
        Held,
        Month,
        Reason,
        Rhythm,
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with a client."""

    client: str
    name: str
    contact: Contact = field(default_factory=Contact)
    rhythm: Rhythm | None = None
    """None: too few contacts to tell."""
    on_us: tuple[Waiting, ...] = ()
    """Conversations in which we owe a word, the most pressing first."""
    on_them: tuple[Waiting, ...] = ()
    action: Action | None = None
    """The next one."""
    health: Health = "unclear"
    reasons: tuple[Reason, ...] = ()
    """Those that matter most first."""
    holds: tuple[Held, ...] = ()
    """Those in force."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What to know before a call with a client."""

    standing: Standing
    today: date
    people: tuple[Contacted, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    """The last ones, the latest first."""
    files: tuple[Enclosed, ...] = ()
    months: tuple[Month, ...] = ()
    notes: tuple[Note, ...] = ()
    """The latest first."""
    agreements: tuple[Agreement, ...] = ()
    actions: tuple[Action, ...] = ()
    """The open ones, as they are due."""
    requests: tuple[Request, ...] = ()
    """The open ones."""
    answered: Mapping[str, bool] = field(default_factory=dict)
    """Of those by their id whether we wrote in that conversation since, where that is known."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What there is to know in the morning."""

    today: date
    on_us: tuple[Waiting, ...] = ()
    """Conversations in which we owe a word, the most pressing first."""
    due: tuple[Action, ...] = ()
    """What is to be done today, or should have been."""
    quiet: tuple[tuple[str, Reason], ...] = ()
    """Clients (slugs) who are quieter than usual."""
    trouble: tuple[str, ...] = ()
    """What is wrong with the sync."""

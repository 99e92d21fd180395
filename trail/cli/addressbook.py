"""What the address book has of a client, as JSON-ready data: its rules, and how much mail it has; and how it stands with them."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from trail.archive.store import Archive
    from trail.book.standing import Standing
    from trail.cli.app import Session
    from trail.config import Config
    from trail.model import Client

Counts = dict[str, tuple[int, int, int]]
"""By slug: messages, and the dates (seconds) of the first and the last."""

RULES = ("addresses", "domains", "folders", "subjects")
"""The kinds of rules a client has."""


def describe_client(
    client: Client, counts: Mapping[str, tuple[int, int, int]], *, counted: bool = True
) -> dict[str, Any]:
    """Return a client as JSON-ready data."""
    data: dict[str, Any] = {"client": client.slug, "name": client.name}
    data |= {key: list(getattr(client, key)) for key in RULES}
    if counted:
        messages, first, last = counts.get(client.slug, (0, 0, 0))
        data |= {"messages": messages, "first": None, "last": None}
        if messages:
            data |= {"first": _day(first), "last": _day(last)}
    return data


def count_messages(config: Config) -> Counts:
    """Return the archived messages of each client; nothing where there is no archive yet."""
    if not has_archive(config):
        return {}
    from trail.archive.store import open_archive

    with open_archive(config.archive) as archive:
        if archive.said.count_unheard():
            return archive.facts.count_clients()
        from trail.archive.contacts import Contacts

        return Contacts(archive.ledger).count_messages()  # the same, and a good deal faster


def has_archive(config: Config) -> bool:
    """Whether there is one."""
    return (config.archive / "ledger.db").is_file()


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def read_standings(
    session: Session, clients: Sequence[Client], now: datetime
) -> Sequence[Standing]:
    """Nothing where there is no archive yet."""
    if not clients or not has_archive(session.config):
        return ()
    from trail.archive.store import open_archive
    from trail.overview import read_standings as read_all

    with open_archive(session.config.archive) as archive:
        note_unread(session, archive)
        return read_all(archive, clients, now)


def note_unread(session: Session, archive: Archive) -> None:
    """Say that something of the mail is not in the book yet."""
    if unread := archive.said.count_unheard():
        from trail.render import count_of

        told = f"{count_of(unread, 'message')} of clients not in the book yet"
        session.note(f"{told}; the next `trail sync` reads on")


@contextmanager
def shortening(config: Config) -> Iterator[Callable[[str], str]]:
    """A function that shortens keys."""
    from trail.archive.store import open_archive

    with open_archive(config.archive) as archive:
        yield archive.facts.shorten_key

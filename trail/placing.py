"""Whose turn a message was: an archived message comes in, its turn in a conversation with a client goes out.

It reads headers as they were parsed, the configuration, and what was read of the message; it never reads a file. Pure.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from trail.attribute.rules import covers_address
from trail.book.following import CLIENT
from trail.config.domains import is_free_mail
from trail.model import Turn
from trail.parse.threads import is_answer, normalise_subject

if TYPE_CHECKING:
    from datetime import datetime

    from trail.config import Config
    from trail.model import ArchivedMessage, Client, Envelope, Said

EARLY = timedelta(days=1)
"""How much later than it was received a message may say that it was sent: clocks go wrong, and zones are forgotten."""


class Placing:
    """Whose turn a message was, under a configuration."""

    def __init__(self, config: Config) -> None:
        self._own = config.own_addresses
        self._clients = {client.slug: client for client in config.clients}
        self._known: dict[str, frozenset[str]] = {}
        domains = {address.rpartition("@")[2] for address in self._own}
        self._own_domains = {domain for domain in domains if not is_free_mail(domain)}

    def make_turn(
        self, client: str, message: ArchivedMessage, envelope: Envelope, said: Said
    ) -> Turn:
        """The message as a turn of one of its clients."""
        writers = _list_writers(envelope)
        to = [a.address for a in envelope.recipients]
        outgoing = self.is_ours(envelope)
        people = [a for a in (to if outgoing else writers[:1]) if not self._is_own(a)]
        topic = normalise_subject(envelope.subject).casefold()
        stray = not envelope.references and is_answer(envelope.subject)
        return Turn(
            client,
            tell_moment(message, envelope),
            message.key,
            outgoing,
            not said.automatic,
            people[0] if people else "",
            tuple(sorted({self._find_side(client, address) for address in people})),
            words=said.words,
            topic=_hash(topic) if topic else 0,
            stray=stray,
        )

    def is_ours(self, envelope: Envelope) -> bool:
        """Whether one of us wrote it."""
        return any(map(self._is_own, _list_writers(envelope)))

    def _is_own(self, address: str) -> bool:
        """Whether it is ours, or of somebody at our own domain, who answers for us too, and no client's."""
        if address in self._own:
            return True
        return address.rpartition("@")[2] in self._own_domains and not self._find_clients(address)

    def _find_clients(self, address: str) -> frozenset[str]:
        whose = self._known.get(address)
        if whose is None:
            whose = frozenset(s for s, c in self._clients.items() if covers_address(c, address))
            self._known[address] = whose
        return whose

    def _find_side(self, client: str, address: str) -> str:
        whose = self._find_clients(address)
        if client in whose or (not whose and not _has_people(self._clients.get(client))):
            return CLIENT
        if whose:
            return f"={min(whose)}"
        domain = address.rpartition("@")[2]
        side = address if not domain or is_free_mail(domain) else domain
        return "".join(side.split()) or "?"


def tell_moment(message: ArchivedMessage, envelope: Envelope) -> datetime:
    """When a message was sent; when it was received, where it does not say, or says what cannot be."""
    sent_at = envelope.sent_at
    if sent_at is None or sent_at > message.received_at + EARLY:
        return message.received_at
    return sent_at


def _has_people(client: Client | None) -> bool:
    return client is not None and bool(client.addresses or client.domains)


def _hash(text: str) -> int:
    """Of 63 bits, and never 0."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8]) >> 1 or 1


def _list_writers(envelope: Envelope) -> list[str]:
    return [a.address for a in envelope.addresses if a.role == "from"] or [
        a.address for a in envelope.addresses if a.role in ("sender", "reply-to")
    ]

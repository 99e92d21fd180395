"""What of a client's mail may go into their bundle.

In: facts about one message, the client, the sender's own addresses. Out: None, or why it stays behind.
Never: reads a disk or a clock, lets a doubtful message through, or names another client in words meant
for the bundle (`reason_public`). `reason_private` is for the sender's own register only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trail.model import Withheld

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from trail.model import Client, Envelope

Code = Literal["shared", "internal", "blind-copy", "thread-only"]

_CONCERNS_OTHERS = "concerning others as well"
_INTERNAL = "internal to the sender's office"
_UNCERTAIN = "not certainly of this client"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Facts about one message that is attributed to the client."""

    key: str
    envelope: Envelope
    clients: tuple[str, ...]
    """Slugs of all clients it is attributed to."""
    inherited: bool
    """Only its thread points to this client, no rule."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a message is withheld, in words for the recipient and in words for the sender."""

    code: Code
    reason_public: str
    """Says nothing about anybody; the same for a shared message and for a blind copy on purpose."""
    reason_private: str
    """May name other clients and addresses: never goes into a bundle."""
    may_be_listed: bool = False
    """Whether its Message-ID tells the recipient nothing but that the message exists."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A withheld message together with its verdict."""

    message: Withheld
    verdict: Verdict


def judge(candidate: Candidate, client: Client, me: Collection[str]) -> Verdict | None:
    """Return None when the message goes into the client's bundle, else why it stays behind.

    `me` are the sender's own addresses, in any case. The most confidential reason wins.
    """
    own = {address.strip().lower() for address in me}
    addresses = candidate.envelope.addresses
    others = sorted(set(candidate.clients) - {client.slug})
    if others:
        return Verdict("shared", _CONCERNS_OTHERS, f"shared with {', '.join(others)}")
    strangers = [
        a.address
        for a in addresses
        if a.role == "bcc" and not (_fold(a.address) in own or belongs_to(client, a.address))
    ]
    if strangers:
        return Verdict("blind-copy", _CONCERNS_OTHERS, f"blind copy to {', '.join(strangers)}")
    people = [a for a in addresses if a.role in ("from", "to", "cc", "bcc")]
    if people and all(_fold(a.address) in own for a in people):
        return Verdict("internal", _INTERNAL, "between own addresses only", may_be_listed=True)
    if candidate.inherited and not any(belongs_to(client, a.address) for a in addresses):
        return Verdict("thread-only", _UNCERTAIN, "only its thread points to this client")
    return None


def hold_back(candidate: Candidate, verdict: Verdict) -> HeldBack:
    """Pair a verdict with the line for the sender's register."""
    envelope = candidate.envelope
    return HeldBack(
        Withheld(
            key=candidate.key,
            reason=verdict.reason_private,
            message_id=envelope.message_id,
            sent_at=envelope.sent_at,
            subject=envelope.subject,
        ),
        verdict,
    )


def count_reasons(held_back: Iterable[HeldBack]) -> dict[str, int]:
    """Count the messages of each public reason, most frequent first."""
    counts: dict[str, int] = {}
    for held in held_back:
        reason = held.verdict.reason_public
        counts[reason] = counts.get(reason, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def list_message_ids(held_back: Iterable[HeldBack]) -> list[str]:
    """Return the Message-IDs that may be named to the recipient, in order, each once."""
    listed: dict[str, None] = {}
    secret: set[str] = set()
    for held in held_back:
        if held.message.message_id:
            if held.verdict.may_be_listed:
                listed[held.message.message_id] = None
            else:
                secret.add(held.message.message_id)
    # The same Message-ID may stand on a copy that also went elsewhere.
    return [message_id for message_id in listed if message_id not in secret]


def belongs_to(client: Client, address: str) -> bool:
    """Whether an address is one of the client's, or lies in one of their domains or subdomains."""
    address = _fold(address)
    if address in {_fold(a) for a in client.addresses}:
        return True
    _, at, domain = address.rpartition("@")
    domain = domain.rstrip(".")
    return bool(at) and any(
        domain == d or domain.endswith(f".{d}")
        for d in (_fold(rule).rstrip(".") for rule in client.domains)
        if d
    )


def _fold(address: str) -> str:
    return address.strip().lower()

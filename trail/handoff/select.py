"""What of a client's mail may go into their bundle.

In: facts about one message, the client, the sender's own addresses. Out: None, or why it stays behind.
Never: reads a disk or a clock, lets a doubtful message through, or names another client in words meant
for the bundle (`reason_public`). `reason_private` is for the sender's own register only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from trail.handoff.leaks import describe_leaks
from trail.model import Withheld

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from trail.handoff.leaks import Leak
    from trail.model import Client, Envelope

Code = Literal[
    "shared",
    "internal",
    "blind-copy",
    "leak",
    "thread-only",
    "unreadable",
    "decided",
    "kept-whole",
]

_CONCERNS_OTHERS = "concerning others as well"
_INTERNAL = "internal to the sender's office"
_UNCERTAIN = "not certainly of this client"
_DECIDED = "withheld by decision"

PROPOSED = "proposed: in a thread of the client's"
"""Of a message that no rule gives to the client: it goes once somebody has said so."""
PROPOSABLE: tuple[Code, ...] = ("thread-only", "unreadable")
"""What may speak against a message of nobody that is proposed all the same."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Facts about one message that is attributed to the client."""

    key: str
    envelope: Envelope
    clients: tuple[str, ...]
    """Slugs of all clients it is attributed to."""
    inherited: bool
    """Only its thread points to this client, no rule."""
    leaks: tuple[Leak, ...] = ()
    """What in it is another client's."""
    unreadable: tuple[str, ...] = ()
    """What in it nobody could look into, and is not known to be the client's own."""


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
    about: tuple[str, ...] = ()
    """Whom it is about: slugs of other clients, addresses."""
    evidence: tuple[str, ...] = ()
    """What shows it, where there is more to say than whom it is about: a decision holds as long as there is no other."""

    @property
    def summary(self) -> str:
        """The private reason in words that many messages have in common."""
        if self.code == "leak":
            return f"holding mail of {', '.join(self.about)}"
        return UNREADABLE if self.code == "unreadable" else self.reason_private


UNREADABLE = "with an attachment nobody could look into"
DECIDED = Verdict("decided", _DECIDED, "withheld by decision")
"""Of a message that nothing speaks against, but that somebody wants to keep."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A withheld message together with its verdict: the first of `reasons`."""

    message: Withheld
    verdict: Verdict
    reasons: tuple[Verdict, ...] = ()


def judge(candidate: Candidate, client: Client, me: Collection[str]) -> Verdict | None:
    """Return None when the message goes into the client's bundle, else the most confidential reason it stays behind."""
    return next(iter(judge_fully(candidate, client, me)), None)


def judge_fully(candidate: Candidate, client: Client, me: Collection[str]) -> tuple[Verdict, ...]:
    """Every reason why a message stays behind, the most confidential first; none: it goes into the client's bundle.

    `me` are the sender's own addresses, in any case.
    """
    own = {address.strip().lower() for address in me}
    return tuple(_find_reasons(candidate, client, own))


def _find_reasons(candidate: Candidate, client: Client, own: set[str]) -> Iterator[Verdict]:
    addresses = candidate.envelope.addresses
    if others := tuple(sorted(set(candidate.clients) - {client.slug})):
        yield Verdict("shared", _CONCERNS_OTHERS, f"shared with {', '.join(others)}", about=others)
    strangers = tuple(
        a.address
        for a in addresses
        if a.role == "bcc" and not (_fold(a.address) in own or belongs_to(client, a.address))
    )
    if strangers:
        reason = f"blind copy to {', '.join(strangers)}"
        yield Verdict("blind-copy", _CONCERNS_OTHERS, reason, about=strangers)
    if candidate.leaks:
        about = tuple(sorted({leak.client for leak in candidate.leaks}))
        terms = tuple(sorted({leak.term for leak in candidate.leaks}))
        told = describe_leaks(candidate.leaks)
        yield Verdict("leak", _CONCERNS_OTHERS, told, about=about, evidence=terms)
    people = [a for a in addresses if a.role in ("from", "to", "cc", "bcc")]
    if people and all(_fold(a.address) in own for a in people):
        yield Verdict("internal", _INTERNAL, "between own addresses only", may_be_listed=True)
    if candidate.inherited and not any(belongs_to(client, a.address) for a in addresses):
        yield Verdict("thread-only", _UNCERTAIN, PROPOSED)
    if candidate.unreadable:
        yield Verdict("unreadable", _UNCERTAIN, "; ".join(candidate.unreadable))


def hold_back(candidate: Candidate, verdict: Verdict, *more: Verdict) -> HeldBack:
    """Pair a verdict, and the reasons besides it, with the line for the sender's register."""
    envelope = candidate.envelope
    reasons = (verdict, *more)
    return HeldBack(
        Withheld(
            key=candidate.key,
            reason="; ".join(r.reason_private for r in reasons),
            message_id=envelope.message_id,
            sent_at=envelope.sent_at,
            subject=envelope.subject,
        ),
        verdict,
        reasons,
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

"""Whose message is it: pure functions from headers, folders and rules to clients, each with its reason.

Comes in: an envelope, the folders it was seen in, the clients' rules. Goes out: attributions. It never looks at a body,
and never decides by the thread alone: that a reply inherits the client of its parent is `inherit`, marked as such.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from difflib import get_close_matches
from typing import TYPE_CHECKING

from trail.model import Attribution

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trail.model import Client, Envelope, Role

_HEADERS: dict[Role, str] = {
    "from": "From",
    "sender": "Sender",
    "reply-to": "Reply-To",
    "to": "To",
    "cc": "Cc",
    "bcc": "Bcc",
    "delivered-to": "Delivered-To",
}


def attribute(
    key: str, envelope: Envelope, places: Iterable[str], clients: Sequence[Client]
) -> tuple[Attribution, ...]:
    """The clients a rule gives this message to, with the first rule that matched. `places`: folders and labels."""
    seen_in = [_fold_place(place) for place in places]
    found = ((client, _find_reason(client, envelope, seen_in)) for client in clients)
    return tuple(Attribution(key, client.slug, reason) for client, reason in found if reason)


def inherit(
    key: str, own: Sequence[Attribution], parents: Mapping[str, Sequence[Attribution]]
) -> tuple[Attribution, ...]:
    """What a message inherits from those it refers to (by key), beside what is its own."""
    clients = {attribution.client for attribution in own}
    inherited: dict[str, Attribution] = {}
    for parent, attributions in sorted(parents.items()):
        for attribution in attributions:
            if attribution.client not in clients and parent != key:
                reason = f"reply in the thread of {parent[:12]}"
                inherited.setdefault(
                    attribution.client, Attribution(key, attribution.client, reason, inherited=True)
                )
    return tuple(inherited.values())


def find_idle_rules(
    clients: Iterable[Client], accounts: Iterable[str], listed: Mapping[str, Sequence[str]]
) -> list[str]:
    """Folder rules that fit no folder of any account, in words; none as long as the folders of one are not known."""
    if set(accounts) - listed.keys():
        return []
    names = sorted({name for account in accounts for name in listed[account]})
    found = []
    for client in clients:
        for rule in client.folders:
            if not any(matches_place(rule, name) for name in names):
                near = get_close_matches(rule, names, 1)
                meant = f'; did you mean "{near[0]}"?' if near else ""
                found.append(
                    f'client "{client.slug}": there is no folder "{rule}" on any server{meant}'
                )
    return found


def fingerprint_rules(clients: Sequence[Client]) -> str:
    """A short name for a set of rules: equal exactly when every rule is equal, whatever their order."""
    rules = sorted(
        [c.slug, sorted(c.addresses), sorted(c.domains), sorted(c.folders), sorted(c.subjects)]
        for c in clients
    )
    return hashlib.sha256(json.dumps(rules).encode()).hexdigest()[:16]


def covers_address(client: Client, address: str) -> str | None:
    """The address or domain rule of a client that covers an address, as "domain acme.example"; None when none does."""
    local, at, domain = address.rpartition("@")
    domain = _fold_domain(domain)
    if f"{local}{at}{domain}" in client.addresses:
        return f"address {local}{at}{domain}"
    for rule in client.domains:
        if domain == rule or domain.endswith("." + rule):
            return f"domain {rule}"
    return None


def _find_reason(client: Client, envelope: Envelope, seen_in: Sequence[str]) -> str | None:
    for address in envelope.addresses:
        if rule := covers_address(client, address.address):
            return f"{rule} in {_HEADERS[address.role]}"
    subject = unicodedata.normalize("NFC", envelope.subject).casefold()
    for mark in client.subjects:
        if unicodedata.normalize("NFC", mark).casefold() in subject:
            return f"{mark} in Subject"
    for folder in client.folders:
        wanted = _fold_place(folder)
        if any(place == wanted or place.startswith(wanted + "/") for place in seen_in):
            return f"folder {folder}"
    return None


def _fold_domain(domain: str) -> str:
    """A domain as rules spell it: ASCII (IDNA), without the final dot. One that is no domain stays as it is."""
    domain = domain.removesuffix(".")
    if domain.isascii():
        return domain
    from trail.config.domains import normalise_domain  # noqa: PLC0415 - rare, and parsing workers start without it

    try:
        return normalise_domain(domain)
    except ValueError:
        return domain


def matches_place(folder: str, place: str) -> bool:
    """Whether a folder rule covers a folder or label: it, or one below it."""
    wanted, found = _fold_place(folder), _fold_place(place)
    return found == wanted or found.startswith(wanted + "/")


def _fold_place(place: str) -> str:
    return unicodedata.normalize("NFC", place).casefold().rstrip("/")

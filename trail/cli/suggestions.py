"""Who could be a client: people and domains, those one writes with first.

In: with whom one corresponds, and the configuration. Out: suggestions, each with the command that adds it.
Must never suggest an own address, what a client's rules cover, or a domain that strangers share.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from trail.config import default_config_path
from trail.config.checks import check_slug
from trail.config.domains import covers, is_free_mail, normalise_address
from trail.terminal import clean_text

if TYPE_CHECKING:
    from pathlib import Path

    from trail.config import Config
    from trail.model import Envelope

_AUTOMATIC = re.compile(
    r"no[._-]?reply|do[._-]?not[._-]?reply|news|notif|mailer|bounce|alert|daemon|digest|marketing"
    r"|promo|offers?\b|updates?\b|automat|robot|system|receipts?\b|noreponse"
)
_SECOND_LEVEL = re.compile(r"(?:com?|org|net|ac|gov|gob|edu)\.[a-z]{2}")


@dataclass(frozen=True, slots=True)
class Correspondent:
    """Somebody one has mail from or to: `received` messages came from the address, `sent` went to it."""

    address: str
    name: str
    received: int
    sent: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A client there could be: of a domain, or of one address where strangers share the domain."""

    slug: str
    name: str
    """Display name of the person; "" for a domain."""
    rule: str
    """The domain, or the address."""
    received: int
    sent: int
    last_at: datetime
    command: str
    """Adds the client; quoted for a shell."""


def gather_correspondents(
    mail: Iterable[tuple[Envelope, datetime]], config: Config
) -> list[Correspondent]:
    """Count who wrote to the user, and to whom the user wrote, in (envelope, received_at) pairs."""
    own = _own_addresses(config)
    found: dict[str, Correspondent] = {}
    for envelope, at in mail:
        sender = envelope.sender
        is_sent = sender is not None and sender.address in own
        people = envelope.recipients if is_sent else (sender,) if sender else ()
        for address, name in {person.address: person.name for person in people}.items():
            if address in own:
                continue
            so_far = found.get(address) or Correspondent(address, name, 0, 0, at)
            found[address] = Correspondent(
                address,
                name or so_far.name,
                so_far.received + (not is_sent),
                so_far.sent + is_sent,
                max(at, so_far.last_at),
            )
    return list(found.values())


def rank_suggestions(
    correspondents: Iterable[Correspondent], config: Config, limit: int
) -> list[Suggestion]:
    """Return at most `limit` suggestions, the likeliest client first."""
    own = _own_addresses(config)
    people = [
        person
        for person in correspondents
        if person.address not in own
        and _is_address(person.address)
        and not _is_covered(person.address, config)
    ]
    groups = _group(people, own)
    ranked = sorted(groups.items(), key=lambda group: (*_rank(group[1]), group[0]))
    taken = {client.slug for client in config.clients}
    suggestions = []
    for rule, members in ranked[:limit]:
        slug = _make_slug(rule, taken)
        taken.add(slug)
        suggestions.append(_suggest(slug, rule, members))
    return suggestions


def name_program(config_path: Path) -> list[str]:
    """Return the words that begin a command on this configuration."""
    if config_path == default_config_path():
        return ["trail"]
    return ["trail", "--config", str(config_path)]


def _own_addresses(config: Config) -> set[str]:
    return {*config.me, *(account.user.lower() for account in config.accounts)}


def _is_address(address: str) -> bool:
    try:
        return normalise_address(address) == address
    except ValueError:
        return False


def _is_covered(address: str, config: Config) -> bool:
    return any(
        address in client.addresses or any(covers(domain, address) for domain in client.domains)
        for client in config.clients
    )


def _group(people: list[Correspondent], own: set[str]) -> dict[str, list[Correspondent]]:
    """Gather people under the rule that would take them in: the widest domain seen, or their address."""
    domains = {person.address.rpartition("@")[2] for person in people}
    groups: dict[str, list[Correspondent]] = {}
    for person in people:
        labels = person.address.rpartition("@")[2].split(".")
        wider = [".".join(labels[i:]) for i in range(len(labels) - 1)]
        usable = (
            domain
            for domain in reversed(wider)
            if domain in domains
            and not is_free_mail(domain)
            and not any(covers(domain, address) for address in own)
        )
        groups.setdefault(next(usable, person.address), []).append(person)
    return groups


def _rank(people: list[Correspondent]) -> tuple[int, int, float]:
    received = sum(person.received for person in people)
    sent = sum(person.sent for person in people)
    automatic = all(_AUTOMATIC.search(person.address.rpartition("@")[0]) for person in people)
    if sent and received:
        tier = 0
    elif sent:
        tier = 1
    else:
        tier = 3 if automatic else 2
    return tier, -(received + sent), -max(person.last_at for person in people).timestamp()


def _suggest(slug: str, rule: str, people: list[Correspondent]) -> Suggestion:
    words = ["trail", "client", "add", slug]
    name = ""
    if "@" in rule:
        name = " ".join(clean_text(people[0].name).split())
        words += ["--address", rule]
        words += [f"--name={name}"] if name else []
    else:
        words += ["--domain", rule]
    return Suggestion(
        slug,
        name,
        rule,
        received=sum(person.received for person in people),
        sent=sum(person.sent for person in people),
        last_at=max(person.last_at for person in people),
        command=shlex.join(words),
    )


def _make_slug(rule: str, taken: set[str]) -> str:
    local, at, domain = rule.rpartition("@")
    if at:
        word = local
    else:
        labels = domain.split(".")
        tail = 2 if _SECOND_LEVEL.fullmatch(".".join(labels[-2:])) else 1
        word = labels[max(0, len(labels) - tail - 1)]
    word = re.sub(r"[^a-z0-9]+", "-", word).strip("-")[:40] or "client"
    try:
        check_slug(word)
    except ValueError:
        word = f"{word}-client"
    slug, number = word, 2
    while slug in taken:
        slug, number = f"{word}-{number}", number + 1
    return slug

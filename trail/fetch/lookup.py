"""Finding the mail server of an address, by asking: the domain's DNS, its web server, then the usual names.

In: an address. Out: servers one after the other, each with how it was found. Every step has its time, and a step that
fails is one that found nothing: without a network all of it is over in a moment, or in 20 s at worst.
Must never send more than the domain anywhere: not the address, and no password.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from trail.config.domains import covers, normalise_host
from trail.errors import TrailError
from trail.fetch.discovery import ServiceRecord, read_autoconfig, read_services
from trail.fetch.providers import Server, find_exchange, find_provider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trail.model import Security

T = TypeVar("T")

STEP = 4.0
"""Seconds a step may take."""
IMAPS_PORT = 993


@dataclass(frozen=True, slots=True)
class Found:
    """A server, and how it was found. `is_sure`: that nobody on the way could have put it there."""

    server: Server
    how: str
    is_sure: bool = True


def iter_servers(address: str) -> Iterator[Found]:
    """Look for the server of a (normalised) address; each step is taken when the one before did not do."""
    domain = address.rpartition("@")[2]
    known = find_provider(address)
    if known is not None:
        yield Found(known, "known provider")
        return
    seen: set[str] = set()
    for found in _iter_found(address, domain):
        if str(found.server) not in seen:
            seen.add(str(found.server))
            yield found


def _iter_found(address: str, domain: str) -> Iterator[Found]:
    dns = _Dns()
    services: tuple[tuple[str, Security], ...] = (("_imaps", "tls"), ("_imap", "starttls"))
    for service, security in services:
        records = [
            ServiceRecord(one.priority, one.weight, one.port, str(one.target))
            for one in dns.ask(f"{service}._tcp.{domain}", "SRV")
        ]
        for server in read_services(records, security):
            # RFC 6186, section 4: DNS can be forged, so a name elsewhere is for a person to confirm
            yield Found(server, "found by DNS SRV", is_sure=covers(domain, server.host))
    for url in (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
    ):
        for server in read_autoconfig(_within(partial(_get, url), b""), address):
            yield Found(server, "found by autoconfig")
    for one in sorted(dns.ask(domain, "MX"), key=lambda record: int(record.preference)):
        with suppress(ValueError):
            exchange = find_exchange(normalise_host(str(one.exchange)))
            if exchange is not None:
                yield Found(exchange, "found by DNS MX")  # names a server of our table only
    for host in (f"imap.{domain}", f"mail.{domain}"):
        if _within(partial(_greets, host), False):
            yield Found(Server(host), "answers at its usual name")


class _Dns:
    """The system's resolver; one that gives no answer at all is asked once."""

    def __init__(self) -> None:
        self._is_dead = False

    def ask(self, name: str, kind: str) -> list[Any]:
        """The records of a name; none where there are none, or nobody knows."""
        from dns import exception, resolver  # noqa: PLC0415 - slow to import, and only `init` needs it

        if self._is_dead:
            return []
        try:
            return list(
                resolver.get_default_resolver().resolve(name, kind, lifetime=STEP, search=False)
            )
        except (resolver.NXDOMAIN, resolver.NoAnswer):
            return []
        except (exception.DNSException, OSError):
            self._is_dead = True
            return []


def _get(url: str) -> bytes:
    from trail.fetch.https import ask  # noqa: PLC0415 - only `init` needs it

    with suppress(TrailError):
        reply = ask(url, timeout=STEP, redirects=2)
        if reply.status == 200:  # noqa: PLR2004 - HTTP's yes
            return reply.content
    return b""


def _greets(host: str) -> bool:
    """Whether an IMAP server with a good certificate answers there."""
    context = ssl.create_default_context()
    with (
        suppress(OSError, ValueError),
        socket.create_connection((host, IMAPS_PORT), STEP) as line,
        context.wrap_socket(line, server_hostname=host) as secured,
    ):
        return secured.recv(5).startswith(b"* OK")
    return False


def _within(work: Callable[[], T], otherwise: T) -> T:
    """Give what `work` gives, or `otherwise` when it takes too long: looking up a name has no time limit of its own."""
    box: queue.SimpleQueue[T] = queue.SimpleQueue()
    threading.Thread(target=lambda: box.put(work()), daemon=True).start()
    try:
        return box.get(timeout=STEP)
    except queue.Empty:
        return otherwise

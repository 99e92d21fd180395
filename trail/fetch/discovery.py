"""What a domain says of its mail server, read: SRV records (RFC 6186) and Mozilla's autoconfig.

In: records and a document as they came. Out: servers, the best first.
Must never look anything up, nor trust what it reads: names and ports are checked, entities are refused.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple
from xml.parsers import expat

from trail.config.checks import check_host, check_port, check_text
from trail.fetch.providers import Server

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trail.model import Security

_SOCKETS: dict[str, Security] = {"SSL": "tls", "STARTTLS": "starttls"}
"""The kinds of connection a document may name. Without encryption there is none that we would use."""
_NAMES = frozenset({"hostname", "port", "socketType", "username", "authentication"})


class ServiceRecord(NamedTuple):
    """An SRV record (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str


def read_services(records: Iterable[ServiceRecord], security: Security) -> list[Server]:
    """Servers of the records of one service, by priority and weight. A target of "." says that there is none."""
    servers = []
    for record in sorted(records, key=lambda one: (one.priority, -one.weight)):
        with suppress(ValueError):
            host = check_host(record.target.removesuffix("."))
            servers.append(Server(host, check_port(record.port), security))
    return servers


def read_autoconfig(document: bytes, address: str) -> list[Server]:
    """The IMAP servers a `config-v1.1.xml` names for the address; none where it makes no sense."""
    parser = expat.ParserCreate()
    reading = _Reading()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.take
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError):
        return []
    local, _, domain = address.rpartition("@")
    filled = {"%EMAILADDRESS%": address, "%EMAILLOCALPART%": local, "%EMAILDOMAIN%": domain}
    servers = []
    for found in reading.found:
        for name, value in found.items():
            for mark, meant in filled.items():
                found[name] = value = value.replace(mark, meant)  # noqa: PLW2901 - in steps
        with suppress(ValueError, KeyError):
            user = check_text(found.get("username", ""))
            servers.append(
                Server(
                    check_host(found["hostname"]),
                    check_port(int(found["port"])),
                    _SOCKETS[found["socketType"]],
                    user="" if user.lower() == address else user,
                    needs_oauth=found.get("authentication") == "OAuth2",
                )
            )
    return sorted(servers, key=lambda server: (server.needs_oauth, server.security != "tls"))


class _Reading:
    """What is read of a document: `found` are its IMAP servers, by the names of their elements."""

    def __init__(self) -> None:
        self.found: list[dict[str, str]] = []
        self._server: dict[str, str] | None = None
        self._name = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "incomingServer":
            self._server = {} if attributes.get("type") == "imap" else None
        self._name = name if name in _NAMES and name not in (self._server or ()) else ""

    def take(self, text: str) -> None:
        if self._server is not None and self._name:
            self._server[self._name] = self._server.get(self._name, "") + text

    def end(self, name: str) -> None:
        if name == "incomingServer" and self._server is not None:
            self.found.append({key: value.strip() for key, value in self._server.items()})
            self._server = None
        self._name = ""


def _refuse_doctype(*_: object) -> None:
    raise ValueError("a document of this kind declares nothing")

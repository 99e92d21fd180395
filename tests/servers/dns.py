"""A DNS server on 127.0.0.1, over real UDP, that knows what it is told."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset


class DnsServer:
    """`records` are lines of a zone by name and type: `{("studio.example", "MX"): ["10 mx.studio.example."]}`.

    Names that are not there do not exist. `fault` is for every question: "silent", "servfail" or "garbage".
    """

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.fault = ""
        self.asked: list[tuple[str, str]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    @property
    def resolver(self) -> dns.resolver.Resolver:
        """A resolver that asks here."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = self._socket.getsockname()[1]
        return resolver

    def _serve(self) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                wire, client = self._socket.recvfrom(4096)
                answer = self._answer(wire)
                if answer:
                    self._socket.sendto(answer, client)

    def _answer(self, wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = (
            question.name.to_text(omit_final_dot=True),
            dns.rdatatype.to_text(question.rdtype),
        )
        self.asked.append((name, kind))
        if self.fault == "silent":
            return b""
        if self.fault == "garbage":
            return wire[:2] + b"\x81\x80" + b"\xff" * 20
        response = dns.message.make_response(query, recursion_available=True)
        if self.fault == "servfail":
            response.set_rcode(dns.rcode.SERVFAIL)
        elif (name, kind) in self.records:
            lines = self.records[name, kind]
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *lines))
        elif not any(known == name for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()

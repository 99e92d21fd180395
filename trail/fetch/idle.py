"""A connection that waits in one folder until the server tells of new mail (IDLE, RFC 2177).

Comes in: a logged-in connection and a folder. Goes out: whether something may have come, and nothing else: what it is,
a round finds out. The folder is opened with EXAMINE, so waiting changes nothing.

Once the folder is open this module reads the socket itself. IMAPClient would lose an event that arrives in one segment
with `+ idling`, take one that arrives before it for an error, and the end of the connection for silence.
"""

from __future__ import annotations

import re
import socket
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from trail.errors import ServerUnreachable
from trail.fetch.source import FolderUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trail.errors import TrailError
    from trail.fetch.imap import ImapSource
    from trail.fetch.source import RemoteFolder
    from trail.model import Account

LONGEST_LINE = 65_536
"""Bytes of an answer, beyond which it is no answer that IDLE may have."""
_COUNT = re.compile(rb"\* (\d+) (EXISTS|EXPUNGE)\b", re.IGNORECASE)
_LIMITS = ("[LIMIT]", "TOO MANY", "MAXIMUM NUMBER OF CONNECTIONS", "CONNECTION LIMIT")
# Probes that keep a quiet line open in routers, and find a dead one within minutes
_PROBES = (("TCP_KEEPIDLE", 120), ("TCP_KEEPALIVE", 120), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 4))


def is_connection_limit(error: TrailError | None) -> bool:
    """Whether the server has no room for one connection more (RFC 5530: LIMIT; the words of Dovecot and Gmail)."""
    return isinstance(error, ServerUnreachable) and any(
        word in error.message.upper() for word in _LIMITS
    )


class IdleLine:
    """A connection that waits in one folder. Opened by `begin`; any error makes it useless."""

    def __init__(self, source: ImapSource, account: Account, folder: RemoteFolder) -> None:
        self._source = source
        self._account = account
        self._folder = folder
        self._received = b""
        self._exists = 0
        self._number = 0

    def begin(self) -> None:
        """Open the folder and begin to wait. Raises FolderUnavailable, also where the server refuses IDLE; ServerUnreachable."""
        self._exists = self._source.examine(self._folder).exists
        self._socket: socket.socket = self._source.client.socket()
        with suppress(OSError):  # only to find a dead line sooner
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _PROBES:
                if hasattr(socket, name):
                    self._socket.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._ask()

    def wait(self, seconds: float) -> bool:
        """Wait until the folder has changed its size, or so many seconds; whether it has. Raises ServerUnreachable."""
        end = time.monotonic() + seconds
        while (line := self._read_line(end)) is not None:
            if self._tells_of_mail(line):
                return True
            if line.startswith(self._tag):
                raise self._broken("the server ended the waiting")
        return False

    def renew(self) -> bool:
        """End IDLE and begin it again, which servers want before half an hour is over; whether something came meanwhile.

        Raises ServerUnreachable, FolderUnavailable.
        """
        with self._translating():
            self._socket.sendall(b"DONE\r\n")
        changed = False
        while not (line := self._demand_line()).startswith(self._tag):
            changed = self._tells_of_mail(line) or changed
        return self._ask() or changed

    @property
    def _tag(self) -> bytes:
        return b"W%d " % self._number  # IMAPClient's begin otherwise

    def _ask(self) -> bool:
        """Begin IDLE; whether something came before the server was ready to tell."""
        self._number += 1
        with self._translating():
            self._socket.settimeout(self._account.timeout)
            self._socket.sendall(self._tag + b"IDLE\r\n")
        changed = False
        while not (line := self._demand_line()).startswith(b"+"):
            if line.startswith(self._tag):
                raise FolderUnavailable(f"{self._folder.name}: the server refuses to wait in it")
            changed = self._tells_of_mail(line) or changed
        return changed

    def _tells_of_mail(self, line: bytes) -> bool:
        """Whether a response says that the folder has another size than it is known to have. Raises ServerUnreachable for BYE."""
        if line[:5].upper() == b"* BYE":
            raise self._broken("the server said goodbye")
        if not (found := _COUNT.match(line)):
            return False
        if found[2].upper() == b"EXPUNGE":
            self._exists -= 1
            return False
        before, self._exists = self._exists, int(found[1])
        return self._exists != before  # some servers repeat it to keep the line open

    def _demand_line(self) -> bytes:
        line = self._read_line(time.monotonic() + self._account.timeout)
        if line is None:
            raise self._broken("no answer in time")
        return line

    def _read_line(self, end: float) -> bytes | None:
        """The next line; None when none is complete at that moment of the monotonic clock."""
        while b"\n" not in self._received:
            left = end - time.monotonic()
            if left <= 0:
                return None
            with self._translating():
                self._socket.settimeout(left)
                try:
                    more = self._socket.recv(4096)
                except TimeoutError:
                    return None
            if not more or len(self._received) > LONGEST_LINE:
                raise self._broken("the connection broke")
            self._received += more
        line, _, self._received = self._received.partition(b"\n")
        return line

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:  # ValueError: TLS was ended by another thread
            raise self._broken("the connection broke") from error

    def _broken(self, why: str) -> ServerUnreachable:
        account = self._account
        return ServerUnreachable(
            f'account "{account.name}": {account.host}:{account.port}: {why}',
            "it is connected again by itself",
        )

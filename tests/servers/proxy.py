"""A TCP proxy on threads, to stand before any server: it cuts the line, stalls, and adds distance.

In: the host and port to pass everything on to. Out: a port on 127.0.0.1. It changes no byte; it
ends with its `with` block, and each connection when either side has gone.
"""

from __future__ import annotations

import queue
import socket
import struct
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from trail.model import Account

PIECE = 65_536
BACKLOG = 64
"""Pieces under way in one direction; more wait in the sender's socket."""


@dataclass(slots=True)
class _Line:
    """One client's connection: the two sockets, and what came from the server so far."""

    number: int
    client: socket.socket
    server: socket.socket
    received: int = 0
    cut: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """The proxy. Its fields may be changed while it runs; new values are for the bytes that follow.

    `cut_after` and `stall_after` count bytes from the server, in each connection; `only` says which
    connections they are for (counted from 1; empty: all). `delay` is a round trip, in seconds.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        cut_after: int | None = None,
        cut_with: Literal["rst", "fin"] = "rst",
        stall_after: int | None = None,
        only: frozenset[int] = frozenset(),
        delay: float = 0.0,
    ) -> None:
        self.host = "127.0.0.1"
        self.cut_after = cut_after
        self.cut_with = cut_with
        self.stall_after = stall_after
        self.only = only
        self.delay = delay
        self.connections = 0
        self.bytes_down = 0
        """From server to clients, in all connections."""
        self.bytes_up = 0
        self._target = (host, port)
        self._closing = threading.Event()
        self._lines: list[_Line] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._listening = socket.create_server((self.host, 0))
        self.port: int = self._listening.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        _shut(self._listening)
        for line in self._lines:
            _shut(line.client)
            _shut(line.server)
        for thread in self._threads:
            thread.join(timeout=10)
        for line in self._lines:
            line.client.close()
            line.server.close()
        self._listening.close()

    def reroute(self, account: Account) -> Account:
        """The same account, reached through this proxy."""
        return replace(account, host=self.host, port=self.port)

    def cut_all(self) -> None:
        """Cut every connection there is, now."""
        for line in list(self._lines):
            self._cut(line)

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name="proxy", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target, timeout=10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            line = _Line(self.connections, client, server)
            self._lines.append(line)
            for source, target, down in ((client, server, False), (server, client, True)):
                pieces: queue.Queue[tuple[float, bytes]] = queue.Queue(BACKLOG)
                self._start(self._read, source, pieces)
                self._start(self._write, line, target, pieces, down)

    def _read(self, source: socket.socket, pieces: queue.Queue[tuple[float, bytes]]) -> None:
        while True:
            try:
                data = source.recv(PIECE)
            except OSError:
                data = b""
            # each piece is late by half a round trip, many at once: a long pipe, not a slow one
            pieces.put((time.monotonic() + self.delay / 2, data))
            if not data:
                return

    def _write(
        self,
        line: _Line,
        target: socket.socket,
        pieces: queue.Queue[tuple[float, bytes]],
        down: bool,  # noqa: FBT001 - a thread's argument, named where it is made
    ) -> None:
        while True:
            due, data = pieces.get()
            self._closing.wait(max(0.0, due - time.monotonic()))
            if data and not line.cut.is_set():
                self._pass_on(line, target, data, down=down)
            elif not data:
                _shut(target)
                return

    def _pass_on(self, line: _Line, target: socket.socket, data: bytes, *, down: bool) -> None:
        """Send a piece on, or what of it the cut or the stall lets through."""
        if down:
            room = self._measure_room(line)
            data, beyond = data[:room], data[room:]
            line.received += len(data)
            self.bytes_down += len(data)
        else:
            beyond = b""
            self.bytes_up += len(data)
        try:
            target.sendall(data)
        except OSError:
            line.cut.set()
        if beyond and not self._stalls(line):
            self._cut(line)
        elif beyond:
            self._closing.wait()
            line.cut.set()

    def _applies(self, line: _Line) -> bool:
        return not self.only or line.number in self.only

    def _stalls(self, line: _Line) -> bool:
        limit = self.stall_after
        return limit is not None and self._applies(line) and line.received >= limit

    def _measure_room(self, line: _Line) -> int:
        limits = [n for n in (self.cut_after, self.stall_after) if n is not None]
        if not limits or not self._applies(line):
            return PIECE
        return max(0, min(limits) - line.received)

    def _cut(self, line: _Line) -> None:
        if self._closing.is_set() or line.cut.is_set():
            return
        line.cut.set()
        if self.cut_with == "rst":
            line.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # wakes the thread in recv without a word to the client; a socket in use is not closed
            _shut(line.client, socket.SHUT_RD)
            line.client.close()
        _shut(line.client)
        _shut(line.server)


def _shut(end: socket.socket, how: int = socket.SHUT_RDWR) -> None:
    try:
        end.shutdown(how)
    except OSError:
        return  # it was closed already

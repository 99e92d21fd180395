"""The line between a client and a `ScriptedServer`: whole commands in, bytes out, cut where told."""

from __future__ import annotations

import re
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from servers.scripted import ScriptedServer

RST = struct.pack("ii", 1, 0)  # linger for no time at all: close sends RST instead of FIN


class OverError(Exception):
    """The connection has ended, or must."""


class Line:
    """A connection's bytes. Raises `OverError` when it has ended."""

    def __init__(self, server: ScriptedServer, client: socket.socket, number: int) -> None:
        self._server = server
        self._client = client
        self._number = number
        self._lines = client.makefile("rb")
        self._sent = 0

    def close(self) -> None:
        """Let go of the socket."""
        self._lines.close()

    def read_line(self) -> bytes:
        """One line, without its end."""
        line = self._lines.readline()
        if not line.endswith(b"\n"):
            raise OverError
        return line.rstrip(b"\r\n")

    def read_command(self) -> bytes:
        """A command with its literals turned into quoted strings."""
        command = b""
        while True:
            line = self.read_line()
            literal = re.search(rb"\{(\d+)(\+?)\}$", line)
            if literal is None:
                return command + line
            if not literal[2]:
                self.send(b"+ go on\r\n")
            content = re.sub(rb'(["\\])', rb"\\\1", self._lines.read(int(literal[1])))
            command += line[: literal.start()] + b'"' + content + b'"'

    def send(self, data: bytes) -> None:
        """Send, unless that is more than `cut_after` lets through."""
        faults = self._server.faults
        limit, only = faults.cut_after, faults.cut_connections
        if limit is not None and self._number in (only or {self._number}):
            room = max(0, limit - self._sent)
            if len(data) > room:
                self.cut(data[:room])
        self._client.sendall(data)
        self._sent += len(data)

    def cut(self, last: bytes) -> None:
        """Send these bytes and reset the connection."""
        self._client.sendall(last)
        self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
        raise OverError


def split_strings(arguments: bytes) -> list[bytes]:
    """The astrings of a command: quoted or bare (RFC 3501, section 9)."""
    found = re.findall(rb'"((?:[^"\\]|\\.)*)"|([^\s"]+)', arguments)
    return [bare or re.sub(rb"\\(.)", rb"\1", quoted) for quoted, bare in found]

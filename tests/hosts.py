"""Names that lead to this machine: a hosts file for one test."""

from __future__ import annotations

import socket


def name_here(monkeypatch, *names):
    """Let `names` lead to 127.0.0.1."""
    look_up = socket.getaddrinfo

    def look_up_here(host, port, *rest, **named):
        return look_up("127.0.0.1" if host in names else host, port, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_here)


def trust_names(monkeypatch, web, *names):
    """Let `names` lead to `web` on port 443, and its certificate be one of the system's."""
    connect = socket.socket.connect

    def connect_there(self, address):
        return connect(self, ("127.0.0.1", web.port) if address == ("127.0.0.1", 443) else address)

    name_here(monkeypatch, *names)
    monkeypatch.setattr(socket.socket, "connect", connect_there)
    monkeypatch.setenv("SSL_CERT_FILE", str(web.ca_file))

"""The address on this machine to which a browser comes back after a sign-in (RFC 8252, section 7.3).

In: the state that the answer must bear. Out: the address the browser came to.
Must never listen beyond this machine, take an answer twice, or log what it is asked for.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

from trail.errors import LoginRejected

PATIENCE = 600.0
"""Seconds somebody may take to sign in."""
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>trail</title>
<body style="font-family: sans-serif; margin: 4em"><h1>{}</h1><p>{}</p></body></html>
"""


class Loopback:
    """Listens on a free port of 127.0.0.1 while it is open. `host` is this machine as the provider spells it.

    On threads of its own, for a browser in a terminal is waited for while it asks, and others open lines ahead.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._state = ""
        self._came_to = ""
        self._arrived = threading.Event()
        self._server = _Listener(("127.0.0.1", 0), _make_handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
        )
        self.redirect_uri = f"http://{host}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def expect(self, state: str) -> None:
        """Take the first answer that bears `state`, from now on."""
        self._state = state

    def wait(self, patience: float = PATIENCE) -> str:
        """Give the address the browser came to. Raises LoginRejected when it does not come in so many seconds."""
        if not self._arrived.wait(patience):
            raise LoginRejected(
                f"nobody signed in within {patience / 60:.0f} minutes",
                "once more; with --paste where the browser is on another machine",
            )
        return self._came_to

    def take(self, path: str) -> bool | None:
        """Judge a request: None when it is not the answer, else whether it brings a code."""
        asked = parse_qs(urlsplit(path).query)
        if not self._state or asked.get("state") != [self._state] or self._arrived.is_set():
            return None  # the icon of the page, a reload, or somebody else's doing
        self._came_to = self.redirect_uri + path
        self._arrived.set()
        return "code" in asked


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a browser may hold an idle line for as long as it likes

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that hangs up."""


def _make_handler(loopback: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # seconds a line may be idle

        def do_GET(self) -> None:
            brings_code = loopback.take(self.path)
            if brings_code is None:
                self._answer(404, "Nothing here", "")
            elif brings_code:
                self._answer(200, "Thank you", "You may close this window: trail goes on.")
            else:
                self._answer(200, "No sign-in", "trail says what is the matter.")

        def _answer(self, status: int, title: str, text: str) -> None:
            page = _PAGE.format(title, text).encode()
            self.send_response(status)
            for name, value in (
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Length", str(len(page))),
                ("Cache-Control", "no-store"),
                ("Referrer-Policy", "no-referrer"),
                ("Connection", "close"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing: the address holds the code."""

    return Handler

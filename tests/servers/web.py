"""HTTPS on 127.0.0.1 with a certificate of its own, answering as a function says."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

from servers.certificate import write_certificate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Asked(NamedTuple):
    """A request: `query` for a GET, `form` for a POST."""

    host: str
    path: str
    query: dict[str, str]
    form: dict[str, str]


class Answer(NamedTuple):
    """What is sent back."""

    status: int
    content: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class WebServer:
    """Runs on a thread inside its `with` block. `requests` are all that came."""

    def __init__(self, folder: Path, answer: Callable[[Asked], Answer], *names: str) -> None:
        self.ca_file = folder / "web.pem"
        self.requests: list[Asked] = []
        self._answer = answer
        write_certificate(self.ca_file, folder / "web-key.pem", *names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, folder / "web-key.pem")
        self._server = _Listener(("127.0.0.1", 0), self._make_handler())
        # the handshake is left to the thread of the connection: a client that refuses holds nobody up
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port: int = self._server.server_address[1]
        self.url = f"https://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self):
                self._serve({})

            def do_POST(self):
                length = int(self.headers["Content-Length"])
                self._serve(
                    dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
                )

            def _serve(self, form):
                parts = urlsplit(self.path)
                host = (self.headers["Host"] or "").partition(":")[0]
                asked = Asked(host, parts.path, dict(parse_qsl(parts.query)), form)
                server.requests.append(asked)
                answer = server._answer(asked)
                self.send_response(answer.status)
                for name, value in (*answer.headers, ("Content-Length", str(len(answer.content)))):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, format, *args):  # noqa: A002 - its name there
                """Nobody reads it."""

        return Handler


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Clients that hang up, or do not trust us, are what is tested."""

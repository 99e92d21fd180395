"""A Radicale process (CalDAV) on a free loopback port, with one user and calendars that a test makes.

What a calendar program does there is done with plain requests (`ask`): nothing in here uses trail's code or the caldav library.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Self

from servers.certificate import write_certificate

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
[server]
hosts = 127.0.0.1:{port}
ssl = {tls}
certificate = {folder}/cert.pem
key = {folder}/key.pem
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {folder}/collections
[logging]
level = warning
"""
MAKE = """<?xml version="1.0"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>
<C:supported-calendar-component-set><C:comp name="{kind}"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>"""


class RadicaleServer:
    """Runs inside its `with` block."""

    user, password = "freja", "sêcret & long"

    def __init__(self, folder: Path, *, tls: bool = False) -> None:
        self._folder = folder
        self._tls = tls
        self.ca_file = folder / "cert.pem"
        write_certificate(self.ca_file, folder / "key.pem", "127.0.0.1")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        (folder / "users").write_text(f"{self.user}:{self.password}\n", encoding="utf-8")
        (folder / "config").write_text(CONFIG.format(port=self.port, folder=folder, tls=tls))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with (self._folder / "log").open("wb") as log:
            command = [sys.executable, "-m", "radicale", "--config", str(self._folder / "config")]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + 120
        while True:
            try:
                self.ask("OPTIONS", "/")
            except OSError:
                assert time.monotonic() < end, (self._folder / "log").read_text()
                assert self._process.poll() is None, (self._folder / "log").read_text()
                time.sleep(0.05)
            else:
                return self

    def __exit__(self, *exc: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(60)

    def url(self, path: str) -> str:
        """The address of a path below the user's own place."""
        return f"http{'s' * self._tls}://127.0.0.1:{self.port}/{self.user}/{path}"

    def make_calendar(self, name: str, kind: str = "VTODO") -> str:
        """Make a calendar; its address."""
        status, text = self.ask("MKCALENDAR", f"/{self.user}/{name}/", MAKE.format(kind=kind))
        assert status == 201, text
        return self.url(f"{name}/")

    def put(self, path: str, text: str) -> None:
        """Put an item into a calendar, as a calendar program does."""
        status, said = self.ask("PUT", f"/{self.user}/{path}", text, "text/calendar")
        assert status in (200, 201, 204), said

    def read(self, path: str) -> str:
        """An item as it lies there; "" where there is none."""
        status, text = self.ask("GET", f"/{self.user}/{path}")
        return text if status == 200 else ""

    def remove(self, path: str) -> None:
        """Take an item away."""
        self.ask("DELETE", f"/{self.user}/{path}")

    def list_items(self, calendar: str) -> dict[str, str]:
        """Every item of a calendar by its name."""
        folder = self._folder / "collections" / "collection-root" / self.user / calendar
        names = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
        return {name: self.read(f"{calendar}/{name}") for name in names}

    def ask(
        self, method: str, path: str, body: str = "", kind: str = "text/xml"
    ) -> tuple[int, str]:
        """One request; status and text of the answer."""
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if self._tls:
            context = ssl.create_default_context(cafile=self.ca_file)
            connection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=60, context=context
            )
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Authorization": f"Basic {login}", "Content-Type": kind}
            connection.request(method, path, body.encode(), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

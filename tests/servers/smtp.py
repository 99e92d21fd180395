"""A real SMTP server (aiosmtpd) on a thread: takes mail for anybody, with TLS, STARTTLS or neither, with a login or without."""

from __future__ import annotations

import asyncio
import ssl
import threading
import warnings
from typing import TYPE_CHECKING, Self

from aiosmtpd.smtp import SMTP, AuthResult

from servers.certificate import write_certificate

if TYPE_CHECKING:
    from pathlib import Path


class MailTaker:
    """`taken` has (sender, recipients, bytes, whether it came encrypted). `refuse` is what it answers instead of taking one."""

    user, password = "mia@studio.example", "smtp secret æ"

    def __init__(self, folder: Path, security: str = "plain", *, login: bool = True) -> None:
        self.security, self._login = security, login
        self.taken: list[tuple[str, list[str], bytes, bool]] = []
        self.logins: list[tuple[str, str]] = []
        self.refuse = ""
        self.ca_file = folder / "smtp-ca.pem"
        write_certificate(self.ca_file, folder / "smtp-key.pem")
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(self.ca_file, folder / "smtp-key.pem")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> None:
        tls = self._context if self.security == "tls" else None
        self._listener = await self._loop.create_server(self._make, "127.0.0.1", 0, ssl=tls)
        self.host, self.port = self._listener.sockets[0].getsockname()[:2]

    async def _close(self) -> None:
        self._listener.close()
        others = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _make(self) -> SMTP:
        starttls = self._context if self.security == "starttls" else None
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # that a login without TLS is not wise, which here it need not be
            return SMTP(
                self, hostname="mail.test", tls_context=starttls, require_starttls=self.security == "starttls",
                authenticator=self._authenticate if self._login else None, auth_required=self._login,
                auth_require_tls=self.security == "starttls", loop=self._loop, timeout=30,
            )  # fmt: skip

    def _authenticate(self, _server, _session, _envelope, _mechanism, data) -> AuthResult:
        shown = (data.login.decode(), data.password.decode())
        self.logins.append(shown)
        return AuthResult(success=shown == (self.user, self.password), handled=False)

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802 - aiosmtpd calls it so
        if self.refuse:
            return self.refuse
        encrypted = session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None  # fmt: skip
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content, encrypted))
        return "250 taken"

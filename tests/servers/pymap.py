"""pymap inside this process, exactly as trail's demo runs it (`trail.demo.server`)."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from servers.plain import PlainMailbox
from trail.demo.server import DemoServer, serve

if TYPE_CHECKING:
    from collections.abc import Iterable


class PymapServer(PlainMailbox):
    """A server of one user on a thread, up in milliseconds.

    It has IDLE, OBJECTID, UIDPLUS, SPECIAL-USE; no TLS, no CONDSTORE.
    """

    def __init__(self, user: str = "me@studio.example", password: str = "secret") -> None:
        self.user = user
        self.password = password
        self._running = ExitStack()

    def __enter__(self) -> Self:
        self._server: DemoServer = self._running.enter_context(
            serve(user=self.user, password=self.password)
        )
        self.port = self._server.port
        return self

    def __exit__(self, *exc: object) -> None:
        self._running.close()

    def fill(self, folder: str, messages: Iterable[bytes]) -> None:
        """Put many messages into a folder, made when missing, UIDs in the order given."""
        self._server.create(folder)
        for content in messages:
            self._server.append(folder, content)

    def set_uidvalidity(self, folder: str, value: int) -> None:
        """Begin a new epoch of the folder; the UIDs stay, as they may."""

        async def change() -> None:
            (await self._server.folders.get_mailbox(folder))._uid_validity = value

        self._server.call(change())

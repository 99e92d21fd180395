"""An IMAP server inside this process, for the demo: pymap's in-memory backend on a thread.

In: messages with their folder, INTERNALDATE and flags. Out: a server on 127.0.0.1 for one user.
It must never listen beyond this machine, look up a name, read the environment, or outlive its
`with` block. What it serves is byte for byte what it was given, and is gone when it stops.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from argparse import Namespace
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import uuid4

from proxyprotocol.sock import SocketInfo
from proxyprotocol.version import ProxyProtocolVersion
from pymap.backend.dict import Config, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet
from pymap.concurrent import Subsystem
from pymap.config import BackendCapability
from pymap.imap import IMAPServer
from pymap.listtree import ListEntry, ListTree
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials.flag import Flag
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence

    from pymap.parsing.specials import ObjectId

    from trail.demo.correspondence import DemoMessage

T = TypeVar("T")

HOST: Final = "127.0.0.1"
USER: Final = "me@studio.example"
PASSWORD: Final = "paper-trail"  # noqa: S105 - of a server on loopback that lives for one command
SPECIAL_USE: Final = {"Sent": b"Sent", "Junk": b"Junk", "Trash": b"Trash", "Drafts": b"Drafts"}
"""Folder to its attribute in LIST, without the backslash (RFC 6154)."""
COMMAND_LIMIT: Final = 2**20
"""Bytes a client may send in one line; asyncio's 64 KiB is too few for long UID lists."""
FIRST_UIDVALIDITY: Final = 20_241_001
"""pymap draws it by chance; the demo keeps it, so that a second run finds its folders again."""


class _SpecialUseEntry(ListEntry):
    """A folder in LIST that shows what it is for (RFC 6154, section 2)."""

    @property
    def attributes(self) -> Sequence[bytes]:
        special = SPECIAL_USE.get(self.name)
        return [*super().attributes, *([special] if special else [])]


class _SpecialUseTree(ListTree):
    def list(self) -> Iterable[ListEntry]:
        for entry in super().list():
            yield _SpecialUseEntry(entry.name, entry.exists, entry.marked, entry.has_children)


class _Folders(MailboxSet):
    """pymap's folders, with special-use attributes and UIDVALIDITYs that are the same every run."""

    def __init__(self) -> None:
        super().__init__()
        self._uidvalidities = count(FIRST_UIDVALIDITY)
        self._number(self._inbox)

    def _number(self, mailbox: MailboxData) -> None:
        mailbox._uid_validity = next(self._uidvalidities)  # noqa: SLF001 - pymap has no other way

    async def list_mailboxes(self) -> ListTree:
        tree = await super().list_mailboxes()
        return _SpecialUseTree(self.delimiter).update(*(e.name for e in tree.list() if e.exists))

    async def add_mailbox(self, name: str) -> ObjectId:
        mailbox_id = await super().add_mailbox(name)
        self._number(await self.get_mailbox(name))
        return mailbox_id

    async def obtain(self, name: str) -> MailboxData:
        """Give the folder of that name, made when there is none."""
        try:
            return await self.get_mailbox(name)
        except KeyError:
            await self.add_mailbox(name)
            return await self.get_mailbox(name)


class _LoopbackConfig(Config):
    """pymap's settings for one user, asking nothing of the machine around it."""

    def __init__(self, user: str, password: str) -> None:
        super().__init__(
            Namespace(),
            host=HOST,
            port=0,
            demo_data=False,
            demo_user=user,
            demo_password=password,
            tls_enabled=False,
            # given, because pymap else looks for CERT_FILE in the environment
            ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
            hash_context=Cleartext(),
            cpu_subsystem=Subsystem.for_asyncio(),
            proxy_protocol=ProxyProtocolVersion.get(None),
            reject_dnsbl=False,
            invalid_user_sleep=0.0,
        )

    @property
    def backend_capability(self) -> BackendCapability:
        custom = [b"SPECIAL-USE"]
        return BackendCapability(idle=True, object_id=True, multi_append=True, custom=custom)

    @property
    def greeting(self) -> bytes:
        return b"trail demo ready"  # pymap's own asks the resolver for this machine's name


class DemoServer:
    """A running server. Its methods may be called from any thread."""

    def __init__(self, user: str, password: str) -> None:
        self.host = HOST
        self.port = 0
        self.user = user
        self.password = password
        self.folders = _Folders()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._connections: set[asyncio.StreamWriter] = set()

    def create(self, folder: str) -> None:
        """Make an empty folder; nothing happens when it is there."""
        self.call(self.folders.obtain(folder))

    def append(
        self,
        folder: str,
        content: bytes,
        *,
        received_at: datetime | None = None,
        flags: Iterable[str] = (),
    ) -> int:
        r"""Put a message into a folder, made when missing, and give its UID.

        `received_at` (aware; None: now) becomes INTERNALDATE; `flags` are IMAP's, such as `\Seen`.
        """
        return self.call(self._append(folder, content, received_at, flags))

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of pymap's on the server's thread and give its result."""
        if self._loop is None:
            coroutine.close()
            raise RuntimeError("the demo server does not run")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def run(self, messages: Iterable[DemoMessage], port: int, ready: Future[None]) -> None:
        """Serve until `stop`; `ready` is done when clients can connect, or carries the error."""
        self._loop = asyncio.get_running_loop()
        try:
            for message in messages:
                await self._append(
                    message.folder, message.content, message.received_at, message.flags
                )
            server = await asyncio.start_server(
                await self._make_callback(), HOST, port, limit=COMMAND_LIMIT
            )
        except Exception as error:  # noqa: BLE001 - raised again where the server was asked for
            self._loop = None
            ready.set_exception(error)
            return
        self.port = server.sockets[0].getsockname()[1]
        ready.set_result(None)
        await self._stopping.wait()
        self._loop = None
        server.close()
        await self._hang_up()
        await server.wait_closed()

    def stop(self) -> None:
        """Let `run` end; may be called more than once."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)

    async def _append(
        self, folder: str, content: bytes, received_at: datetime | None, flags: Iterable[str]
    ) -> int:
        mailbox = await self.folders.obtain(folder)
        when = received_at or datetime.now(UTC)
        kept = frozenset(Flag(flag) for flag in flags)
        return (await mailbox.append(AppendMessage(content, when, kept))).uid

    async def _make_callback(
        self,
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]:
        config = _LoopbackConfig(self.user, self.password)
        login = Login(config)
        await login.demo_user_identity.set(UserMetadata(config, self.user, password=self.password))
        config.set_cache[self.user] = (self.folders, FilterSet())
        serve_client = IMAPServer(login, config)

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # called here and not through pymap's ProxyProtocolReader, which leaves the connection to a task
            # that nobody holds: it may be collected while it waits (seen on Python 3.13)
            self._connections.add(writer)
            try:
                await serve_client(
                    reader, writer, SocketInfo.get(writer, None, unique_id=uuid4().bytes)
                )
            finally:
                self._connections.discard(writer)

        return accept

    async def _hang_up(self) -> None:
        """Say BYE to every client and close its socket, so that nothing is left to warn about."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        writers = tuple(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)  # aborted transports close in the loop's next turn


@contextmanager
def serve(
    messages: Iterable[DemoMessage] = (),
    *,
    port: int = 0,
    user: str = USER,
    password: str = PASSWORD,
) -> Iterator[DemoServer]:
    """Serve these messages on 127.0.0.1 inside the `with` block.

    `port` 0 takes a free one, which the server's `port` tells. Raises OSError when it is taken.
    """
    server = DemoServer(user, password)
    ready: Future[None] = Future()
    thread = threading.Thread(
        target=lambda: asyncio.run(server.run(messages, port, ready)),
        name="trail-demo-server",
        daemon=True,
    )
    thread.start()
    try:
        ready.result()
        yield server
    finally:
        server.stop()
        thread.join()

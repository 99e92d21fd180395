"""A small IMAP4rev1 server on a thread, serving folders from memory, truthful until told not to be.

For faults that no real server makes on command. It keeps the `MailServer` contract, so that the
same suite runs against it as against Dovecot; `faults` switches lies on, `commands` was sent.
"""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Self

from servers import PlainAccess
from servers.scripted_faults import Faults, StoredFolder, StoredMessage
from servers.scripted_session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from servers import Snapshot

CAPABILITIES = (
    "IMAP4rev1",
    "UIDPLUS",
    "SPECIAL-USE",
    "NAMESPACE",
    "UNSELECT",
    "IDLE",
    "LITERAL+",
    "ID",
)
GMAIL = (*CAPABILITIES, "X-GM-EXT-1", "CONDSTORE")
PLAIN = ("IMAP4rev1",)
"""Neither UIDPLUS, SPECIAL-USE, LITERAL+, NAMESPACE, IDLE nor CONDSTORE."""


class ScriptedServer(PlainAccess):
    """The server. `capabilities` is what it says; OBJECTID, CONDSTORE and X-GM-EXT-1 it then really can."""

    host = "127.0.0.1"
    tls_port: int | None = None
    takes_bare_newlines = True

    def __init__(
        self,
        faults: Faults | None = None,
        *,
        capabilities: Iterable[str] = CAPABILITIES,
        user: str = "me@studio.example",
        password: str = "secret",
        separator: str | None = "/",
    ) -> None:
        self.faults = faults or Faults()
        self.capabilities = tuple(capabilities)
        self.user = user
        self.password = password
        self.separator = separator
        self.commands: list[str] = []
        """Every command line received, without its tag, in order."""
        self.connections = 0
        """How many there have been."""
        self.closing = threading.Event()
        self.folders: dict[str, StoredFolder] = {}
        self._epochs = count(1000)
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.create("INBOX")

    def __enter__(self) -> Self:
        self._listening = socket.create_server((self.host, 0))
        self.port: int = self._listening.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(self, *exc: object) -> None:
        self.closing.set()
        # shutdown wakes a thread that waits in accept or recv; close alone does not
        _shut(self._listening)
        for client in list(self._sockets):
            _shut(client)
        for thread in self._threads:
            thread.join(timeout=10)
        self._listening.close()

    def place(self, folder: str) -> str:
        """The name a folder gets here."""
        return folder

    def create(self, folder: str, *attributes: str) -> None:
        r"""Make a folder; `attributes` such as `\All` are shown by LIST."""
        epoch = next(self._epochs)
        self.folders[folder] = StoredFolder(epoch, attributes, mailbox_id=f"M{epoch}")

    def append(
        self,
        folder: str,
        content: bytes,
        *,
        flags: Iterable[str] = (),
        received_at: datetime | None = None,
        labels: Iterable[str] = (),
    ) -> int:
        """Put a message into a folder; its UID. `labels` are Gmail's."""
        kept = self.folders[folder]
        uid, kept.uidnext = kept.uidnext, kept.uidnext + 1
        when = received_at or datetime.now(UTC)
        kept.modseq += 1
        kept.messages[uid] = StoredMessage(
            uid, content, set(flags), when, tuple(labels), kept.modseq
        )
        return uid

    def mark(
        self,
        folder: str,
        uid: int,
        *,
        flags: Iterable[str] | None = None,
        labels: Iterable[str] | None = None,
    ) -> None:
        """Give a message other flags, or other labels, under a new mod-sequence."""
        kept = self.folders[folder]
        kept.modseq += 1
        message = kept.messages[uid]
        message.modseq = kept.modseq
        message.flags = message.flags if flags is None else set(flags)
        message.labels = message.labels if labels is None else tuple(labels)

    def fill(self, folder: str, messages: Iterable[bytes]) -> None:
        """Put many messages into a folder, made when missing, UIDs in the order given."""
        if folder not in self.folders:
            self.create(folder)
        for content in messages:
            self.append(folder, content)

    def expunge(self, folder: str, uid: int) -> None:
        """Take a message away for good."""
        del self.folders[folder].messages[uid]

    def empty(self, folder: str) -> None:
        """Take all messages away."""
        self.folders[folder].messages.clear()

    def set_uidvalidity(self, folder: str, value: int) -> None:
        """Begin a new epoch of the folder; the UIDs stay, as they may."""
        self.folders[folder].uidvalidity = value

    def uidvalidity(self, folder: str) -> int:
        """The folder's present UIDVALIDITY."""
        return self.folders[folder].uidvalidity

    def rename(self, old: str, new: str) -> None:
        """Rename a folder."""
        self.folders[new] = self.folders.pop(old)

    def delete(self, folder: str) -> None:
        """Delete a folder with its messages."""
        del self.folders[folder]

    def snapshot(self) -> Snapshot:
        """Everything there is, as it is in memory."""
        return {
            name: {uid: (m.content, frozenset(m.flags)) for uid, m in folder.messages.items()}
            for name, folder in self.folders.items()
        }

    def count_commands(self, name: str) -> int:
        """How many commands of that name were received, such as "UID FETCH"."""
        return sum(line.upper().startswith(name) for line in self.commands)

    def _start(self, target: Any, *arguments: Any) -> None:
        thread = threading.Thread(
            target=target, args=arguments, name="scripted-server", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._sockets.add(client)
            self._start(self._serve, client, self.connections)

    def _serve(self, client: socket.socket, number: int) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client:
            Session(self, client, number).run()
        self._sockets.discard(client)


def _shut(endpoint: socket.socket) -> None:
    try:
        endpoint.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it was closed already

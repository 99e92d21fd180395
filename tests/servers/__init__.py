"""Mail servers for tests: real ones, and one that lies.

    dovecot.DovecotServer     a Dovecot process: TLS, STARTTLS, 20,000 messages in seconds
    cyrus.CyrusServer         a Cyrus process: dots, all folders below INBOX, shared folders
    courier.CourierServer     Courier's imapd: the same, and no UIDNEXT, CONDSTORE, SPECIAL-USE or LITERAL+
    pymap.PymapServer         pymap inside this process, as the demo ships it
    scripted.ScriptedServer   a small IMAP4rev1 server of ours with faults to switch on
    proxy.Proxy               stands before any of them: cuts, stalls, delays
    oauth.OAuthServer         no mail: gives out tokens that Dovecot takes, with faults to switch on
    web.WebServer             no mail: answers HTTPS as it is told
    dns.DnsServer             no mail: answers DNS as it is told

All that serve mail but the proxy keep the `MailServer` contract below, which `tests/test_servers.py` proves with
plain imaplib. Nothing in here may use trail's IMAP code: the servers are its oracle.
All listen on 127.0.0.1 only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from trail.model import Account

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from typing import Self

Snapshot: TypeAlias = dict[str, dict[int, tuple[bytes, frozenset[str]]]]
"""Folder to UID to (bytes as the server sends them, flags without \\Recent)."""


class PlainAccess:
    """What a server on this machine has that is reached without TLS."""

    host: str
    port: int
    user: str

    def account(self, name: str = "work", **changes: Any) -> Account:
        """An account that reaches this server; `changes` replace its fields."""
        fields: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "security": "plain",
            "user": self.user,
        }
        return Account(name=name, **(fields | changes))


class MailServer(Protocol):
    """One user's mailbox on a running server, seen from the administrator's chair.

    Folder names are plain text with "/" between levels ("Kunder/Nørrebro"), not the wire's.
    """

    host: str
    port: int
    tls_port: int | None
    user: str
    password: str
    takes_bare_newlines: bool

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def account(self, name: str = "work", **changes: Any) -> Account:
        """An account that reaches this server without TLS; `changes` replace its fields."""

    def place(self, folder: str) -> str:
        """The name a folder gets here: below INBOX, where the server has all folders there."""

    def create(self, folder: str) -> None:
        """Make a folder."""

    def append(
        self,
        folder: str,
        content: bytes,
        *,
        flags: Iterable[str] = (),
        received_at: datetime | None = None,
    ) -> int | None:
        """Put a message into a folder; its UID, where the server tells it."""

    def fill(self, folder: str, messages: Iterable[bytes]) -> None:
        """Put many messages into a folder, made when missing, UIDs in the order given."""

    def expunge(self, folder: str, uid: int) -> None:
        """Take a message away for good."""

    def set_uidvalidity(self, folder: str, value: int) -> None:
        """Begin a new epoch of the folder (RFC 9051, section 2.3.1.1)."""

    def uidvalidity(self, folder: str) -> int:
        """The folder's present UIDVALIDITY."""

    def rename(self, old: str, new: str) -> None:
        """Rename a folder."""

    def delete(self, folder: str) -> None:
        """Delete a folder with its messages."""

    def snapshot(self) -> Snapshot:
        """Everything there is, read without changing it."""

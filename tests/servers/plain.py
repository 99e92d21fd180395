"""A mailbox administered with nothing but imaplib: what the real servers share of `MailServer`.

In: host, port, user and password of a running server. It reads with EXAMINE and BODY.PEEK only, so
that a snapshot changes nothing; each call opens a connection of its own and closes it again.
"""

from __future__ import annotations

import base64
import imaplib
import re
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trail.model import Account

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from servers import Snapshot

imaplib._MAXLINE = (
    10_000_000  # a SEARCH or LIST answer of ours may be longer than its caution allows
)


def encode_folder(name: str) -> bytes:
    """A folder's name in modified UTF-7 (RFC 3501, section 5.1.3)."""

    def encode_run(match: re.Match[str]) -> str:
        packed = base64.b64encode(match[0].encode("utf-16-be")).decode().rstrip("=")
        return "&" + packed.replace("/", ",") + "-"

    return re.sub(r"[^\x20-\x7e]+", encode_run, name.replace("&", "&-")).encode()


def decode_folder(wire: bytes) -> str:
    """The name behind modified UTF-7."""

    def decode_run(match: re.Match[str]) -> str:
        packed = match[1].replace(",", "/")
        if not packed:
            return "&"
        return base64.b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-16-be")

    return re.sub(r"&([^-]*)-", decode_run, wire.decode())


def quote_folder(name: str) -> str:
    """A folder's name as an argument of a command: encoded and quoted."""
    return '"' + re.sub(r'(["\\])', r"\\\1", encode_folder(name).decode()) + '"'


def checked(answer: tuple[str, Any]) -> Any:
    """The data of an answer that is OK."""
    kind, data = answer
    if kind != "OK":
        raise AssertionError(f"the server said {kind}: {data!r}")
    return data


class PlainMailbox:
    """One user's mailbox; the server's own class sets `port`, `user` and `password`."""

    host = "127.0.0.1"
    port: int
    tls_port: int | None = None
    user: str
    password: str

    def account(self, name: str = "work", **changes: Any) -> Account:
        """An account that reaches this server without TLS; `changes` replace its fields."""
        fields: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "security": "plain",
            "user": self.user,
        }
        return Account(name=name, **(fields | changes))

    @contextmanager
    def connect(self) -> Iterator[imaplib.IMAP4]:
        """A logged-in imaplib client."""
        with imaplib.IMAP4(self.host, self.port, timeout=60) as client:
            client.login(self.user, self.password)
            yield client

    def create(self, folder: str) -> None:
        """Make a folder."""
        with self.connect() as client:
            checked(client.create(quote_folder(folder)))

    def append(
        self,
        folder: str,
        content: bytes,
        *,
        flags: Iterable[str] = (),
        received_at: datetime | None = None,
    ) -> int | None:
        """Put a message into a folder; its UID, from APPENDUID (RFC 4315)."""
        when = imaplib.Time2Internaldate(received_at or datetime.now(UTC))
        with self.connect() as client:
            # imaplib's own append rewrites line ends, which would spoil what some tests are about
            client.literal = content
            arguments = (quote_folder(folder), f"({' '.join(flags)})", when)
            kind, data = client._simple_command("APPEND", *arguments)
            checked((kind, data))
            match = re.search(rb"\[APPENDUID \d+ (\d+)\]", data[0])
        return int(match[1]) if match else None

    def expunge(self, folder: str, uid: int) -> None:
        """Take a message away for good (UID EXPUNGE, RFC 4315)."""
        with self.connect() as client:
            checked(client.select(quote_folder(folder)))
            checked(client.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)"))
            checked(client.uid("EXPUNGE", str(uid)))

    def uidvalidity(self, folder: str) -> int:
        """The folder's present UIDVALIDITY."""
        with self.connect() as client:
            (answer,) = checked(client.status(quote_folder(folder), "(UIDVALIDITY)"))
        return int(re.search(rb"UIDVALIDITY (\d+)", answer)[1])

    def rename(self, old: str, new: str) -> None:
        """Rename a folder."""
        with self.connect() as client:
            checked(client.rename(quote_folder(old), quote_folder(new)))

    def delete(self, folder: str) -> None:
        """Delete a folder with its messages."""
        with self.connect() as client:
            checked(client.delete(quote_folder(folder)))

    def folders(self) -> list[str]:
        """The names of all folders that can be opened."""
        with self.connect() as client:
            return list(_iter_folders(client))

    def snapshot(self) -> Snapshot:
        """Everything there is, read without changing it."""
        with self.connect() as client:
            return {folder: _read_folder(client, folder) for folder in _iter_folders(client)}


def _iter_folders(client: imaplib.IMAP4) -> Iterator[str]:
    for line in checked(client.list()):
        if line is None:
            continue
        # a name with a quote in it comes as a literal: (head, name)
        head, literal = line if isinstance(line, tuple) else (line, None)
        attributes, rest = re.match(rb'\(([^)]*)\) (?:"[^"]*"|NIL) (.*)', head).groups()
        if rb"\noselect" in attributes.lower():
            continue
        name = literal if literal is not None else rest
        if literal is None and name.startswith(b'"'):
            name = re.sub(rb"\\(.)", rb"\1", name[1:-1])
        yield decode_folder(name)


def _read_folder(client: imaplib.IMAP4, folder: str) -> dict[int, tuple[bytes, frozenset[str]]]:
    (exists,) = checked(client.select(quote_folder(folder), readonly=True))
    found: dict[int, tuple[bytes, frozenset[str]]] = {}
    if int(exists) == 0:
        return found
    for part in checked(client.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[])")):
        if not isinstance(part, tuple):
            continue
        head, content = part
        uid = int(re.search(rb"UID (\d+)", head)[1])
        flags = re.search(rb"FLAGS \(([^)]*)\)", head)[1].decode().split()
        found[uid] = (content, frozenset(flags) - {r"\Recent"})
    return found

"""A mailbox administered with nothing but imaplib: what the real servers share of `MailServer`.

In: host, port, user and password of a running server. It reads with EXAMINE and BODY.PEEK only, so
that a snapshot changes nothing; each call opens a connection of its own and closes it again.
"""

from __future__ import annotations

import base64
import imaplib
import re
import socket
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from servers import PlainAccess

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


def answers(port: int, banner: bytes) -> bool:
    """Whether a server greets on that port of this machine."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            return client.recv(len(banner)) == banner
    except OSError:
        return False


class PlainMailbox(PlainAccess):
    """One user's mailbox; the server's own class sets `port`, `user` and `password`."""

    host = "127.0.0.1"
    port: int
    tls_port: int | None = None
    user: str
    password: str
    separator = "/"
    """Between the levels of a folder's name on the wire; elsewhere in here it is always `/`."""
    prefix = ""
    """What the names of all folders but INBOX begin with, such as `INBOX/`."""
    refused_in_names = ""
    """Characters no folder's name may have."""
    takes_bare_newlines = True
    """Whether APPEND takes a message whose lines end in LF alone."""

    def place(self, folder: str) -> str:
        """The name a folder gets here: below INBOX, where the server has all folders there."""
        return folder if folder == "INBOX" else self.prefix + folder

    def spell(self, folder: str) -> bytes:
        """A folder's name on the wire."""
        return encode_folder(folder.replace("/", self.separator))

    def quote(self, folder: str) -> str:
        """A folder's name as an argument of a command."""
        return quote_folder(folder.replace("/", self.separator))

    @contextmanager
    def connect(self) -> Iterator[imaplib.IMAP4]:
        """A logged-in imaplib client."""
        with imaplib.IMAP4(self.host, self.port, timeout=60) as client:
            client.login(self.user, self.password)
            yield client

    def create(self, folder: str) -> None:
        """Make a folder."""
        with self.connect() as client:
            checked(client.create(self.quote(folder)))

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
            return _append(client, self.quote(folder), content, f"({' '.join(flags)})", when)

    def append_all(self, folder: str, messages: Iterable[bytes]) -> None:
        """Put many messages into a folder over one connection."""
        when = imaplib.Time2Internaldate(datetime.now(UTC))
        with self.connect() as client:
            for content in messages:
                _append(client, self.quote(folder), content, "()", when)

    def expunge(self, folder: str, uid: int) -> None:
        """Take a message away for good (UID EXPUNGE, RFC 4315)."""
        with self.connect() as client:
            checked(client.select(self.quote(folder)))
            checked(client.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)"))
            checked(client.uid("EXPUNGE", str(uid)))

    def uidvalidity(self, folder: str) -> int:
        """The folder's present UIDVALIDITY."""
        with self.connect() as client:
            (answer,) = checked(client.status(self.quote(folder), "(UIDVALIDITY)"))
        return int(re.search(rb"UIDVALIDITY (\d+)", answer)[1])

    def rename(self, old: str, new: str) -> None:
        """Rename a folder."""
        with self.connect() as client:
            checked(client.rename(self.quote(old), self.quote(new)))

    def delete(self, folder: str) -> None:
        """Delete a folder with its messages."""
        with self.connect() as client:
            checked(client.delete(self.quote(folder)))

    def folders(self) -> list[str]:
        """The names of all folders that can be opened."""
        with self.connect() as client:
            return list(_iter_folders(client, self.separator))

    def snapshot(self) -> Snapshot:
        """Everything there is, read without changing it."""
        with self.connect() as client:
            return {
                folder: _read_folder(client, self.quote(folder))
                for folder in list(_iter_folders(client, self.separator))
            }


def _append(
    client: imaplib.IMAP4, quoted: str, content: bytes, flags: str, when: str
) -> int | None:
    # imaplib's own append rewrites line ends, which would spoil what some tests are about
    client.literal = content
    kind, data = client._simple_command("APPEND", quoted, flags, when)
    checked((kind, data))
    match = re.search(rb"\[APPENDUID \d+ (\d+)\]", data[0])
    return int(match[1]) if match else None


def _iter_folders(client: imaplib.IMAP4, separator: str) -> Iterator[str]:
    for line in checked(client.list()):
        if line is None:
            continue
        # a name with a quote in it comes as a literal: (head, name)
        head, literal = line if isinstance(line, tuple) else (line, None)
        attributes, rest = re.match(rb'\(([^)]*)\) (?:"[^"]*"|NIL) (.*)', head).groups()
        if {b"\\noselect", b"\\nonexistent"} & set(attributes.lower().split()):
            continue
        name = literal if literal is not None else rest
        if literal is None and name.startswith(b'"'):
            name = re.sub(rb"\\(.)", rb"\1", name[1:-1])
        yield decode_folder(name).replace(separator, "/")


def _read_folder(client: imaplib.IMAP4, quoted: str) -> dict[int, tuple[bytes, frozenset[str]]]:
    (exists,) = checked(client.select(quoted, readonly=True))
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

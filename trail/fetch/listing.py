"""All folders and how each stands, in one round trip where the server can: LIST-STATUS (RFC 5819).

Comes in: a connection. Goes out: what LIST says, and STATUS by the folder's raw name for those it was told of.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trail.fetch.wire import Chunk

_NAME = re.compile(rb'(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<atom>[^\s()"{]+)|(?P<literal>\{\d+\}$))')
_ITEMS = re.compile(rb" \(((?:[^()]|\([^()]*\))*)\)$")
_ITEM = re.compile(rb"([A-Za-z.-]+) (?:(\d{1,20})(?= |$)|\(([^()]*)\)|\S+)")

Listed = tuple[Any, Any, Any]
"""Attributes, delimiter, raw name: as IMAPClient gives them."""
Status = dict[str, Any]
"""Upper-case item name -> number; of MAILBOXID the bytes in parentheses, or these in a tuple."""


def name_status_items(client: Any) -> tuple[str, ...]:
    """What is asked of a folder; where the server has them, HIGHESTMODSEQ (RFC 7162) and MAILBOXID (RFC 8474).

    Cyrus 3.6 answers STATUS with a MAILBOXID from memory it has freed, which may hold a parenthesis or the end of
    a line. EXAMINE tells the true one.
    """
    items = ["MESSAGES", "UIDNEXT", "UIDVALIDITY"]
    if client.has_capability("CONDSTORE"):
        items.append("HIGHESTMODSEQ")
    if client.has_capability("OBJECTID") and b"Cyrus IMAP" not in (client.welcome or b""):
        items.append("MAILBOXID")
    return tuple(items)


def list_folders(client: Any) -> tuple[list[Listed], dict[bytes, Status]]:
    """Everything LIST shows, and how folders stand; what is not told has to be asked for. Raises IMAPClientError."""
    if client.has_capability("LIST-STATUS"):
        try:
            return _list_with_status(client)
        except IMAPClientAbortError:
            raise
        except (IMAPClientError, ValueError):  # announced, and not done: the plain way always works
            pass
    return client.list_folders(), {}


def ask_status(client: Any, name: str) -> Status:
    """STATUS of one folder, by the name that goes over the wire. Raises IMAPClientError."""
    answer = client.folder_status(name, name_status_items(client))
    return {key.decode("ascii").upper(): value for key, value in answer.items()}


def _list_with_status(client: Any) -> tuple[list[Listed], dict[bytes, Status]]:
    uses = "SPECIAL-USE " if client.has_capability("SPECIAL-USE") else ""
    what = f"({uses}STATUS ({' '.join(name_status_items(client))}))"
    imap = client._imap  # noqa: SLF001 - IMAPClient has no extended LIST
    kind, answer = imap._simple_command("LIST", '""', '"*"', "RETURN", what)  # noqa: SLF001 - as above
    if kind != "OK":
        raise IMAPClientError(f"list failed: {answer[-1]!r}")
    _, statuses = imap._untagged_response(kind, answer, "STATUS")  # noqa: SLF001 - as above
    _, folders = imap._untagged_response(kind, answer, "LIST")  # noqa: SLF001 - as above
    listed: list[Listed] = client._proc_folder_list(folders)  # noqa: SLF001 - as above
    return listed, dict(read_statuses(statuses))


def read_statuses(data: Sequence[bytes | Chunk | None]) -> Iterator[tuple[bytes, Status]]:
    """The STATUS responses imaplib collected, those that follow the grammar (RFC 9051, section 7.3.4)."""
    name: bytes | None = None
    for chunk in data:
        if isinstance(chunk, tuple):
            name = chunk[1]
            continue
        text = chunk or b""
        if name is None:
            match = _NAME.match(text)
            if match is None or match["literal"]:
                continue
            quoted = match["quoted"]
            name = match["atom"] if quoted is None else re.sub(rb"\\(.)", rb"\1", quoted)
            text = text[match.end() :]
        if items := _ITEMS.match(text):
            found = ((m[1], m[2], m[3]) for m in _ITEM.finditer(items[1]))
            yield (
                name,
                {
                    key.decode("ascii").upper(): int(number) if number else text
                    for key, number, text in found
                    if number or text
                },
            )
        name = None

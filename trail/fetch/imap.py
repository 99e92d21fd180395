"""A mail server through IMAPClient: read only, every call with a timeout, every answer checked.

Comes in: an account and its password. Goes out: folders, UIDs, header blocks, messages as the server sent them.
It never selects a folder for writing (EXAMINE only), never sets a flag (BODY.PEEK only), and never logs a secret.
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Any

from trail.errors import LoginRejected
from trail.fetch.answers import (
    read_flags,
    read_labels,
    read_mailboxid,
    read_modseq,
    read_received_at,
)
from trail.fetch.asking import Asking
from trail.fetch.bodies import Bodies
from trail.fetch.connection import connect, log_in
from trail.fetch.exchange import Exchange
from trail.fetch.folder_names import decode_folder, spell, to_text
from trail.fetch.listing import ask_status, list_folders
from trail.fetch.marks import name_items, read_marks, tells_marks
from trail.fetch.refusals import failing, one_line, refuse_to_press, refusing, translating
from trail.fetch.source import FolderState, FolderUnavailable, RawHeader, RemoteFolder
from trail.fetch.wire import read_internaldate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from trail.fetch.listing import Status
    from trail.fetch.marks import Marks
    from trail.fetch.sasl import AccessToken
    from trail.fetch.source import Fetched, Spool
    from trail.model import Account

SEARCH_WINDOW = 50_000
"""Messages a SEARCH asks for at once: imaplib refuses answer lines over a million bytes."""


class ImapSource:
    """A logged-in connection that keeps the contract of `trail.fetch.source.Source`."""

    def __init__(self, account: Account, secret: str | AccessToken) -> None:
        self._account = account
        self._folder: RemoteFolder | None = None
        self._statuses: dict[bytes, Status] = {}
        self._state = FolderState(0, None, 0)
        # a server that is busy may say BYE instead of a greeting
        with failing(account, "takes no connection just now"), translating(account):
            self._client = connect(account)
        try:
            log_in(self._client, account, secret)
            self._is_gmail = bool(self._client.has_capability("X-GM-EXT-1"))
            self._has_condstore = bool(self._client.has_capability("CONDSTORE"))
            self._client._imap._encoding = "latin-1"  # noqa: SLF001 - raw 8-bit folder names pass through unchanged
            self._exchange = Exchange(self._client._imap)  # noqa: SLF001 - the seam that `_create_IMAP4` opens
            self._asking = Asking(account, self._exchange)
        except LoginRejected:
            self.close()
            raise
        except BaseException:
            self.abort()  # no farewell, for which a server that is silent would be waited on
            self.close()
            raise

    @property
    def is_gmail(self) -> bool:
        """Whether the server speaks Gmail's extensions."""
        return self._is_gmail

    @property
    def client(self) -> Any:
        """The IMAPClient underneath, for `trail.fetch.idle`."""
        return self._client

    def list_folders(self) -> list[RemoteFolder]:
        """All folders (LIST, RFC 9051, section 6.3.9)."""
        with translating(self._account), failing(self._account, "does not list its folders"):
            folders = []
            listed, self._statuses = list_folders(self._client)
            for attributes, delimiter, raw in listed:
                name = raw if isinstance(raw, bytes) else str(raw).encode()
                folders.append(
                    RemoteFolder(
                        decode_folder(name, delimiter),
                        name,
                        frozenset(to_text(a).lower() for a in attributes),
                    )
                )
            return folders

    def read_status(self, folder: RemoteFolder) -> FolderState:
        """STATUS, without opening the folder; what LIST told just now counts once. Raises FolderUnavailable."""
        told = self._statuses.pop(folder.raw, {})
        with translating(self._account), refusing(folder):
            if not {"MESSAGES", "UIDVALIDITY"} <= told.keys():
                told = ask_status(self._client, spell(folder))
            uidnext = told.get("UIDNEXT")
            return FolderState(
                int(told["UIDVALIDITY"]),
                None if uidnext is None else int(uidnext),
                int(told["MESSAGES"]),
                mailboxid=read_mailboxid(told.get("MAILBOXID")),
                modseq=read_modseq(told.get("HIGHESTMODSEQ")),
            )

    def examine(self, folder: RemoteFolder) -> FolderState:
        """EXAMINE. Raises FolderUnavailable, also where the server gives no UIDVALIDITY, without which no UID means anything."""
        with translating(self._account), refusing(folder):
            answer = self._client.select_folder(spell(folder), readonly=True)
            if not answer.get(b"UIDVALIDITY"):
                raise FolderUnavailable(f"{folder.name}: the server gives no UIDVALIDITY")
            uidnext = answer.get(b"UIDNEXT")
            self._folder = folder
            self._state = FolderState(
                int(answer[b"UIDVALIDITY"]),
                None if uidnext is None else int(uidnext),
                int(answer.get(b"EXISTS", 0)),
                mailboxid=read_mailboxid(answer.get(b"MAILBOXID")),
                modseq=read_modseq(answer.get(b"HIGHESTMODSEQ")) if self._has_condstore else None,
            )
            return self._state

    def list_uids(self) -> list[int]:
        """UID SEARCH ALL, in windows of sequence numbers where the folder is large.

        The last window first: what is expunged meanwhile moves messages down, into a window still to come.
        """
        assert self._folder is not None
        with translating(self._account), refusing(self._folder):
            exists = self._state.exists
            if (
                exists == 0
            ):  # 1:0 is no sequence set, and some servers say NO to a search in an empty folder
                return []
            if exists <= SEARCH_WINDOW:
                return sorted(set(self._client.search("ALL")))
            uids: set[int] = set()
            for start in reversed(range(1, exists + 1, SEARCH_WINDOW)):
                last = start + SEARCH_WINDOW - 1
                uids.update(self._client.search([f"{start}:{last if last < exists else '*'}"]))
            return sorted(uids)

    def fetch_sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """RFC822.SIZE."""
        answers = self._asking.fetch(uids, "(UID RFC822.SIZE)")
        return {
            uid: item["RFC822.SIZE"]
            for uid, item in answers.items()
            if isinstance(item.get("RFC822.SIZE"), int)
        }

    def fetch_stamps(self, uids: Sequence[int]) -> dict[int, tuple[int, datetime | None]]:
        """RFC822.SIZE and INTERNALDATE."""
        answers = self._asking.fetch(uids, "(UID RFC822.SIZE INTERNALDATE)")
        return {
            uid: (item["RFC822.SIZE"], read_internaldate(item.get("INTERNALDATE")))
            for uid, item in answers.items()
            if isinstance(item.get("RFC822.SIZE"), int)
        }

    def fetch_headers(self, uids: Sequence[int]) -> tuple[list[RawHeader], dict[int, str]]:
        """BODY.PEEK[HEADER] with size, date and flags."""
        headers: list[RawHeader] = []
        failures: dict[int, str] = {}
        items = f"(UID RFC822.SIZE INTERNALDATE FLAGS {self._label_item}BODY.PEEK[HEADER])"
        for uid, item, reason in self._asking.fetch_each(uids, items, "BODY[HEADER]"):
            if item is None:
                failures[uid] = reason
                continue
            size = item.get("RFC822.SIZE")
            if size and not item["BODY[HEADER]"]:  # by it, anybody's mail would look like nobody's
                failures[uid] = "the server sent an empty header for it"
                continue
            headers.append(
                RawHeader(
                    uid,
                    item["BODY[HEADER]"],
                    size if isinstance(size, int) else 0,
                    read_received_at(item),
                    read_flags(item),
                    read_labels(item),
                )
            )
        return headers, failures

    def fetch_batches(
        self,
        batches: Iterator[Sequence[int]],
        sizes: dict[int, int],
        spool: Callable[[], Spool],
        *,
        ahead: int,
    ) -> Iterator[Fetched]:
        """BODY.PEEK[]. A length other than RFC822.SIZE is asked for again alone; what comes twice alike is believed."""
        assert self._folder is not None
        return Bodies(
            self._account,
            self._folder.name,
            self._state.uidvalidity,
            f"(UID INTERNALDATE FLAGS {self._label_item}BODY.PEEK[])",
            sizes,
            spool,
            self._exchange,
            self._asking,
            self.abort,
        ).fetch(batches, ahead=ahead)

    def fetch_marks(self, uid_set: str, since: int | None = None) -> dict[int, Marks]:
        """FLAGS, and X-GM-LABELS, X-GM-MSGID and X-GM-THRID. Raises FolderUnavailable where the server refuses."""
        with translating(self._account):
            tag = self._exchange.send_set(uid_set, name_items(since, gmail=self._is_gmail))
            refusal = self._exchange.receive(tag)
        answers = self._exchange.take(list(self._exchange.answers))
        if refusal is not None:
            refuse_to_press(self._account, refusal)
            assert self._folder is not None
            raise FolderUnavailable(
                f"{self._folder.name}: the server does not tell flags and labels ({one_line(refusal)}); the next round asks again"
            )
        return {
            uid: read_marks(item, read_flags(item), read_labels(item))
            for uid, item in answers.items()
            if tells_marks(item, gmail=self._is_gmail)
        }

    def close(self) -> None:
        """LOGOUT, or drop the line."""
        with contextlib.suppress(Exception):
            self._client.logout()
            return
        with contextlib.suppress(Exception):
            self._client.shutdown()

    def abort(self) -> None:
        """Cut the line, from whatever thread."""
        with contextlib.suppress(Exception):
            # an SSLSocket's own shutdown also forgets that it was TLS, which whoever is just reading from it takes badly
            socket.socket.shutdown(self._client.socket(), socket.SHUT_RDWR)

    @property
    def _label_item(self) -> str:
        return "X-GM-LABELS " if self._is_gmail else ""


def check_login(account: Account, secret: str | AccessToken) -> list[str]:
    """Log in, and return the names of the folders. Raises LoginRejected, ServerUnreachable."""
    source = ImapSource(account, secret)
    try:
        return [folder.name for folder in source.list_folders()]
    finally:
        source.close()

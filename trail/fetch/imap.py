"""A mail server through IMAPClient: read only, every call with a timeout, every answer checked.

Comes in: an account and its password. Goes out: folders, UIDs, header blocks, messages as the server sent them.
It never selects a folder for writing (EXAMINE only), never sets a flag (BODY.PEEK only), and never logs a secret.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import imapclient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError
from imapclient.imap_utf7 import decode as decode_utf7

from trail.errors import ConfigError, LoginRejected, ServerUnreachable
from trail.fetch.exchange import Exchange
from trail.fetch.listing import list_folders, name_status_items
from trail.fetch.marks import name_items, read_marks, tells_marks
from trail.fetch.sasl import AccessToken, BearerLogin, choose_mechanism
from trail.fetch.source import (
    Fetched,
    FolderState,
    FolderUnavailable,
    RawHeader,
    RemoteFolder,
    ServerBusy,
)
from trail.fetch.wire import read_internaldate
from trail.model import RawMessage, RemoteRef, Spooled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trail.fetch.listing import Status
    from trail.fetch.marks import Marks
    from trail.fetch.source import Spool
    from trail.fetch.wire import Item
    from trail.model import Account

CONNECT_TIMEOUT = 20.0
_OBJECTID = re.compile(r"[A-Za-z0-9_-]{1,255}")
"""RFC 8474, section 7."""
SEARCH_WINDOW = 50_000
"""Messages a SEARCH asks for at once: imaplib refuses answer lines over a million bytes."""
_THROTTLED = ("[UNAVAILABLE]", "[LIMIT]", "[OVERQUOTA]", "[INUSE]", "TOO MANY", "THROTTL")
# at a login also what would be about the message at a fetch (RFC 5530)
_TEMPORARY = (*_THROTTLED, "[SERVERBUG]", "[CONTACTADMIN]", "TEMPORAR", "TRY AGAIN")


class ImapSource:
    """A logged-in connection that keeps the contract of `trail.fetch.source.Source`."""

    def __init__(self, account: Account, secret: str | AccessToken) -> None:
        self._account = account
        self._folder: RemoteFolder | None = None
        self._statuses: dict[bytes, Status] = {}
        self._state = FolderState(0, None, 0)
        # a server that is busy may say BYE instead of a greeting
        with _failing(account, "takes no connection just now"), _translating(account):
            self._client = _connect(account)
        try:
            self._log_in(secret)
            self._is_gmail = bool(self._client.has_capability("X-GM-EXT-1"))
            self._has_condstore = bool(self._client.has_capability("CONDSTORE"))
            self._client._imap._encoding = "latin-1"  # noqa: SLF001 - raw 8-bit folder names pass through unchanged
            self._exchange = Exchange(self._client._imap)  # noqa: SLF001 - the seam that `_create_IMAP4` opens
        except LoginRejected:
            self.close()
            raise
        except BaseException:
            self.abort()  # no farewell, for which a server that is silent would be waited on
            self.close()
            raise

    def _log_in(self, secret: str | AccessToken) -> None:
        account = self._account
        with _translating(account):
            if isinstance(secret, AccessToken):
                self._show_token(secret)
                return
            password = secret
            if self._client.has_capability("LOGINDISABLED"):
                raise LoginRejected(
                    f'account "{account.name}": {account.host} takes no password on this connection',
                    'set security = "tls" (or "starttls") for the account',
                )
            with _refusing_login(
                account, "check user and password; some providers ask for an app password"
            ):
                if (account.user + password).isascii():
                    self._client.login(account.user, password)
                else:  # LOGIN knows ASCII only; PLAIN is UTF-8 (RFC 4616)
                    self._client.plain_login(account.user, password)

    def _show_token(self, token: AccessToken) -> None:
        """AUTHENTICATE with what the server has of OAUTHBEARER and XOAUTH2."""
        account = self._account
        mechanism = choose_mechanism(self._client.capabilities())
        if mechanism is None:
            raise LoginRejected(
                f'account "{account.name}": {account.host} takes no OAuth2 on this connection',
                'set security = "tls" for the account; or the server wants a password: take auth and the oauth_ keys out',
            )
        login = BearerLogin(mechanism, account.user, token)
        with _refusing_login(
            account, f"sign in again as {account.user}: trail login {account.name}", login
        ):
            self._client.sasl_login(mechanism, login)

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
        with _translating(self._account), _failing(self._account, "does not list its folders"):
            folders = []
            listed, self._statuses = list_folders(self._client)
            for attributes, delimiter, raw in listed:
                name = raw if isinstance(raw, bytes) else str(raw).encode()
                folders.append(
                    RemoteFolder(
                        _decode_folder(name, delimiter),
                        name,
                        frozenset(_text(a).lower() for a in attributes),
                    )
                )
            return folders

    def read_status(self, folder: RemoteFolder) -> FolderState:
        """STATUS, without opening the folder; what LIST told just now counts once. Raises FolderUnavailable."""
        told = self._statuses.pop(folder.raw, {})
        if {"MESSAGES", "UIDVALIDITY"} <= told.keys():
            return FolderState(
                told["UIDVALIDITY"],
                told.get("UIDNEXT"),
                told["MESSAGES"],
                mailboxid=_mailboxid(told.get("MAILBOXID")),
                modseq=told.get("HIGHESTMODSEQ") or None,
            )
        with _translating(self._account), _refusing(folder):
            answer = self._client.folder_status(_spell(folder), name_status_items(self._client))
            uidnext = answer.get(b"UIDNEXT")
            return FolderState(
                int(answer[b"UIDVALIDITY"]),
                None if uidnext is None else int(uidnext),
                int(answer[b"MESSAGES"]),
                mailboxid=_mailboxid(answer.get(b"MAILBOXID")),
                modseq=_modseq(answer),
            )

    def examine(self, folder: RemoteFolder) -> FolderState:
        """EXAMINE. Raises FolderUnavailable, also where the server gives no UIDVALIDITY, without which no UID means anything."""
        with _translating(self._account), _refusing(folder):
            answer = self._client.select_folder(_spell(folder), readonly=True)
            if not answer.get(b"UIDVALIDITY"):
                raise FolderUnavailable(f"{folder.name}: the server gives no UIDVALIDITY")
            uidnext = answer.get(b"UIDNEXT")
            self._folder = folder
            self._state = FolderState(
                int(answer[b"UIDVALIDITY"]),
                None if uidnext is None else int(uidnext),
                int(answer.get(b"EXISTS", 0)),
                mailboxid=_mailboxid(answer.get(b"MAILBOXID")),
                modseq=_modseq(answer) if self._has_condstore else None,
            )
            return self._state

    def list_uids(self) -> list[int]:
        """UID SEARCH ALL, in windows of sequence numbers where the folder is large.

        The last window first: what is expunged meanwhile moves messages down, into a window still to come.
        """
        assert self._folder is not None
        with _translating(self._account), _refusing(self._folder):
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
        answers = self._fetch(uids, "(UID RFC822.SIZE)")
        return {
            uid: item["RFC822.SIZE"]
            for uid, item in answers.items()
            if isinstance(item.get("RFC822.SIZE"), int)
        }

    def fetch_stamps(self, uids: Sequence[int]) -> dict[int, tuple[int, datetime | None]]:
        """RFC822.SIZE and INTERNALDATE."""
        answers = self._fetch(uids, "(UID RFC822.SIZE INTERNALDATE)")
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
        for uid, item, reason in self._fetch_each(uids, items, "BODY[HEADER]"):
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
                    _received_at(item),
                    _flags(item),
                    _labels(item),
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
        items = f"(UID INTERNALDATE FLAGS {self._label_item}BODY.PEEK[])"
        coming: deque[tuple[Sequence[int], bytes]] = deque()
        here: deque[tuple[Sequence[int], dict[int, Item], str]] = deque()
        try:
            while True:
                with _translating(self._account):
                    while len(here) + len(coming) <= ahead and (batch := next(batches, None)):
                        coming.append((batch, self._exchange.send(batch, items)))
                    if not here and coming:
                        here.append(self._receive(coming, spool))
                    if not here:
                        return
                    uids, answers, refusal = here.popleft()
                    if refusal or any(not _is_whole(answers.get(u), sizes.get(u)) for u in uids):
                        # asked for again, alone: nothing else may be on its way meanwhile
                        while coming:
                            here.append(self._receive(coming, spool))
                yield self._mend(uids, answers, refusal, items, sizes, spool)
        finally:
            if coming:  # nobody reads what is on its way
                self.abort()

    def _receive(
        self, coming: deque[tuple[Sequence[int], bytes]], spool: Callable[[], Spool]
    ) -> tuple[Sequence[int], dict[int, Item], str]:
        uids, tag = coming[0]
        refusal = self._exchange.receive(tag, spool)
        coming.popleft()
        answers = self._exchange.take(uids)
        self._exchange.forget({uid for batch, _ in coming for uid in batch})
        return uids, answers, refusal or ""

    def _mend(
        self,
        uids: Sequence[int],
        answers: dict[int, Item],
        refusal: str,
        items: str,
        sizes: dict[int, int],
        spool: Callable[[], Spool],
    ) -> Fetched:
        """Make the best of what a batch brought: what is missing or of another size is asked for again."""
        assert self._folder is not None
        if refusal:
            answers = answers | self._fetch_halves(uids, items, refusal, spool)
        messages: list[RawMessage] = []
        failures: dict[int, str] = {}
        notes: dict[int, str] = {}
        where = (self._account.name, self._folder.name, self._state.uidvalidity)
        for uid in uids:
            item = answers.pop(uid, None)
            if item is None or not isinstance(item.get("BODY[]"), bytes | Spooled):
                item, reason = self._fetch_alone(uid, items, "BODY[]", spool)
                if item is None:
                    failures[uid] = reason
                    continue
            content: bytes | Spooled = item["BODY[]"]
            size = _size_of(content)
            announced = sizes.get(uid, size)
            if size != announced:
                again = self._fetch([uid], items, spool).get(uid, {}).get("BODY[]")
                if not _are_alike(again, content):
                    failures[uid] = (
                        f"the server announced {announced} bytes, sent {size}, and something else when asked again"
                    )
                    continue
                if not size:  # no server has a message of nothing; one that is believed is never asked for again
                    failures[uid] = f"the server announced {announced} bytes and sent none, twice"
                    continue
                notes[uid] = f"the server announced {announced} bytes and sent {size}, twice"
            messages.append(
                RawMessage(
                    RemoteRef(*where, uid), content, _received_at(item), _flags(item), _labels(item)
                )
            )
        return Fetched(tuple(messages), failures, notes)

    def fetch_marks(self, uid_set: str, since: int | None = None) -> dict[int, Marks]:
        """FLAGS, and X-GM-LABELS, X-GM-MSGID and X-GM-THRID. Raises FolderUnavailable where the server refuses."""
        with _translating(self._account):
            tag = self._exchange.send_set(uid_set, name_items(since, gmail=self._is_gmail))
            refusal = self._exchange.receive(tag)
        answers = self._exchange.take(list(self._exchange.answers))
        if refusal is not None:
            _refuse_to_press(self._account, refusal)
            assert self._folder is not None
            raise FolderUnavailable(
                f"{self._folder.name}: the server does not tell flags and labels ({_one_line(refusal)}); the next round asks again"
            )
        return {
            uid: read_marks(item, _flags(item), _labels(item))
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
            self._client.socket().shutdown(socket.SHUT_RDWR)

    @property
    def _label_item(self) -> str:
        return "X-GM-LABELS " if self._is_gmail else ""

    def _fetch_each(
        self, uids: Sequence[int], items: str, wanted: str
    ) -> Iterator[tuple[int, Item | None, str]]:
        """Each UID with its item, or None and why. What a batch does not bring is asked for alone once more."""
        answers = self._fetch(uids, items)
        for uid in uids:
            item = answers.pop(uid, None)
            reason = ""
            if item is None or not isinstance(item.get(wanted), bytes):
                item, reason = self._fetch_alone(uid, items, wanted)
            yield uid, item, reason

    def _fetch_alone(
        self, uid: int, items: str, wanted: str, spool: Callable[[], Spool] | None = None
    ) -> tuple[Item | None, str]:
        answers, refusal = self._ask([uid], items, spool)
        if refusal:
            _refuse_to_press(self._account, refusal)
            return None, f"the server refused it: {_one_line(refusal)}"
        item = answers.get(uid)
        if item is not None and isinstance(item.get(wanted), bytes | Spooled):
            return item, ""
        if self._exchange.unreadable:
            return None, "the server's answer could not be read"
        return (
            None,
            "the server did not send it" if item is None else "the server sent no content for it",
        )

    def _fetch(
        self, uids: Sequence[int], items: str, spool: Callable[[], Spool] | None = None
    ) -> dict[int, Item]:
        """UID FETCH of a set; where the server says NO to a set it is halved until the culprit stands alone."""
        if not uids:
            return {}
        uids = sorted(uids)
        answers, refusal = self._ask(uids, items, spool)
        if refusal:
            answers |= self._fetch_halves(uids, items, refusal, spool)
        return answers

    def _fetch_halves(
        self, uids: Sequence[int], items: str, refusal: str, spool: Callable[[], Spool] | None
    ) -> dict[int, Item]:
        _refuse_to_press(self._account, refusal)
        if len(uids) == 1:
            return {}
        half = len(uids) // 2
        return self._fetch(uids[:half], items, spool) | self._fetch(uids[half:], items, spool)

    def _ask(
        self, uids: Sequence[int], items: str, spool: Callable[[], Spool] | None = None
    ) -> tuple[dict[int, Item], str]:
        """One command and its answer, with nothing else under way."""
        with _translating(self._account):
            refusal = self._exchange.receive(self._exchange.send(uids, items), spool)
        answers = self._exchange.take(uids)
        self._exchange.forget()
        return answers, refusal or ""


def check_login(account: Account, secret: str | AccessToken) -> list[str]:
    """Log in, and return the names of the folders. Raises LoginRejected, ServerUnreachable."""
    source = ImapSource(account, secret)
    try:
        return [folder.name for folder in source.list_folders()]
    finally:
        source.close()


def _connect(account: Account) -> Any:
    context = None if account.security == "plain" else _trust(account)
    timeout = imapclient.SocketTimeout(
        connect=min(CONNECT_TIMEOUT, account.timeout), read=account.timeout
    )
    client = imapclient.IMAPClient(
        account.host,
        account.port,
        ssl=account.security == "tls",
        ssl_context=context,
        timeout=timeout,
    )
    client._imap.debug = 0  # noqa: SLF001 - IMAPClient sets 5, which formats every literal for its log: slow, and our logs hold no bodies
    client.folder_encode = False  # names go back as the server spelled them
    try:
        if account.security == "starttls":
            client.starttls(context)
    except BaseException:
        with contextlib.suppress(Exception):  # the socket may be gone; why is what matters
            client.shutdown()
        raise
    return client


def _trust(account: Account) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=account.ca_file)
    except OSError as error:
        raise ConfigError(
            f'account "{account.name}": ca_file {account.ca_file} cannot be used ({error.strerror or error})',
            "it must be a file of certificates in PEM form",
        ) from error


@contextlib.contextmanager
def _translating(account: Account) -> Iterator[None]:
    """Whatever breaks the line is ServerUnreachable; a command that is refused stays IMAPClientError."""
    where = f'account "{account.name}": {account.host}:{account.port}'
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise ServerUnreachable(
            f"{where}: the server's certificate is not valid for it ({error.verify_message})",
            "check `host`; if the server uses a certificate of your own, name its authority in `ca_file`",
        ) from error
    except ssl.SSLError as error:
        raise ServerUnreachable(
            f"{where}: no secure connection ({error.reason or error})",
            'check `port` and `security` ("tls" is usually 993, "starttls" 143)',
        ) from error
    except TimeoutError as error:
        raise ServerUnreachable(f"{where}: no answer in time", "check the network") from error
    except OSError as error:
        raise ServerUnreachable(
            f"{where}: {error.strerror or error}",
            "check `host`, `port` and the network",
        ) from error
    except IMAPClientAbortError as error:
        raise ServerUnreachable(
            f"{where}: the connection broke ({_first_line(error)})",
            "the next round goes on where this one stopped",
        ) from error


@contextlib.contextmanager
def _refusing_login(
    account: Account, hint: str, login: BearerLogin | None = None
) -> Iterator[None]:
    """A login that is refused is LoginRejected, unless the server only wants patience."""
    try:
        yield
    except IMAPClientAbortError:
        raise
    except IMAPClientError as error:
        if isinstance(
            error.__context__, IMAPClientAbortError
        ):  # IMAPClient calls a broken line a refused login
            raise error.__context__ from None
        answer = ": ".join(filter(None, (login.problem if login else "", _first_line(error))))
        if any(word in answer.upper() for word in _TEMPORARY):
            raise ServerUnreachable(
                f'account "{account.name}": {account.host} takes no logins just now ({answer})',
                "wait a while, then try again",
            ) from None
        raise LoginRejected(
            f'account "{account.name}": {account.host} refused the login of {account.user} ({answer})',
            hint,
        ) from None


@contextlib.contextmanager
def _refusing(folder: RemoteFolder) -> Iterator[None]:
    try:
        yield
    except IMAPClientAbortError:
        raise
    except (IMAPClientError, KeyError, ValueError, TypeError, IndexError) as error:
        raise FolderUnavailable(
            f"{folder.name}: the server does not open this folder ({_first_line(error)})"
        ) from error


@contextlib.contextmanager
def _failing(account: Account, what: str) -> Iterator[None]:
    """A refusal without which nothing can be done."""
    try:
        yield
    except IMAPClientAbortError:
        raise
    except (IMAPClientError, ValueError, TypeError) as error:
        raise ServerUnreachable(
            f'account "{account.name}": {account.host} {what} ({_first_line(error)})',
            "wait a while, then try again",
        ) from error


def _refuse_to_press(account: Account, refusal: str) -> None:
    """A server that asks for patience gets it: nothing is wrong with the messages asked for."""
    answer = _one_line(refusal)
    if any(word in answer.upper() for word in _THROTTLED):
        raise ServerBusy(
            f'account "{account.name}": {account.host} asks for patience ({answer})',
            "the next round goes on where this one stopped",
        )


def _is_whole(item: Item | None, announced: int | None) -> bool:
    content = item.get("BODY[]") if item is not None else None
    return isinstance(content, bytes | Spooled) and announced in (None, _size_of(content))


def _size_of(content: bytes | Spooled) -> int:
    return len(content) if isinstance(content, bytes) else content.size


def _are_alike(one: object, other: object) -> bool:
    if isinstance(one, Spooled) and isinstance(other, Spooled):
        return one.key == other.key
    return one == other


def _mailboxid(value: object) -> str | None:
    """MAILBOXID comes in parentheses (RFC 8474, section 4): in STATUS they are read, in EXAMINE they are not."""
    if isinstance(value, tuple | list) and len(value) == 1:
        value = value[0]
    text = _text(value).strip("()") if isinstance(value, bytes | int) else ""
    # Cyrus 3.6 now and then answers STATUS with what happens to be in its memory
    return text if _OBJECTID.fullmatch(text) else None


def _received_at(item: Item) -> datetime:
    """INTERNALDATE; a server that gives none leaves us the moment of archiving."""
    return read_internaldate(item.get("INTERNALDATE")) or datetime.now(UTC).replace(microsecond=0)


def _modseq(answer: dict[bytes, Any]) -> int | None:
    """HIGHESTMODSEQ; a folder without it says NOMODSEQ, or 0 (RFC 7162, section 3.1.2.2)."""
    return int(answer.get(b"HIGHESTMODSEQ") or 0) or None


def _flags(item: Item) -> tuple[str, ...]:
    flags = item.get("FLAGS")
    if not isinstance(flags, list):
        return ()
    # \Recent is about sessions, not about the message (RFC 3501, section 2.3.2)
    return tuple(text for flag in flags if (text := _text(flag)) and text.lower() != "\\recent")


def _labels(item: Item) -> tuple[str, ...]:
    labels = item.get("X-GM-LABELS")
    return (
        tuple(_decode_folder(_bytes(label), None) for label in labels)
        if isinstance(labels, list)
        else ()
    )


def _decode_folder(raw: bytes, delimiter: object) -> str:
    """A folder's name: modified UTF-7 (RFC 3501, section 5.1.3), raw UTF-8, or whatever it is, never lossy."""
    try:
        name = decode_utf7(raw) if raw.isascii() else raw.decode("utf-8")
        name.encode()
    except (UnicodeError, ValueError):
        name = "".join(chr(byte) if byte < 0x80 else f"\\x{byte:02x}" for byte in raw)  # noqa: PLR2004 - the end of ASCII
    separator = _text(delimiter) if delimiter else ""
    return (
        name.replace("/", "\u2215").replace(separator, "/")
        if separator and separator != "/"
        else name
    )


def _spell(folder: RemoteFolder) -> str:
    """The name as it goes over the wire."""
    if (
        b"\r" in folder.raw or b"\n" in folder.raw or b"\0" in folder.raw
    ):  # would end our command and begin another
        raise FolderUnavailable(
            f"{folder.name!r}: a folder name with a line break cannot be opened"
        )
    return folder.raw.decode("latin-1")


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _first_line(error: BaseException) -> str:
    """What the server said, on one line of decent length."""
    text = str(error.args[0] if error.args else error)
    if text.startswith(("b'", 'b"')):
        text = text[2:-1]
    return _one_line(text)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]

"""What a server or the network did instead of answering, in the words of `trail.errors`.

Comes in: exceptions of sockets, TLS and IMAPClient, and refusals as the server worded them. Goes out: ServerUnreachable,
ServerBusy, LoginRejected, FolderUnavailable.
"""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from trail.errors import LoginRejected, ServerUnreachable
from trail.fetch.source import FolderUnavailable, ServerBusy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trail.fetch.sasl import BearerLogin
    from trail.fetch.source import RemoteFolder
    from trail.model import Account

THROTTLED = ("[UNAVAILABLE]", "[LIMIT]", "[OVERQUOTA]", "[INUSE]", "TOO MANY", "THROTTL")
# at a login also what would be about the message at a fetch (RFC 5530)
_TEMPORARY = (*THROTTLED, "[SERVERBUG]", "[CONTACTADMIN]", "TEMPORAR", "TRY AGAIN")


@contextlib.contextmanager
def translating(account: Account) -> Iterator[None]:
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
            f"{where}: the connection broke ({first_line(error)})",
            "the next round goes on where this one stopped",
        ) from error


@contextlib.contextmanager
def refusing_login(account: Account, hint: str, login: BearerLogin | None = None) -> Iterator[None]:
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
        answer = ": ".join(filter(None, (login.problem if login else "", first_line(error))))
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
def refusing(folder: RemoteFolder) -> Iterator[None]:
    """A folder that is refused, or of which the answer cannot be read, is FolderUnavailable."""
    try:
        yield
    except IMAPClientAbortError:
        raise
    except (IMAPClientError, KeyError, ValueError, TypeError, IndexError) as error:
        raise FolderUnavailable(
            f"{folder.name}: the server does not open this folder ({first_line(error)})"
        ) from error


@contextlib.contextmanager
def failing(account: Account, what: str) -> Iterator[None]:
    """A refusal without which nothing can be done."""
    try:
        yield
    except IMAPClientAbortError:
        raise
    except (IMAPClientError, ValueError, TypeError) as error:
        raise ServerUnreachable(
            f'account "{account.name}": {account.host} {what} ({first_line(error)})',
            "wait a while, then try again",
        ) from error


def refuse_to_press(account: Account, refusal: str) -> None:
    """A server that asks for patience gets it: nothing is wrong with the messages asked for."""
    answer = one_line(refusal)
    if any(word in answer.upper() for word in THROTTLED):
        raise ServerBusy(
            f'account "{account.name}": {account.host} asks for patience ({answer})',
            "the next round goes on where this one stopped",
        )


def first_line(error: BaseException) -> str:
    """What the server said, on one line of decent length."""
    text = str(error.args[0] if error.args else error)
    if text.startswith(("b'", 'b"')):
        text = text[2:-1]
    return one_line(text)


def one_line(text: str) -> str:
    """Text of a server as one line of decent length."""
    return " ".join(text.split())[:200]

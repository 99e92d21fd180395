"""A message to the user's own address, by their own SMTP server (RFC 5321, 8314).

Comes in: a server, a password, a message. Goes out: nothing, once the server has taken it. It never sends to two people, never
sends a password before the line is encrypted (unless the configuration insists), and never logs a secret or an address.
"""

from __future__ import annotations

import base64
import smtplib
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trail.errors import ConfigError, LoginRejected, ServerUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from trail.model import Account

TIMEOUT = 20.0
"""Seconds without a byte after which the server is given up."""
_LATER = "try again later; the daemon does by itself"
_PORTS = 'check `port` and `security` ("tls" is usually 465, "starttls" 587)'
_TAKEN = (235, 503)
"""A login that was taken, and one that was not needed any more (RFC 4954, 6 and 4)."""
_TEMPORARY = 500
"""Codes below are refusals for now (RFC 5321, 4.2.1)."""


def send_message(
    server: Account, password: str | None, message: EmailMessage, address: str
) -> None:
    """Send a message from an address to itself. Without a password nobody logs in.

    Raises ConfigError, LoginRejected, ServerUnreachable.
    """
    context = None if server.security == "plain" else _trust(server)
    with _translating(server), _connect(server, context) as line:
        if server.security == "starttls":
            line.starttls(context=context)
            line.ehlo()
        if password is not None:
            _log_in(line, server.user, password)
        line.send_message(message, address, [address])


def _connect(server: Account, context: ssl.SSLContext | None) -> smtplib.SMTP:
    # without a name of its own smtplib would ask the network for that of this machine
    if server.security == "tls":
        return smtplib.SMTP_SSL(
            server.host, server.port, "localhost", timeout=TIMEOUT, context=context
        )
    return smtplib.SMTP(server.host, server.port, "localhost", timeout=TIMEOUT)


def _log_in(line: smtplib.SMTP, user: str, password: str) -> None:
    if (user + password).isascii():
        line.login(user, password)
        return
    # smtplib knows ASCII only; PLAIN is UTF-8 (RFC 4616)
    line.ehlo_or_helo_if_needed()
    if not line.has_extn("auth"):
        raise smtplib.SMTPNotSupportedError
    shown = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, answer = line.docmd("AUTH", f"PLAIN {shown}")
    if code not in _TAKEN:
        raise smtplib.SMTPAuthenticationError(code, answer)


def _trust(server: Account) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=server.ca_file)
    except OSError as error:
        raise ConfigError(
            f"[digest] ca_file {server.ca_file} cannot be used ({error.strerror or error})",
            "it must be a file of certificates in PEM form",
        ) from error


@contextmanager
def _translating(server: Account) -> Iterator[None]:
    where = f"[digest] {server.host}:{server.port}"
    try:
        yield
    except smtplib.SMTPException as error:
        raise _explain_refusal(server, where, error) from None
    except ssl.SSLCertVerificationError as error:
        raise ServerUnreachable(
            f"{where}: the server's certificate is not valid for it ({error.verify_message})",
            "check `host`; if the server uses a certificate of your own, name its authority in `ca_file`",
        ) from error
    except ssl.SSLError as error:
        raise ServerUnreachable(
            f"{where}: no secure connection ({error.reason or error})", _PORTS
        ) from error
    except TimeoutError as error:
        raise ServerUnreachable(f"{where}: no answer in time", "check the network") from error
    except OSError as error:
        why = error.strerror or str(error)
        raise ServerUnreachable(
            f"{where}: {why}", "check `host`, `port` and the network"
        ) from error


def _explain_refusal(
    server: Account, where: str, error: smtplib.SMTPException
) -> LoginRejected | ServerUnreachable:
    """What the server said instead of taking the message."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()), (0, b""))
        said = f"does not take mail for your address ({code} {_read_answer(answer)})"
        return ServerUnreachable(f"{where}: {said}", "check `address` and `user`")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        lacking = "STARTTLS" if server.security == "starttls" else "a login"
        return ServerUnreachable(f"{where}: does not offer what is needed ({lacking})", _PORTS)
    if not isinstance(error, smtplib.SMTPResponseException):
        return ServerUnreachable(f"{where}: the connection broke ({type(error).__name__})", _LATER)
    said = f"({error.smtp_code} {_read_answer(error.smtp_error)})"
    if not isinstance(error, smtplib.SMTPAuthenticationError):
        return ServerUnreachable(f"{where}: did not take the message {said}", _LATER)
    if error.smtp_code < _TEMPORARY:
        return ServerUnreachable(f"{where}: takes no logins just now {said}", _LATER)
    return LoginRejected(
        f"{where}: refused the login of {server.user} {said}",
        "check user and password; some providers ask for an app password",
    )


def _read_answer(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:200]

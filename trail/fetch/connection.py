"""A connection to a mail server, made and logged in: TLS, STARTTLS, a password or a token.

Comes in: an account and its secret. Goes out: an IMAPClient. It never logs a secret.
"""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING, Any

import imapclient

from trail.errors import ConfigError, LoginRejected
from trail.fetch.refusals import refusing_login, translating
from trail.fetch.sasl import AccessToken, BearerLogin, choose_mechanism

if TYPE_CHECKING:
    from trail.model import Account

CONNECT_TIMEOUT = 20.0


def connect(account: Account) -> Any:
    """An IMAPClient that is not logged in. Raises ConfigError, and what sockets, TLS and IMAPClient raise."""
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


def log_in(client: Any, account: Account, secret: str | AccessToken) -> None:
    """With a password or a token. Raises LoginRejected, ServerUnreachable."""
    with translating(account):
        if isinstance(secret, AccessToken):
            _show_token(client, account, secret)
            return
        password = secret
        if client.has_capability("LOGINDISABLED"):
            raise LoginRejected(
                f'account "{account.name}": {account.host} takes no password on this connection',
                'set security = "tls" (or "starttls") for the account',
            )
        with refusing_login(
            account, "check user and password; some providers ask for an app password"
        ):
            if (account.user + password).isascii():
                client.login(account.user, password)
            else:  # LOGIN knows ASCII only; PLAIN is UTF-8 (RFC 4616)
                client.plain_login(account.user, password)


def _show_token(client: Any, account: Account, token: AccessToken) -> None:
    """AUTHENTICATE with what the server has of OAUTHBEARER and XOAUTH2."""
    mechanism = choose_mechanism(client.capabilities())
    if mechanism is None:
        raise LoginRejected(
            f'account "{account.name}": {account.host} takes no OAuth2 on this connection',
            'set security = "tls" for the account; or the server wants a password: take auth and the oauth_ keys out',
        )
    login = BearerLogin(mechanism, account.user, token)
    with refusing_login(
        account, f"sign in again as {account.user}: trail login {account.name}", login
    ):
        client.sasl_login(mechanism, login)


def _trust(account: Account) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=account.ca_file)
    except OSError as error:
        raise ConfigError(
            f'account "{account.name}": ca_file {account.ca_file} cannot be used ({error.strerror or error})',
            "it must be a file of certificates in PEM form",
        ) from error

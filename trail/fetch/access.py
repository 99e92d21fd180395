"""Access tokens as a round needs them: from the store while they are good, else renewed.

In: an account that signs in with OAuth2. Out: a token that should open its mailbox, or the command that mends it.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from trail.errors import SecretUnavailable
from trail.fetch.auth import resolve_client_secret
from trail.fetch.sasl import AccessToken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trail.fetch.tokens import Grant, TokenStore
    from trail.model import Account

log = logging.getLogger("trail.access")

MARGIN = 120.0
"""Seconds before its end from which on an access token counts as ended: it has to last for the login."""


class Access:
    """Gives access tokens for as long as their accounts are signed in."""

    def __init__(self, store: TokenStore, environ: Mapping[str, str]) -> None:
        self._store = store
        self._environ = environ
        self._unsaved: dict[str, Grant] = {}

    def get_token(self, account: Account, refused: AccessToken | None = None) -> AccessToken:
        """Return a token of the account, and another one than that which the server has `refused`.

        Raises SecretUnavailable when nobody is signed in, LoginRejected when the provider no longer accepts it,
        ServerUnreachable when it cannot be asked.
        """
        with self._store.hold(account):
            grant = self._unsaved.get(account.name) or self._store.read(account)
            if grant is None or account.oauth is None or grant.client_id != account.oauth.client_id:
                state = "nobody is signed in" if grant is None else "oauth_client_id has changed"
                raise SecretUnavailable(
                    f'account "{account.name}": {state}', f"sign in: trail login {account.name}"
                )
            if grant.access_token and _lasts(grant):
                token = AccessToken(grant.access_token)
                if token != refused:
                    return token
            return self._renew(account, grant)

    def _renew(self, account: Account, grant: Grant) -> AccessToken:
        from trail.fetch import oauth  # noqa: PLC0415 - slow to import, and needed once an hour

        secret = resolve_client_secret(account, self._environ) or grant.client_secret
        renewed = oauth.renew(account, grant, secret)
        try:
            self._store.write(account, renewed)
        except SecretUnavailable as error:
            self._unsaved[account.name] = renewed
            log.warning("%s: %s", account.name, error.message)
        return AccessToken(renewed.access_token)


def _lasts(grant: Grant) -> bool:
    """Whether the access token is good for a while yet; one of unknown length is good until it is refused."""
    return not grant.expires_at or time.time() < grant.expires_at - MARGIN

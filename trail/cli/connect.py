"""How a command reaches a server: the account's password or access token, then a login."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.errors import LoginRejected
from trail.fetch.access import Access
from trail.fetch.auth import resolve_password
from trail.fetch.imap import ImapSource
from trail.fetch.tokens import TokenStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from trail.model import Account


def token_folder() -> Path:
    """Where sign-ins are kept on a machine without a keyring: never in the archive, which is backed up and shared."""
    import platformdirs

    return platformdirs.user_state_path("trail", appauthor=False) / "tokens"


def connect_with(environ: Mapping[str, str]) -> Callable[[Account], ImapSource]:
    """A function that logs in to an account; a password is asked for once, however often the line breaks."""
    known: dict[str, str] = {}
    access = Access(TokenStore(token_folder()), environ)

    def connect(account: Account) -> ImapSource:
        if account.oauth is not None:
            return _show_token(account, access)
        if account.name not in known:
            known[account.name] = resolve_password(account, environ)
        return ImapSource(account, known[account.name])

    return connect


def _show_token(account: Account, access: Access) -> ImapSource:
    """Log in with an access token; with one new token when the server does not take the first, as once it has ended."""
    token = access.get_token(account)
    try:
        return ImapSource(account, token)
    except LoginRejected:
        renewed = access.get_token(account, refused=token)
    return ImapSource(account, renewed)

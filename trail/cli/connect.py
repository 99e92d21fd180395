"""How a command reaches a server: the account's password from the environment, then a login."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trail.fetch.auth import resolve_password
from trail.fetch.imap import ImapSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trail.model import Account


def connect_with(environ: Mapping[str, str]) -> Callable[[Account], ImapSource]:
    """A function that logs in to an account; a password is asked for once, however often the line breaks."""
    known: dict[str, str] = {}

    def connect(account: Account) -> ImapSource:
        if account.name not in known:
            known[account.name] = resolve_password(account, environ)
        return ImapSource(account, known[account.name])

    return connect

"""`trail login` and `trail logout`: what an account signs in with, put into the keyring, and taken out again.

In: the name of an account. Out: a sign-in that has been tried at the server, and where it is kept.
Must never take a secret from the command line, where every process can read it, nor print one.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

from trail.cli.app import Session, app
from trail.cli.later import typer
from trail.errors import ConfigError, LoginRejected, SecretUnavailable, ServerUnreachable

if TYPE_CHECKING:
    from trail.fetch.tokens import Grant, TokenStore
    from trail.model import Account, OAuth


@app.command()
def login(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account.")],
    device: Annotated[
        bool, typer.Option("--device", help="Show a code to type at another device.")
    ] = False,
    paste: Annotated[
        bool, typer.Option("--paste", help="Ask for the address the browser ends at.")
    ] = False,
    no_test: Annotated[bool, typer.Option("--no-test", help="Do not try to log in.")] = False,
) -> None:
    """Sign in to an account with OAuth2, or give its password."""
    from trail.config import find_account

    session: Session = ctx.obj
    account = find_account(session.config, name)
    if device and paste:
        raise typer.BadParameter("stands beside --device", param_hint="--paste")
    if account.oauth is None and (device or paste):
        raise typer.BadParameter(
            f'account "{account.name}" has a password; this is for auth = "oauth2"',
            param_hint="--device" if device else "--paste",
        )
    if account.oauth is None:
        place, folders = _keep_password(account, test=not no_test)
    else:
        grant = _sign_in(session, account, account.oauth, device=device, paste=paste)
        place, folders = _keep_grant(session, account, grant, test=not no_test)
    with suppress(OSError):  # a daemon lets a paused account rest until the configuration changes
        os.utime(session.config_path)
    data = {"account": account.name, "kept_in": place, "folders": folders}
    tried = "" if folders is None else f"; {account.host} lets {account.user} in"
    session.emit(data, f"{account.name}: signed in{tried}\nkept in {place}")


@app.command()
def logout(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account.")],
) -> None:
    """Forget what login kept, at the provider too."""
    from trail.config import find_account
    from trail.fetch.auth import delete_password, has_keyring

    session: Session = ctx.obj
    account = find_account(session.config, name)
    revoked: bool | None = None
    if account.oauth is None:
        was_there = has_keyring() and delete_password(account)
    else:
        store = _open_store()
        revoked = _revoke(session, account, store)
        was_there = store.delete(account)
    data = {"account": account.name, "was_signed_in": was_there, "revoked": revoked}
    source = _name_source(account)
    if not was_there:
        why = f"nothing to forget: the password comes from {source}" if source else "was not signed in"  # fmt: skip
        session.emit(data, f"{account.name}: {why}")
        return
    also = f", and {account.oauth.provider} has taken it back" if account.oauth and revoked else ""
    also = f"; the password comes from {source} all the same" if source else also
    session.emit(data, f"{account.name}: signed out{also}")
    if revoked is False:
        session.note("the provider lists the app among those that may read your mail; remove it there")  # fmt: skip


def _open_store() -> TokenStore:
    from trail.cli.connect import token_folder
    from trail.fetch.tokens import TokenStore

    return TokenStore(token_folder())


def _sign_in(
    session: Session, account: Account, oauth: OAuth, *, device: bool, paste: bool
) -> Grant:
    if device or not oauth.authorize_url:
        if not oauth.device_url:
            raise ConfigError(
                f'account "{account.name}": {oauth.provider} gives no access to mail by code',
                f"trail login {account.name} --paste  (with a browser on any machine)",
            )
        return _by_code(session, account, _find_secret(session, account, oauth))
    if paste and not _can_ask():
        raise typer.BadParameter("nobody is here to ask", param_hint="--paste")
    secret = _find_secret(session, account, oauth)
    return _by_browser(session, account, oauth, secret, paste=paste)


def _by_code(session: Session, account: Account, secret: str) -> Grant:
    from trail.fetch.oauth import begin_on_device, finish_on_device

    code = begin_on_device(account, secret)
    session.tell(f"open {code.address} at any device, and type the code {code.user_code}")
    session.note("waiting until you have agreed there …")
    return finish_on_device(account, code, secret)


def _by_browser(
    session: Session, account: Account, oauth: OAuth, secret: str, *, paste: bool
) -> Grant:
    import webbrowser

    from trail.fetch.loopback import Loopback
    from trail.fetch.oauth import begin_in_browser, finish_in_browser

    with Loopback(oauth.redirect_host) as loopback:
        question = begin_in_browser(oauth, loopback.redirect_uri)
        if paste:
            session.tell(f"open this address in a browser, and sign in:\n{question.url}")
            words = "The address at which the browser ended (it shows no page)"
            came_to = str(typer.prompt(words, hide_input=True, err=True)).strip()
        else:
            loopback.expect(question.state)
            session.tell(f"sign in with a browser of this machine, at\n{question.url}")
            if not webbrowser.open(question.url):
                session.note(f"none opens; with one elsewhere: trail login {account.name} --paste")
            came_to = loopback.wait()
    return finish_in_browser(account, question, came_to, secret)


def _find_secret(session: Session, account: Account, oauth: OAuth) -> str:
    """The app's secret, where it has one: from its variable or command, an older sign-in, or a person."""
    from trail.fetch.auth import resolve_client_secret

    secret = resolve_client_secret(account, session.environ)
    if secret or not oauth.wants_secret:
        return secret
    with suppress(SecretUnavailable):
        old = _open_store().read(account)
        if old is not None and old.client_id == oauth.client_id:
            return old.client_secret
    if not _can_ask():
        return ""
    words = "The app's client secret (not shown; leave empty if it has none)"
    return str(typer.prompt(words, "", hide_input=True, show_default=False, err=True))


def _keep_grant(
    session: Session, account: Account, grant: Grant, *, test: bool
) -> tuple[str, list[str] | None]:
    from dataclasses import replace

    from trail.fetch.auth import resolve_client_secret
    from trail.fetch.sasl import AccessToken

    folders: list[str] | None = None
    if test:
        from trail.fetch.imap import check_login

        try:
            folders = check_login(account, AccessToken(grant.access_token))
        except LoginRejected as error:
            raise LoginRejected(
                error.message, f"did you sign in as somebody other than {account.user}?"
            ) from None
        except ServerUnreachable as error:
            session.warn(f"{error.message}: signed in, but not tried at the server")
    if resolve_client_secret(account, session.environ):
        grant = replace(grant, client_secret="")  # it has a place already
    return _open_store().write(account, grant), folders


def _keep_password(account: Account, *, test: bool) -> tuple[str, list[str] | None]:
    from trail.fetch.auth import find_keyring, store_password

    if source := _name_source(account):
        raise ConfigError(
            f'account "{account.name}" takes its password from {source}: there is nothing to keep',
            f"`trail sync {account.name} --dry-run` tries it",
        )
    if find_keyring() is None:
        raise SecretUnavailable(
            f'account "{account.name}": this machine has no keyring to keep a password in',
            "set password_env or password_command for the account",
        )
    if not _can_ask():
        raise typer.BadParameter("nobody is here to type the password", param_hint="ACCOUNT")
    words = f"Password of {account.user} at {account.host} (not shown)"
    password = str(typer.prompt(words, hide_input=True, err=True))
    folders: list[str] | None = None
    if test:
        from trail.fetch.imap import check_login

        folders = check_login(account, password)
    store_password(account, password)
    return "the keyring", folders


def _revoke(session: Session, account: Account, store: TokenStore) -> bool | None:
    """Whether the provider was told; None where there was nothing to tell."""
    from trail.fetch.oauth import revoke

    try:
        grant = store.read(account)
        return None if grant is None else revoke(account, grant)
    except (SecretUnavailable, ServerUnreachable) as error:
        session.warn(f"{error.message}: the provider was not told")
    return False


def _name_source(account: Account) -> str:
    """The key of the configuration that tells where the password is; "" where it is for us to keep."""
    if account.password_env:
        return "password_env"
    return "password_command" if account.password_command else ""


def _can_ask() -> bool:
    return sys.stdin.isatty()

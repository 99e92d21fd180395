"""The first login of `trail init`: the password is typed, tried, typed again, and kept.

In: an account as the answers make it. Out: the password the server took, and the folders it showed.
Must never show a password, nor ask for anything else again because the password was wrong.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from trail.cli.later import typer
from trail.errors import LoginRejected, SecretUnavailable

if TYPE_CHECKING:
    from trail.cli.app import Session
    from trail.cli.init import CheckLogin
    from trail.cli.questions import Questions
    from trail.config.template import Answers
    from trail.model import Account


def try_passwords(
    session: Session, account: Account, questions: Questions, check_login: CheckLogin | None
) -> tuple[str, list[str] | None]:
    """Ask for the password until the server takes it, and return it with the folders; nothing else is asked again.

    Raises what the login raises where nobody types another one.
    """
    from trail.fetch.auth import has_keyring

    if account.password_env or account.password_command:
        return "", _test_login(session, account, "", questions, check_login)
    kept = "" if has_keyring() else ", nor kept: this machine has no keyring"
    question = f"Password (not shown{kept}; leave empty to give it later)"
    password = questions.ask_password(question)
    while True:
        try:
            return password, _test_login(session, account, password, questions, check_login)
        except LoginRejected as error:
            if not password:
                raise
            session.tell("\n".join(filter(None, (error.message, error.hint))))
            again = questions.ask_password("Password, once more (leave empty for other answers)")
            if not again:
                raise LoginRejected("the login was refused") from None
            password = again


def _test_login(
    session: Session,
    account: Account,
    password: str,
    questions: Questions,
    check_login: CheckLogin | None,
) -> list[str] | None:
    """Return the folders the login shows; None when there was nothing to log in with, or no test."""
    from trail.fetch.auth import has_keyring, resolve_password

    has_source = bool(account.password_env or account.password_command)
    if not has_source and not password:
        if questions.interactive:
            return None
        if not has_keyring():
            raise typer.BadParameter(
                "is missing, and there is no keyring", param_hint="--password-env"
            )
    if check_login is None:
        return None
    if not password:
        try:
            password = resolve_password(account, session.environ)
        except SecretUnavailable as error:
            if has_source:
                raise
            raise typer.BadParameter(error.message, param_hint="--password-env") from None
    session.note(f"logging in to {account.host} as {account.user} …")
    return check_login(account, password)


def keep_password(session: Session, answers: Answers, account: Account, password: str) -> Answers:
    """Put the password into the keyring; where that cannot be, say what the configuration names instead."""
    from trail.fetch.auth import store_password

    why = "no password was given"
    if password:
        try:
            store_password(account, password)
        except SecretUnavailable as error:
            why = error.message.partition(": ")[2]
        else:
            session.note("the password is in the keyring")
            return answers
    name = f"TRAIL_{re.sub('[^A-Z0-9]', '_', account.name.upper())}_PASSWORD"
    session.tell(
        f"{why}; so the configuration takes it from the variable {name} (password_env).\n"
        'If a password manager has it, write password_command = ["pass", "show", "mail"] there instead.'
    )
    return replace(answers, password_env=name)

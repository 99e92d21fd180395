"""`trail init`: a few questions, a login to prove the answers, a configuration with comments.

In: flags, or answers typed at a terminal. Out: a new `config.toml`, and what to do next.
Must never write a password into it, nor replace a configuration unless told to.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trail.cli.app import Session, app
from trail.config import Config, parse_config
from trail.errors import ConfigError, SecretUnavailable, TrailError
from trail.model import Account

if TYPE_CHECKING:
    from trail.cli.questions import Questions
    from trail.config.template import Answers

CheckLogin = Callable[[Account, str], list[str]]
"""Logs in to the account with the password, and returns the names of its folders."""
_SHOWN_FOLDERS = 8


def option(flag: str, help_: str, metavar: str = "TEXT") -> Any:
    """Give an option of `trail init`."""
    return typer.Option(flag, help=help_, metavar=metavar, show_default=False)


@app.command("init")
def init(
    ctx: typer.Context,
    me: Annotated[list[str] | None, option("--me", "Your address; repeat for all.")] = None,
    account: Annotated[str, option("--account", "A short name for the account. [work]")] = "",
    host: Annotated[str, option("--host", "The IMAP server. [guessed]")] = "",
    port: Annotated[str, option("--port", "Its port. [993, or 143]")] = "",
    security: Annotated[str, option("--security", "tls, starttls or plain. [tls]")] = "",
    user: Annotated[str, option("--user", "The user name. [your address]")] = "",
    password_env: Annotated[
        str, option("--password-env", "The variable that holds the password.", "NAME")
    ] = "",
    password_command: Annotated[
        str, option("--password-command", "The command that prints it.", "COMMAND")
    ] = "",
    archive: Annotated[str, option("--archive", "The archive. [~/trail]", "DIR")] = "",
    scope: Annotated[str, option("--scope", "clients or everything. [clients]")] = "",
    every: Annotated[str, option("--every", "How often the daemon looks. [5m]")] = "",
    client: Annotated[
        list[str] | None,
        option("--client", "slug=domain or slug=address; repeat for more.", "SLUG=RULE"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a configuration.")] = False,
    no_test: Annotated[bool, typer.Option("--no-test", help="Do not try to log in.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "--non-interactive", help="Ask nothing.")] = False,
) -> None:
    """Ask for the account, test the login, write the configuration."""
    from trail.cli.questions import Questions, split_client
    from trail.config.template import Answers

    if password_env and password_command:
        raise typer.BadParameter("stands beside --password-env", param_hint="--password-command")
    try:
        command = tuple(shlex.split(password_command))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--password-command") from None
    try:
        clients = tuple(split_client(pair) for pair in client or ())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--client") from None
    check_login: CheckLogin | None = None
    if not no_test:
        from trail.fetch.imap import check_login
    given = Answers(
        me=tuple(me or ()),
        account=account,
        host=host,
        port=port,
        security=security,
        user=user,
        password_env=password_env,
        password_command=command,
        archive=archive,
        scope=scope,
        every=every,
        clients=clients,
    )
    questions = Questions(interactive=not yes and sys.stdin.isatty())
    set_up(ctx.obj, given, questions, check_login, force=force)


def _place_archive(written: str) -> str:
    """What is typed at a shell is meant from the present folder; in the file it would be from the file's."""
    return written if written.startswith("~") else str(Path(written).absolute())


def set_up(
    session: Session,
    given: Answers,
    questions: Questions,
    check_login: CheckLogin | None,
    *,
    force: bool = False,
) -> None:
    """Ask what was not given, test the login unless `check_login` is None, write, say what is next.

    Raises ConfigError, SecretUnavailable, LoginRejected, ServerUnreachable; BadParameter for a flag.
    """
    from trail.cli.questions import ask_answers
    from trail.config.edit import write_config
    from trail.config.template import Answers, render_config

    path = session.config_path
    if path.exists() and not force:
        hint = "`trail client add` adds clients to it; --force replaces it"
        raise ConfigError(f"{path}: is there already", hint)
    answers = ask_answers(session, given, Answers(), questions)
    while True:
        answers = replace(answers, archive=_place_archive(answers.archive))
        account = parse_config(render_config(answers), path).accounts[0]
        password = "" if answers.has_source else questions.ask_password()
        try:
            folders = _test_login(session, account, password, questions, check_login)
            break
        except TrailError as error:
            if not questions.interactive:
                raise
            session.note("\n".join(filter(None, (error.message, error.hint))))
        if questions.confirm("Try other answers?", default=True):
            answers = ask_answers(session, Answers(), answers, questions)
        elif questions.confirm("Write the configuration anyway?", default=False):
            folders = None
            break
        else:
            raise typer.Exit(1)
    if questions.interactive and not answers.has_source:
        answers = _keep_password(session, answers, account, password)
    text = render_config(answers)
    config = parse_config(text, path)
    write_config(path, text)
    _report(session, config, folders)


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


def _keep_password(session: Session, answers: Answers, account: Account, password: str) -> Answers:
    """Put the password into the keyring; where that cannot be, let a variable hold it."""
    from trail.fetch.auth import store_password

    if password:
        try:
            store_password(account, password)
        except SecretUnavailable as error:
            session.note(error.message)
        else:
            session.note("the password is in the keyring")
            return answers
    name = re.sub("[^A-Z0-9]", "_", account.name.upper())
    return replace(answers, password_env=f"TRAIL_{name}_PASSWORD")


def _report(session: Session, config: Config, folders: list[str] | None) -> None:
    from trail.cli.suggestions import name_program
    from trail.render import count_of

    account = config.accounts[0]
    trail = name_program(config.path)
    steps = []
    if account.password_env and not session.environ.get(account.password_env):
        steps.append(f"read -rs {account.password_env} && export {account.password_env}")
    if not config.clients and config.scope == "clients":
        steps.append(shlex.join([*trail, "client", "add", "acme", "--domain", "acme.example"]))
    steps.append(shlex.join([*trail, "sync", "--dry-run"]))
    lines = []
    if folders is not None:
        more = ", …" if len(folders) > _SHOWN_FOLDERS else ""
        lines.append(
            f"{count_of(len(folders), 'folder')}: {', '.join(folders[:_SHOWN_FOLDERS])}{more}"
        )
    else:
        lines.append("The login was not tested.")
    lines += [f"Wrote {config.path}", "Next:", *(f"  {step}" for step in steps)]
    data = {"config": str(config.path), "account": account.name, "folders": folders, "next": steps}
    session.emit(data, "\n".join(lines))

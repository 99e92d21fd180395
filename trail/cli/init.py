"""`trail init`: a few questions, a login to prove the answers, a configuration with comments.

In: flags, or answers typed at a terminal. Out: a new `config.toml`, and what to do next.
Must never write a password into it, nor replace a configuration unless told to.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from trail.cli.app import Session, app
from trail.cli.later import typer
from trail.config import Config, parse_config
from trail.errors import ConfigError, TrailError
from trail.model import Account

if TYPE_CHECKING:
    from trail.cli.questions import LookUp, Questions
    from trail.config.template import Answers
    from trail.fetch.lookup import Found

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
    oauth_provider: Annotated[
        str, option("--oauth-provider", "Sign in with OAuth2: google or microsoft.")
    ] = "",
    oauth_client_id: Annotated[
        str, option("--oauth-client-id", "The id of your app there.", "ID")
    ] = "",
    archive: Annotated[str, option("--archive", "The archive. [~/trail]", "DIR")] = "",
    scope: Annotated[str, option("--scope", "clients or everything. [clients]")] = "",
    every: Annotated[str, option("--every", "How often the daemon looks. [5m]")] = "",
    client: Annotated[
        list[str] | None,
        option("--client", "slug=domain or slug=address; repeat for more.", "SLUG=RULE"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a configuration.")] = False,
    no_lookup: Annotated[
        bool, typer.Option("--no-lookup", help="Guess the server; ask nobody for it.")
    ] = False,
    no_test: Annotated[bool, typer.Option("--no-test", help="Do not try to log in.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "--non-interactive", help="Ask nothing.")] = False,
) -> None:
    """Ask for the account, test the login, write the configuration."""
    from trail.cli.questions import Questions, check_flag, split_client
    from trail.config.checks import check_variable, read_duration
    from trail.config.template import Answers

    if password_env and password_command:
        raise typer.BadParameter("stands beside --password-env", param_hint="--password-command")
    if (oauth_provider or oauth_client_id) and (password_env or password_command):
        raise typer.BadParameter("stands beside a password", param_hint="--oauth-provider")
    command = tuple(check_flag("--password-command", password_command, shlex.split))
    if every:
        check_flag("--every", every, read_duration)
    if password_env:
        check_flag("--password-env", password_env, check_variable)
    clients = tuple(check_flag("--client", pair, split_client) for pair in client or ())
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
        oauth_provider=oauth_provider,
        oauth_client_id=oauth_client_id,
        archive=archive,
        scope=scope,
        every=every,
        clients=clients,
    )
    questions = Questions(interactive=not yes and sys.stdin.isatty())
    look_up = None if no_lookup else _look_up(ctx.obj)
    set_up(ctx.obj, given, questions, check_login, look_up, force=force)


def _look_up(session: Session) -> LookUp:
    def look_up(address: str) -> Iterator[Found]:
        from trail.fetch.lookup import iter_servers

        session.note(f"looking for the mail server of {address.rpartition('@')[2]} …")
        return iter_servers(address)

    return look_up


def _place_archive(written: str) -> str:
    """What is typed at a shell is meant from the present folder; in the file it would be from the file's."""
    return written if written.startswith("~") else str(Path(written).absolute())


def set_up(
    session: Session,
    given: Answers,
    questions: Questions,
    check_login: CheckLogin | None,
    look_up: LookUp | None = None,
    *,
    force: bool = False,
) -> None:
    """Ask what was not given, test the login unless `check_login` is None, write, say what is next.

    Without `look_up` nobody is asked for the server.

    Raises ConfigError, SecretUnavailable, LoginRejected, ServerUnreachable; BadParameter for a flag.
    """
    from trail.cli.first_login import keep_password, try_passwords
    from trail.cli.questions import ask_answers
    from trail.config.edit import write_config
    from trail.config.template import Answers, render_config

    path = session.config_path
    if path.exists() and not force:
        hint = "`trail client add` adds clients to it; --force replaces it"
        raise ConfigError(f"{path}: is there already", hint)
    answers = ask_answers(session, given, Answers(), questions, look_up)
    while True:
        answers = replace(answers, archive=_place_archive(answers.archive))
        account = parse_config(render_config(answers), path).accounts[0]
        password, folders = "", None
        try:
            if account.oauth is None:
                password, folders = try_passwords(session, account, questions, check_login)
            break
        except TrailError as error:
            if not questions.interactive:
                raise
            session.tell("\n".join(filter(None, (error.message, error.hint))))
        if questions.confirm("Try other answers?", default=True):
            answers = ask_answers(session, Answers(), answers, questions)
        elif questions.confirm("Write the configuration anyway?", default=False):
            break
        else:
            raise typer.Exit(1)
    if questions.interactive and not answers.has_source:
        answers = keep_password(session, answers, account, password)
    text = render_config(answers)
    config = parse_config(text, path)
    write_config(path, text)
    _report(session, config, folders)


def _report(session: Session, config: Config, folders: list[str] | None) -> None:
    from trail.cli.suggestions import name_program
    from trail.render import count_of

    account = config.accounts[0]
    trail = name_program(config.path)
    steps = []
    if account.oauth:
        steps.append(shlex.join([*trail, "login", account.name]))
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

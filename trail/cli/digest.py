"""`trail digest`: what there is to know in the morning, now; and a way to send mail for the daemon.

In: the configuration and the archive. Out: the digest; with `--send` also where the configuration says it goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from trail.cli.app import Session, app
from trail.cli.later import typer
from trail.errors import ConfigError, SecretUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import EmailMessage

    from trail.model import Account
    from trail.mornings import Send


@app.command()
def digest(
    ctx: typer.Context,
    send: Annotated[
        bool,
        typer.Option("--send", help="Also bring it where [digest] of the configuration says."),
    ] = False,
) -> None:
    """Show what waits, what is due, and who is quiet."""
    from trail.archive.store import open_archive
    from trail.cli.addressbook import note_unread
    from trail.cli.clock import read_clock
    from trail.digesting import digest_data, digest_lines, digest_text, read_digest, tell_counts

    session: Session = ctx.obj
    config, now = session.config, read_clock()
    if send and not config.digest.to:
        raise ConfigError(f"{session.config_path}: [digest] to is empty", 'to = ["file", "desktop", "mail"] are the places there are')  # fmt: skip
    with open_archive(config.archive) as archive:
        note_unread(session, archive)
        found = read_digest(archive, config, now)
        data = digest_data(archive, found)
        lines = digest_lines(archive, found, session.width)
        text = digest_text(archive, found)
    if send:
        from trail.mornings import Prepared, deliver

        prepared = Prepared(found.today, tell_counts(found), text)
        for place in config.digest.to:
            deliver(place, config, prepared, mail_with(session.environ))
        data["sent"] = list(config.digest.to)
    session.emit_lines(data, lines)
    if send:
        from trail.archive.leftovers import DIGEST_FILE

        named = {"file": f"file ({config.archive / DIGEST_FILE})"}
        session.note(f"sent: {', '.join(named.get(place, place) for place in config.digest.to)}")


def mail_with(environ: Mapping[str, str]) -> Send:
    """A function that sends mail; the password is asked for each time, as it may change under a daemon."""

    def send(server: Account, message: EmailMessage, address: str) -> None:
        from trail.fetch.auth import resolve_password
        from trail.fetch.smtp import send_message

        try:
            password = resolve_password(server, environ) if server.user else None
        except SecretUnavailable as error:
            message_ = error.message.replace(f'account "{server.name}":', "[digest]")
            hint = error.hint.replace(f"trail login {server.name}", f"keyring set trail {server.user}@{server.host}")  # fmt: skip
            raise SecretUnavailable(message_, hint) from None
        send_message(server, password, message, address)

    return send

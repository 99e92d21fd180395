"""`trail key`: what hand-offs are signed with; made, shown, copied."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from trail.cli.app import Session, app
from trail.cli.later import typer
from trail.errors import ConfigError, SecretUnavailable, TrailError

if TYPE_CHECKING:
    from trail.handoff.keys import KeyStore, SigningKey

keys = app.add_group("key", help="The key that hand-offs are signed with.")


@keys.command("create")
def create(
    ctx: typer.Context,
    from_: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Put back what `key export --backup` wrote."),
    ] = None,
    passphrase_env: Annotated[
        str | None,
        typer.Option("--passphrase-env", metavar="NAME", help="The variable with its passphrase."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Even where there is a key: it is lost then.")
    ] = False,
) -> None:
    """Make a key. The first hand-off does so by itself."""
    from trail.handoff.keys import read_backup

    session: Session = ctx.obj
    store = _open(session)
    private = None
    if from_ is not None:
        words = _take_passphrase(session, passphrase_env, confirm=False)
        private = read_backup(from_.expanduser(), words)
    made = store.create(private, replace=replace)
    session.emit(_describe(made), f"{made.fingerprint}\nkept in {made.place}")


@keys.command("show")
def show(ctx: typer.Context) -> None:
    """Show the fingerprint, to tell on the phone."""
    session: Session = ctx.obj
    key = _find(session)
    session.emit(
        _describe(key),
        f"{key.fingerprint}\nkept in {key.place}\npublic key {key.public.hex()}",
    )


@keys.command("export")
def export(
    ctx: typer.Context,
    backup: Annotated[
        Path | None,
        typer.Option(
            "--backup",
            metavar="FILE",
            help="Write the whole key instead, of no use without a passphrase.",
        ),
    ] = None,
    passphrase_env: Annotated[
        str | None,
        typer.Option("--passphrase-env", metavar="NAME", help="The variable with the passphrase."),
    ] = None,
) -> None:
    """Print the public key (PEM); or copy the whole key to a safe place."""
    from trail.handoff.keys import export_private, export_public, write_private
    from trail.handoff.passphrase import SHORTEST, is_usable

    session: Session = ctx.obj
    key = _find(session)
    if backup is None:
        public = export_public(key.public)
        session.emit(_describe(key) | {"pem": public}, public.rstrip("\n"))
        return
    path = backup.expanduser()
    if path.exists():
        raise TrailError(f"{path} is already there", "it is never overwritten: name another file")
    words = _take_passphrase(session, passphrase_env, confirm=True)
    if not is_usable(words):
        raise SecretUnavailable(
            f"the passphrase is not {SHORTEST} or more ASCII characters: nothing was written",
            "the copy is worth as much as the key; take a few words, such as seven at random",
        )
    content = export_private(key, words)
    write_private(path, content)
    session.emit(
        {**_describe(key), "backup": str(path)},
        f"the key {key.fingerprint} is in {path}\nkeep the passphrase elsewhere; `trail key create --from {path.name}` puts the key back",
    )


def _open(session: Session) -> KeyStore:
    from trail.cli.signing import open_keys

    config = session.config if session.config_path.exists() else None
    return open_keys(config)


def _find(session: Session) -> SigningKey:
    key = _open(session).find()
    if key is None:
        raise SecretUnavailable(
            "there is no signing key yet", "`trail key create` makes it, or the first hand-off"
        )
    return key


def _describe(key: SigningKey) -> dict[str, str]:
    return {"fingerprint": key.fingerprint, "public_key": key.public.hex(), "kept_in": key.place}


def _take_passphrase(session: Session, variable: str | None, *, confirm: bool) -> str:
    """From the variable, or a person. Raises ConfigError."""
    if variable:
        words = session.environ.get(variable, "")
        if not words:
            raise ConfigError(f"the variable {variable} is not set, or empty")
        return words
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            "nobody is here to type the passphrase: name a variable", param_hint="--passphrase-env"
        )
    text = "Passphrase (not shown)"
    return str(typer.prompt(text, hide_input=True, confirmation_prompt=confirm, err=True))

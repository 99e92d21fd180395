"""`trail demo`: the whole job on an embedded IMAP server, with made-up correspondence."""

from __future__ import annotations

import contextlib
import io
import shlex
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from trail.cli.app import Session, app, write_text
from trail.cli.later import typer
from trail.errors import EXIT_INTERRUPTED, EXIT_WARNINGS, TrailError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.demo.correspondence import DemoMessage

SEARCHES = (
    ("--limit", "3", "quotation"),
    ("--limit", "3", "client:bryggeriet", "etiketter"),
    ("--limit", "3", "見積書"),
)


@app.command()
def demo(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Where the demo's archive and configuration go.")
    ] = Path("trail-demo"),
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Keep the mail server up afterwards, for sync and daemon."),
    ] = False,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Also with mail of these days, in which somebody waits."),
    ] = False,
) -> None:
    """Do the whole job on an embedded server with made-up mail."""
    from trail.cli.clock import read_clock
    from trail.cli.signals import stop_on_signals
    from trail.config import load_config
    from trail.demo.server import serve as serve_mail

    session: Session = ctx.obj
    config_path = folder / "config.toml"
    is_new = _check_folder(folder, config_path)
    port = 0 if is_new else next((a.port for a in load_config(config_path).accounts), 0)
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(serve_mail(_gather_mail(folder, fresh=fresh), port=port))
        except OSError as error:
            raise TrailError(
                f"port {port} is taken ({error.strerror})",
                "is another `trail demo --serve` running? stop it, or choose another folder",
            ) from error
        folder.mkdir(parents=True, exist_ok=True)
        if fresh and not (folder / _FRESH).exists():
            (folder / _FRESH).write_text(f"{read_clock():%Y-%m-%d}\n", encoding="utf-8")
        if is_new:
            config_path.write_text(
                _config_text(server.port, server.user, server.password), encoding="utf-8"
            )
        session.note(
            f"a mail server with the made-up mail of a small studio and its three clients runs on {server.host}:{server.port}\n"
        )
        bundle = _run_tour(session, folder, config_path)
        session.emit(
            {
                "folder": str(folder),
                "config": str(config_path),
                "archive": str(folder / "archive"),
                "bundle": str(bundle),
            },
            _closing_words(folder, config_path, bundle, serving=serve, fresh=fresh),
        )
        if serve:
            stop = stop_on_signals()
            session.note(f"\nserving on {server.host}:{server.port} until Ctrl-C")
            while not stop.wait(1.0):  # a bare wait() cannot be interrupted everywhere
                pass


def _gather_mail(folder: Path, *, fresh: bool) -> list[DemoMessage]:
    """The mail of the demo's server: fresh mail stays that of the day it was first asked for, as on any server."""
    from trail.cli.clock import read_clock
    from trail.demo.correspondence import iter_correspondence
    from trail.demo.fresh import iter_fresh

    messages = list(iter_correspondence())
    try:
        day = date.fromisoformat((folder / _FRESH).read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        if not fresh:
            return messages
        day = read_clock().date()
    return [*messages, *iter_fresh(day)]


def _check_folder(folder: Path, config_path: Path) -> bool:
    """Whether the demo is new here. Raises TrailError for a folder with something else in it."""
    if config_path.is_file() and config_path.read_text(encoding="utf-8").startswith(_HEAD):
        return False
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TrailError(
            f"{folder} is already there, and no demo of trail",
            "choose another folder: `trail demo DIR`",
        )
    return True


def _run_tour(session: Session, folder: Path, config_path: Path) -> Path:
    from trail.cli.clock import read_clock

    bundle = folder / f"acme-{read_clock():%Y-%m-%d}"
    commands: list[Sequence[str]] = [("sync",), *(("search", *words) for words in SEARCHES)]
    if not bundle.exists():
        commands.append(("handoff", "acme", "--out", str(folder)))
    commands.append(("verify", str(bundle)))
    for command in commands:
        _run_command(session, config_path, command)
    return bundle


def _run_command(session: Session, config_path: Path, command: Sequence[str]) -> None:
    """Show a command and run it, as the user would have typed it."""
    from trail.cli.main import run

    options = [
        "--config",
        str(config_path),
        *(["--quiet"] if session.quiet or session.json else []),
    ]
    if not session.json:
        session.emit({}, f"$ trail {shlex.join(command)}")
    with contextlib.redirect_stdout(io.StringIO()) if session.json else contextlib.nullcontext():
        code = run([*options, *command])
    if code == EXIT_INTERRUPTED:
        raise KeyboardInterrupt
    if code not in (0, EXIT_WARNINGS):
        raise TrailError(
            f"`trail {shlex.join(command)}` ended with exit code {code}", "the lines above say why"
        )
    if not session.json:
        write_text(sys.stdout, "\n")


def _closing_words(
    folder: Path, config_path: Path, bundle: Path, *, serving: bool, fresh: bool
) -> str:
    again = (
        f"trail demo {shlex.quote(str(folder))} --serve"
        if folder != Path("trail-demo")
        else "trail demo --serve"
    )
    lines = [
        f"Everything lies in {folder}:",
        f"  {folder / 'archive'}  the archive: Maildir, ledger, index, audit log",
        f"  {bundle}  the hand-off; open START-HERE.html in it",
        f"  {config_path}  the configuration",
        "",
        "Try next:",
        f"  export TRAIL_CONFIG={shlex.quote(str(config_path))}",
        "  trail status",
        "  trail search has:attachment from:jane",
        "  trail clients",
        "  trail brief acme",
        "  trail waiting --all",
        "  trail handoff sakura --dry-run",
    ]
    if fresh:
        lines += [f"  trail {words}" for words in ("waiting", "next suggest", "requests", "digest")]
    else:
        named = again.removesuffix(" --serve")
        lines.append(f"  {named} --fresh    (adds mail of these days, in which somebody waits)")
    if not serving:
        lines.append(f"  {again}    (keeps the mail server up, for trail sync and trail daemon)")
    return "\n".join(lines)


_FRESH = "fresh-since"
"""The file with the day of which the fresh mail is."""
_HEAD = "# The demo of trail."


def _config_text(port: int, user: str, password: str) -> str:
    import tomlkit

    from trail.demo.correspondence import DEMO_CLIENTS, ME

    def quote(value: object) -> str:
        return tomlkit.item(value).as_string()

    lines = [
        _HEAD
        + " Its mail server runs only during `trail demo`, and while `trail demo --serve` does.",
        'archive = "archive"',
        'scope = "clients"',
        f"me = {quote(list(ME))}",
        "",
        "[handoff]",
        'key_file = "signing-key.pem"  # a real one is better kept in the keyring',
        "",
        "[[account]]",
        'name = "work"',
        'host = "127.0.0.1"',
        f"port = {port}",
        'security = "plain"',
        f"user = {quote(user)}",
        "# the demo's password is no secret; real ones come from a variable, a password manager or the keyring",
        f"password_command = {quote([sys.executable, '-c', f'print({password!r})'])}",
        'every = "1m"',
    ]
    for client in DEMO_CLIENTS:
        lines += ["", "[[client]]", f"slug = {quote(client.slug)}", f"name = {quote(client.name)}"]
        lines += [
            f"{key} = {quote(list(values))}"
            for key in ("domains", "addresses", "folders", "subjects")
            if (values := getattr(client, key))
        ]
    return "\n".join(lines) + "\n"

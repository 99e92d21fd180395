"""Bundles as one file at the command line: how one shall be locked, and what opens one that came."""

from __future__ import annotations

import shlex
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from trail.cli.later import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from trail.cli.app import Session
    from trail.handoff.packing import Lock
    from trail.model import Bundle

PATIENCE = 60.0
"""Seconds a command may take to print a passphrase."""


def read_lock(
    session: Session, recipients: Sequence[str], command: str, *, as_zip: bool, encrypt: bool
) -> Lock | None:
    """What the options ask for; None for a folder. Raises BadParameter, SecretUnavailable."""
    if command and not encrypt:
        raise typer.BadParameter("goes with --encrypt", param_hint="--passphrase-command")
    if encrypt and recipients:
        raise typer.BadParameter("is for a passphrase; keep one of the two", param_hint="--encrypt")
    if not (as_zip or encrypt or recipients):
        return None
    from trail.handoff.packing import Lock, is_recipient
    from trail.handoff.passphrase import make_passphrase

    for recipient in recipients:
        if not is_recipient(recipient):
            raise typer.BadParameter(
                f"{recipient} is no public key of age (age1…)", param_hint="--encrypt-to"
            )
    if not encrypt:
        return Lock(recipients=tuple(recipients))
    if command:
        return Lock(ask_command(session, command))
    if session.json:
        raise typer.BadParameter(
            "the passphrase is for a person, and JSON is not: give --passphrase-command, or --encrypt-to",
            param_hint="--encrypt",
        )
    return Lock(make_passphrase(), is_new=True)


def describe_lock(bundle: Bundle, lock: Lock | None) -> list[str]:
    """What the user is told of the file and of how to open it; a passphrase is told here, and nowhere else."""
    if lock is None:
        return [f"bundle    {bundle.path}", "open      START-HERE.html"]
    lines = [f"bundle    {bundle.path}", "open      unpack it, then START-HERE.html"]
    if lock.passphrase and lock.is_new:
        lines += [
            f"secret    {lock.passphrase}",
            "          the passphrase: shown this once and kept nowhere; tell it on the phone, never in the same mail",
        ]
    if lock.passphrase:
        lines[1] = "open      with 7-Zip or WinZip and the passphrase, then START-HERE.html"
    if lock.recipients:
        lines[1] = (
            f"open      age -d -i KEYFILE -o {bundle.path.stem} {bundle.path.name}, then unpack"
        )
    return lines


@contextmanager
def laid_out(session: Session, path: Path, command: str) -> Iterator[Path]:
    """The folder of a bundle that came as one file. Raises FixityMismatch, SecretUnavailable, ArchiveFull, BadParameter."""
    from trail.cli.progress import show_progress
    from trail.handoff.unpacking import is_for_age, unpacking

    if is_for_age(path):
        raise typer.BadParameter(
            f"{path} is encrypted to a key: first age -d -i KEYFILE -o bundle.zip {shlex.quote(str(path))}",
            param_hint="BUNDLE",
        )

    _require_parcel(path)

    def ask() -> str:
        return ask_command(session, command) if command else _ask_person(path)

    with ExitStack() as stack:
        with show_progress(session) as progress:
            unpacked = unpacking(path, ask, lambda done, total: progress("unpacking", done, total))
            folder = stack.enter_context(unpacked)
        yield folder


def _require_parcel(path: Path) -> None:
    """Raise BadParameter for a file that is none of a bundle, and was never meant to be one: a part that is cut off still is."""
    from trail.handoff.unpacking import is_zip

    if is_zip(path) or path.suffix.lower() in (".zip", ".age"):
        return
    raise typer.BadParameter(
        f"{path} is no hand-off: that is a folder, or one file that ends in .zip",
        param_hint="BUNDLE",
    )


def ask_command(session: Session, command: str) -> str:
    """The first line a command prints. Raises SecretUnavailable, which says nothing of what it printed."""
    from trail.errors import SecretUnavailable
    from trail.handoff.passphrase import SHORTEST, is_usable

    words = shlex.split(command)
    problem, secret = "", ""
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command, run without a shell
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
            env=dict(session.environ),
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        problem = f"cannot be run: {type(error).__name__}"
    else:
        secret = done.stdout.partition(b"\n")[0].removesuffix(b"\r").decode("ascii", "replace")
        if done.returncode:
            problem = f"failed with exit code {done.returncode}"
        elif not is_usable(secret):
            problem = f"printed no passphrase of {SHORTEST} or more ASCII characters"
    if problem:
        raise SecretUnavailable(
            f"the command of --passphrase-command {problem}",
            "run it by hand: its first line must be the passphrase",
        )
    return secret


def _ask_person(path: Path) -> str:
    from trail.errors import SecretUnavailable

    if not sys.stdin.isatty():
        raise SecretUnavailable(
            f"{path} is encrypted, and nobody is there to type the passphrase",
            "give --passphrase-command",
        )
    return str(typer.prompt("passphrase", hide_input=True, err=True)).strip()

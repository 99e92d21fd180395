"""`trail save`: a message, or its attachments, as files of one's own."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from trail.cli.app import Session, app
from trail.cli.later import typer
from trail.errors import TrailError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@app.command()
def save(
    ctx: typer.Context,
    message: Annotated[
        str, typer.Argument(metavar="ID", help="The id of a message, as search prints it.")
    ],
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE]",
            help="Where the message goes (.eml): a file, a folder/, or - for stdout.",
        ),
    ] = None,
    attachments: Annotated[
        Path | None,
        typer.Option("--attachments", metavar="DIR", help="Write the attachments there."),
    ] = None,
) -> None:
    """Save a message, or its attachments, as files."""
    from trail.archive.store import open_archive
    from trail.cli.reading import find_message
    from trail.parse.envelope import parse_envelope

    session: Session = ctx.obj
    if file is None and attachments is None:
        raise typer.BadParameter("name a FILE for the message, or --attachments DIR, or both")
    if file == "":
        raise typer.BadParameter("FILE is empty: name a file, a folder/, or - for stdout")
    if file == "-" and (session.json or attachments is not None):
        raise typer.BadParameter("- prints the bytes of the message, and nothing else")
    with open_archive(session.config.archive) as archive:
        archived = find_message(archive, message)
        content = archive.read(archived)
        short = archive.facts.shorten_key(archived.key)
    if file == "-":
        session.emit_bytes(content)
        return
    path = None
    if file is not None:
        envelope = parse_envelope(content)
        name = name_file(envelope.subject, envelope.sent_at or archived.received_at, ".eml")
        path = _write_message(content, find_place(Path(file)), name, in_folder=file.endswith("/"))
    saved = write_attachments(content, find_place(attachments)) if attachments is not None else []
    written = [str(p) for p in ([path] if path else []) + saved]
    data = {"id": short, "message": str(path) if path else None}
    session.emit(data | {"attachments": [str(p) for p in saved]}, "\n".join(written))
    if attachments is not None and not saved:
        session.note("this message has no attachments")


def find_place(path: Path) -> Path:
    """`path`, its `~` made a folder. Raises TrailError where nobody has that name."""
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise TrailError(
            f"{path}: whose home that is cannot be told", "write the whole path"
        ) from error


def name_file(subject: str, sent_at: datetime, ending: str) -> str:
    """A name that tells what a file is, and is harmless everywhere: `2024-03-05 Label redesign.eml`."""
    from trail.parse.names import make_safe_name
    from trail.render import format_day
    from trail.terminal import clean_text

    title = " ".join(clean_text(subject).replace("/", "-").split()) or "message"
    return make_safe_name(f"{format_day(sent_at)} {title}{ending}", 1, set())


def write_attachments(content: bytes, folder: Path) -> list[Path]:
    """Write the attachments under their safe names, next to what is there, never over it. Raises TrailError."""
    from trail.parse.attachments import iter_attachments

    saved: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for attachment, payload in iter_attachments(content):
            name = Path(attachment.safe_name)
            for number in range(1, 10_000):
                path = folder / (
                    name.name if number == 1 else f"{name.stem} ({number}){name.suffix}"
                )
                try:
                    _write_new(path, payload)
                except FileExistsError:
                    continue
                saved.append(path)
                break
    except OSError as error:
        raise TrailError(
            f"{error.filename or folder}: {error.strerror}",
            "choose another folder for the attachments",
        ) from error
    return saved


def _write_message(content: bytes, file: Path, name: str, *, in_folder: bool) -> Path:
    path = file / name if in_folder or file.is_dir() else file
    try:
        if in_folder:
            _make_folder(file)
        _write_new(path, content)
    except FileExistsError as error:
        raise TrailError(
            f"{path} is already there", "choose another name; nothing is ever written over"
        ) from error
    except OSError as error:
        raise TrailError(
            f"{error.filename or path}: {error.strerror}", "choose another place for it"
        ) from error
    return path


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise TrailError(
            f"{folder} is a file, and no folder",
            "choose another name, or leave out the / at its end",
        ) from error


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that must not be there yet."""
    file = path.open("xb")
    with file, _removing_half(path):
        file.write(content)
        file.flush()


@contextlib.contextmanager
def _removing_half(path: Path) -> Iterator[None]:
    """Leave no half of a file where the disk was full."""
    try:
        yield
    except OSError:
        path.unlink(missing_ok=True)
        raise

"""`trail show`, `trail thread`: reading a message, and the conversation around it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trail.cli.app import Session, app
from trail.errors import TrailError, UnknownMessage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from trail.archive.store import Archive
    from trail.model import ArchivedMessage


@app.command()
def show(
    ctx: typer.Context,
    message: Annotated[
        str, typer.Argument(metavar="ID", help="The id of a message, as search prints it.")
    ],
    raw: Annotated[bool, typer.Option("--raw", help="The bytes as the server sent them.")] = False,
    save_attachments: Annotated[
        Path | None,
        typer.Option("--save-attachments", metavar="DIR", help="Write the attachments there."),
    ] = None,
) -> None:
    """Show one message."""
    from trail.archive.store import open_archive

    session: Session = ctx.obj
    if raw and (session.json or save_attachments is not None):
        raise typer.BadParameter("--raw prints the bytes of the message, and nothing else")
    with open_archive(session.config.archive) as archive:
        archived = find_message(archive, message)
        content = archive.read(archived)
        data, sent_at = ({}, archived.received_at) if raw else _describe(archive, archived, content)
    if raw:
        session.emit_bytes(content)
        return
    if save_attachments is not None:
        data["saved"] = [str(path) for path in _save_attachments(content, save_attachments)]
        session.emit(data, "\n".join(data["saved"]))
        if not data["saved"]:
            session.note("this message has no attachments")
        return
    from trail import render

    session.emit(data, render.message_text(data, sent_at))


@app.command()
def thread(
    ctx: typer.Context,
    message: Annotated[
        str, typer.Argument(metavar="ID", help="The id of any message of the conversation.")
    ],
) -> None:
    """Show the conversation around a message."""
    from trail import render
    from trail.archive.store import open_archive
    from trail.parse.envelope import parse_envelope
    from trail.parse.threads import ThreadMember, build_thread
    from trail.terminal import clean_text, fit_text

    session: Session = ctx.obj
    with open_archive(session.config.archive) as archive:
        archived = find_message(archive, message)
        keys = archive.facts.thread_keys(archived.key)
        messages = archive.facts.find_messages(keys)
        envelopes = archive.facts.read_envelopes(keys)
        if archived.key not in envelopes:  # fetched by a round that did not get further
            envelopes[archived.key] = parse_envelope(archive.read(archived))
            session.note(
                "this message was not read yet; the next `trail sync` finds its conversation"
            )
        attributions = archive.facts.read_attributions(keys)
        dates = {key: e.sent_at or messages[key].received_at for key, e in envelopes.items()}
        members = [
            ThreadMember(key, e.message_id, e.references, dates[key])
            for key, e in envelopes.items()
        ]
        rows, lines = [], []
        for node in build_thread(members):
            envelope, short = envelopes[node.key], archive.facts.shorten_key(node.key)
            clients = [a.client for a in attributions.get(node.key, ())]
            sender = render.person_text(envelope.sender)
            rows.append(
                {
                    "id": short,
                    "key": node.key,
                    "depth": node.depth,
                    "parent": node.parent,
                    "sent_at": render.format_time(dates[node.key]),
                    "clients": clients,
                    "from": sender,
                    "subject": envelope.subject,
                }
            )
            mark = "*" if node.key == archived.key else " "
            what = clean_text(f"{render.name_person(sender) or '?'}: {envelope.subject}")
            line = (
                f"{mark} {short}  {render.format_day(dates[node.key])}  {'  ' * node.depth}{what}"
            )
            lines.append(fit_text(line, session.width))
    session.emit({"messages": rows}, "\n".join(lines))


def find_message(archive: Archive, prefix: str) -> ArchivedMessage:
    """The message whose key begins with `prefix`. Raises UnknownMessage when there is none, or more than one."""
    prefix = prefix.strip().lower()
    if len(prefix) < 4 or not all(c in "0123456789abcdef" for c in prefix):  # noqa: PLR2004 - shorter ones are slips
        raise UnknownMessage(
            f'"{prefix}" is no message id',
            "an id is 8 or more of 0-9 and a-f, as `trail search` prints it",
        )
    keys = archive.facts.find_by_prefix(prefix)
    if not keys:
        raise UnknownMessage(f"no message has the id {prefix}", "`trail search` prints the ids")
    if len(keys) > 1:
        raise UnknownMessage(
            f"more than one message has an id that begins with {prefix}", "add digits"
        )
    return archive.facts.find_messages(keys)[keys[0]]


def _describe(
    archive: Archive, archived: ArchivedMessage, content: bytes
) -> tuple[dict[str, Any], datetime]:
    from trail import render
    from trail.parse.message import parse_message

    parsed = parse_message(archived.key, content)
    places = archive.sightings.places([archived.key]).get(archived.key, [])
    clients = archive.facts.read_attributions([archived.key]).get(archived.key, ())
    data = render.message_data(
        parsed,
        archive.facts.shorten_key(archived.key),
        archived,
        places,
        clients,
        archive.root,
        archive.marks.read_gmail([archived.key]),
    )
    problems = {p.number: p.reason for p in archive.documents.iter_problems(archived.key)}
    for attachment in data["attachments"]:
        attachment["unreadable"] = problems.get(attachment["number"], "")
    return data, parsed.envelope.sent_at or archived.received_at


def _save_attachments(content: bytes, folder: Path) -> list[Path]:
    """Write the attachments under their safe names, next to what is there, never over it."""
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
                    file = path.open("xb")
                except FileExistsError:
                    continue
                with file, _removing_half(path):
                    file.write(payload)
                    file.flush()
                saved.append(path)
                break
    except OSError as error:
        raise TrailError(
            f"{error.filename or folder}: {error.strerror}",
            "choose another folder for the attachments",
        ) from error
    return saved


@contextlib.contextmanager
def _removing_half(path: Path) -> Iterator[None]:
    """Leave no half of a file where the disk was full."""
    try:
        yield
    except OSError:
        path.unlink(missing_ok=True)
        raise

"""`trail show`, `trail thread`: reading a message, and the conversation around it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from trail.cli.app import Session, app
from trail.cli.later import typer
from trail.errors import UnknownMessage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trail.archive.store import Archive
    from trail.model import ArchivedMessage
    from trail.terminal import Line

_RULE = 72
"""Columns of the rule between two messages."""


@app.command()
def show(
    ctx: typer.Context,
    messages: Annotated[
        list[str], typer.Argument(metavar="ID", help="Ids of messages, as search prints them.")
    ],
    raw: Annotated[bool, typer.Option("--raw", help="The bytes as the server sent them.")] = False,
    save_attachments: Annotated[
        Path | None,
        typer.Option("--save-attachments", metavar="DIR", help="Write the attachments there."),
    ] = None,
) -> None:
    """Show messages."""
    from trail.archive.store import open_archive

    session: Session = ctx.obj
    if raw and (session.json or save_attachments is not None):
        raise typer.BadParameter("--raw prints the bytes of the message, and nothing else")
    if raw and len(messages) > 1:
        raise typer.BadParameter("--raw prints the bytes of one message")
    shown: list[tuple[dict[str, Any], datetime]] = []
    with open_archive(session.config.archive) as archive:
        for archived in [find_message(archive, message) for message in messages]:
            content = archive.read(archived)
            if raw:
                session.emit_bytes(content)
                return
            data, sent_at = describe_message(archive, archived, content)
            if save_attachments is not None:
                from trail.cli.saving import write_attachments

                data["saved"] = [str(path) for path in write_attachments(content, save_attachments)]
            shown.append((data, sent_at))
    documents = [data for data, _ in shown]
    document = documents[0] if len(documents) == 1 else {"messages": documents}
    if save_attachments is not None:
        saved = [path for data in documents for path in data["saved"]]
        session.emit(document, "\n".join(saved))
        if not saved:
            what = "this message has" if len(documents) == 1 else "these messages have"
            session.note(f"{what} no attachments")
        return
    session.emit_lines(document, _messages_lines(shown, session.width))


def _messages_lines(
    shown: Sequence[tuple[dict[str, Any], datetime]], width: int | None
) -> list[Line]:
    """Messages to read, a rule between them, broken between words to so many columns."""
    from trail.render import HEADER, message_lines
    from trail.terminal import DIM, Line, wrap_line

    rule = [Line(""), Line("-" * _RULE, ((0, _RULE, DIM),)), Line("")]
    lines: list[Line] = []
    for data, sent_at in shown:
        lines += rule if lines else []
        message = message_lines(data, sent_at)
        head = message.index(Line(""))
        for line in message[:head]:
            lines += wrap_line(line, width, indent=" " * HEADER)
        for line in message[head:]:
            lines += wrap_line(line, width)
    return lines


@app.command()
def thread(
    ctx: typer.Context,
    message: Annotated[
        str, typer.Argument(metavar="ID", help="The id of any message of the conversation.")
    ],
) -> None:
    """Show the conversation around a message."""
    from trail.archive.store import open_archive
    from trail.cli.conversations import read_conversation, tree_lines

    session: Session = ctx.obj
    with open_archive(session.config.archive) as archive:
        archived = find_message(archive, message)
        rows, days, complete = read_conversation(archive, archived)
    if not complete:
        session.note("this message was not read yet; the next `trail sync` finds its conversation")
    lines = tree_lines(rows, days, archived.key, session.width, draws=session.draws)
    session.emit_lines({"messages": rows}, lines)


def find_message(archive: Archive, prefix: str) -> ArchivedMessage:
    """The message whose key begins with `prefix`, or that has it for its Message-ID.

    Raises UnknownMessage when there is none, or more than one.
    """
    if "@" in prefix:
        return _find_by_message_id(archive, prefix.strip().strip("<>"))
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


def _find_by_message_id(archive: Archive, message_id: str) -> ArchivedMessage:
    from trail.archive.answers import find_by_message_id

    keys = sorted(find_by_message_id(archive.ledger, message_id))
    if not keys:
        raise UnknownMessage(f"no message has the Message-ID <{message_id}>", "`trail search` prints the ids")  # fmt: skip
    if len(keys) > 1:
        ids = " ".join(archive.facts.shorten_key(key) for key in keys[:10])
        raise UnknownMessage(f"{len(keys)} messages have the Message-ID <{message_id}>", f"take one of {ids}")  # fmt: skip
    return archive.facts.find_messages(keys)[keys[0]]


def describe_message(
    archive: Archive, archived: ArchivedMessage, content: bytes
) -> tuple[dict[str, Any], datetime]:
    """A message for programs, and when it was sent, or else received."""
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

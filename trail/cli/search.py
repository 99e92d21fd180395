"""`trail search`, `trail show`, `trail thread`: finding and reading."""

from __future__ import annotations

import shutil
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trail.cli.app import Session, app
from trail.errors import TrailError, UnknownMessage

if TYPE_CHECKING:
    from trail.archive.store import Archive
    from trail.model import ArchivedMessage


class Sort(StrEnum):
    """How hits are ordered."""

    date = "date"
    relevance = "relevance"


@app.command()
def search(
    ctx: typer.Context,
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY...",
            help='Words, "phrases", from: to: subject: client: after: before: has:attachment file: … with AND, OR, NOT.',
        ),
    ] = None,
    client: Annotated[
        str | None, typer.Option("--client", help="Only this client's.", metavar="CLIENT")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", help="From this date on: 2024-03, yesterday, 3 weeks ago.", metavar="DATE"
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Up to the end of this date.", metavar="DATE")
    ] = None,
    sort: Annotated[Sort, typer.Option("--sort", help="Newest first, or best first.")] = Sort.date,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=10000, help="At most so many hits.")
    ] = 20,
) -> None:
    """Find messages."""
    from trail import render
    from trail.archive.store import open_archive
    from trail.config import find_client
    from trail.index.dates import parse_date
    from trail.index.store import WhooshIndex

    session: Session = ctx.obj
    now = datetime.now().astimezone()
    config = session.config
    with open_archive(config.archive) as archive:
        index = WhooshIndex.open(config.archive / "index")
        try:
            result = index.search(
                " ".join(query or ()),
                client=find_client(config, client).slug if client else None,
                since=parse_date(since, now)[0] if since else None,
                until=parse_date(until, now)[1] if until else None,
                sort=sort.value,
                limit=limit,
                now=now,
                clients=[c.slug for c in config.clients],
            )
        finally:
            index.close()
        keys = [hit.key for hit in result.hits]
        messages = archive.facts.find_messages(keys)
        places = archive.sightings.places(keys)
        attributions = archive.facts.read_attributions(keys)
        hits = [
            render.hit_data(
                hit,
                archive.facts.shorten_key(hit.key),
                messages[hit.key],
                places.get(hit.key, []),
                attributions.get(hit.key, ()),
                archive.root,
            )
            for hit in result.hits
            if hit.key in messages
        ]
    width = shutil.get_terminal_size().columns if session.on_terminal else None
    days = {hit.key: hit.sent_at for hit in result.hits}
    session.emit(
        {"total": result.total, "hits": hits},
        "\n".join(render.hit_text(hit, days[hit["key"]], width) for hit in hits),
    )
    if not hits:
        session.note("nothing found")
    elif result.total > len(hits):
        session.note(f"{len(hits)} of {result.total:,}; --limit shows more")


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
    with open_archive(session.config.archive) as archive:
        archived = find_message(archive, message)
        content = archive.read(archived)
        if raw:
            sys.stdout.buffer.write(content)
            return
        data, sent_at = _describe(archive, archived, content)
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
    from trail.parse.threads import ThreadMember, build_thread

    session: Session = ctx.obj
    with open_archive(session.config.archive) as archive:
        archived = find_message(archive, message)
        keys = archive.facts.thread_keys(archived.key)
        messages = archive.facts.find_messages(keys)
        envelopes = archive.facts.read_envelopes(keys)
        attributions = archive.facts.read_attributions(keys)
        dates = {
            key: (envelopes[key].sent_at if key in envelopes else None) or messages[key].received_at
            for key in keys
        }
        members = [
            ThreadMember(key, envelopes[key].message_id, envelopes[key].references, dates[key])
            for key in keys
            if key in envelopes
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
            who = render.clean_text(
                (envelope.sender.name or envelope.sender.address) if envelope.sender else "?"
            )
            lines.append(
                f"{mark} {short}  {render.format_day(dates[node.key])}  {'  ' * node.depth}{who}: {render.clean_text(envelope.subject)}"
            )
    session.emit({"messages": rows}, "\n".join(lines))


def find_message(archive: Archive, prefix: str) -> ArchivedMessage:
    """The message whose key begins with `prefix`. Raises UnknownMessage when there is none, or more than one."""
    prefix = prefix.strip().lower()
    if len(prefix) < 4 or not all(c in "0123456789abcdef" for c in prefix):  # noqa: PLR2004 - shorter ones are slips
        raise UnknownMessage(
            f"{prefix!r} is no message id",
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
        parsed, archive.facts.shorten_key(archived.key), archived, places, clients, archive.root
    )
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
                    with path.open("xb") as file:
                        file.write(payload)
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

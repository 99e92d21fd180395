"""`trail book`: the whole book as one file, for a backup, another machine or another program."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from trail.cli.app import Session, app
from trail.cli.later import typer
from trail.errors import TrailError, UnusableBook

if TYPE_CHECKING:
    from trail.archive.store import Archive
    from trail.book.exchange import Copy, Merge
    from trail.model.book import Entry

books = app.add_group("book", help="The client's book as a file: notes, actions, agreements.")
_LARGEST = 256 << 20
"""Bytes of a file that is imported."""

_CALLED = {
    "added": "added",
    "changed": "changed",
    "struck": "taken out",
    "settled": "settled or waited for again",
    "same": "here already",
    "older": "newer here",
}


@books.command("export")
def export(
    ctx: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(metavar="[CLIENT] FILE", help="The client, or all; - for stdout."),
    ],
) -> None:
    """Write the book to a JSON file."""
    from trail.archive.store import open_archive
    from trail.book.exchange import format_book
    from trail.cli.filing import BOOK, write_file
    from trail.config import find_client
    from trail.render import count_of

    session: Session = ctx.obj
    if len(words) > 2:  # noqa: PLR2004 - a client and a file
        raise typer.BadParameter("give a client, or none, and a file", param_hint="FILE")
    slug = find_client(session.config, words[0]).slug if len(words) > 1 else None
    if slug is None:
        _refuse_client(session, words[0])
    with open_archive(session.config.archive) as archive, archive.ledger.reading():
        entries, struck = _list_all(archive, slug), archive.book.list_struck(slug)
        settled = archive.conversations.list_decided(slug)
    content = format_book(entries, struck, settled, datetime.now(UTC)).encode()
    if words[-1] == "-":
        session.emit_bytes(content)
        return
    path = Path(words[-1]).expanduser()
    write_file(path, content, BOOK)
    told = f"{len(entries):,} {'entry' if len(entries) == 1 else 'entries'} in {path}"
    data = {"file": str(path), "entries": len(entries), "struck": len(struck), "settled": len(settled)}  # fmt: skip
    session.emit(data, told, is_note=True)
    if settled:
        session.note(f"and {count_of(len(settled), 'decision')} about who waits")
    if struck:
        session.note(f"and {count_of(len(struck), 'id')} of what was taken out, without text")


def _refuse_client(session: Session, word: str) -> None:
    """The whole book in a file called as a client is: somebody wanted that client's, and forgot the file."""
    from trail.config import find_client
    from trail.errors import UnknownClient

    try:
        slug = find_client(session.config, word).slug
    except UnknownClient:
        return
    raise typer.BadParameter(
        f"{word} is a client, and no file: `trail book export {slug} FILE`; ./{word} is the file of that name",
        param_hint="FILE",
    )


@books.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="What `book export` wrote; - for stdin.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be taken.")
    ] = False,
) -> None:
    """Take a book into this one; newer entries replace older ones."""
    from trail.archive.store import open_archive
    from trail.book.exchange import read_book
    from trail.bookkeeping import writing_book

    session: Session = ctx.obj
    config = session.config
    try:
        copy = read_book(_read(file))
    except UnusableBook as error:
        name = "stdin" if file == "-" else file
        raise UnusableBook(f"{name}: {error.message}", error.hint) from None
    copy, strangers = _keep_clients(copy, {client.slug for client in config.clients})
    if dry_run:
        with open_archive(config.archive) as archive:
            plan = _plan(archive, copy)
    else:
        with writing_book(config.archive) as pen:
            plan = _plan(pen.archive, copy)
            pen.take((*plan.added, *plan.changed), plan.struck, plan.settled)
    counts = {
        "added": len(plan.added), "changed": len(plan.changed), "struck": len(plan.struck),
        "settled": len(plan.settled), "same": plan.same, "older": plan.older,
    }  # fmt: skip
    told = ", ".join(f"{count:,} {_CALLED[name]}" for name, count in counts.items() if count)
    data = {"dry_run": dry_run, **counts, "unknown_clients": strangers}
    session.emit(data, f"{'would be: ' if dry_run else ''}{told or 'an empty book'}", is_note=True)
    if strangers:
        session.warn(
            f"left out: entries of clients that are not in the configuration: {', '.join(strangers)}"
        )


def _list_all(archive: Archive, client: str | None) -> list[Entry]:
    from trail.model.book import Action, Agreement, Note, Request, Response

    book = archive.book
    return [
        *book.list_entries(Note, client),
        *book.list_entries(Action, client),
        *book.list_entries(Agreement, client),
        *book.list_entries(Request, client),
        *book.list_entries(Response, client),
    ]


def _plan(archive: Archive, copy: Copy) -> Merge:
    from trail.book.exchange import merge

    settled = archive.conversations.list_decided()
    return merge(copy, _list_all(archive, None), archive.book.list_struck(), settled)


def _keep_clients(copy: Copy, slugs: set[str]) -> tuple[Copy, list[str]]:
    """Leave out clients that are not configured: they may have been forgotten."""
    from dataclasses import replace

    named = {one.client for one in (*copy.entries, *copy.struck, *copy.settled)}
    kept = replace(
        copy,
        entries=tuple(one for one in copy.entries if one.client in slugs),
        struck=tuple(one for one in copy.struck if one.client in slugs),
        settled=tuple(one for one in copy.settled if one.client in slugs),
    )
    return kept, sorted(named - slugs)


def _read(place: str) -> str:
    try:
        if place == "-":
            content = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with Path(place).expanduser().open("rb") as file:
                content = file.read(_LARGEST + 1)
    except OSError as error:
        raise TrailError(
            f"{place} cannot be read: {error.strerror}", "name a file that is there"
        ) from error
    if len(content) > _LARGEST:
        raise UnusableBook("is larger than any book", "give a file that `trail book export` wrote")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnusableBook(f"line {line}: is not UTF-8", "give a file that `trail book export` wrote") from None  # fmt: skip

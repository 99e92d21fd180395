"""`trail note` and `trail notes`: what somebody wants to remember of a client, in Markdown, under the day it was written."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from trail.cli.app import Session, app
from trail.cli.later import typer
from trail.errors import TrailError

if TYPE_CHECKING:
    from trail.cli.editor import Draft
    from trail.model.book import Note

LONGEST = 1_000_000
"""Characters of a note."""


@app.command("note")
def note(
    ctx: typer.Context,
    client: Annotated[
        str | None, typer.Argument(metavar="CLIENT", help="Its slug or name.")
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TEXT]", help="The note; else stdin, else your editor is opened."),
    ] = None,
    edit: Annotated[
        str | None, typer.Option("--edit", metavar="ID", help="Change a note instead.")
    ] = None,
    delete: Annotated[
        str | None, typer.Option("--delete", metavar="ID", help="Take a note out for good.")
    ] = None,
) -> None:
    """Write a note about a client; it never leaves with a hand-off. --delete goes without a client, too."""
    from trail.archive.store import open_archive
    from trail.bookkeeping import find_entry
    from trail.config import find_client
    from trail.model.book import Note

    session: Session = ctx.obj
    slug = find_client(session.config, client).slug if client else ""
    if delete:
        if text or edit:
            raise typer.BadParameter("goes alone", param_hint="--delete")
        _delete(session, slug, delete)
        return
    if not slug:
        raise typer.BadParameter("which client?", param_hint="CLIENT")
    before = None
    if edit:
        with open_archive(session.config.archive) as archive:
            before = find_entry(archive, Note, edit, slug)
    if text:
        _write(session, slug, clean_note(" ".join(text)), before)
    elif not sys.stdin.isatty():
        _write(session, slug, clean_note(_read_stdin()), before)
    else:
        _ask_editor(session, slug, before)


def _ask_editor(session: Session, slug: str, before: Note | None) -> None:
    from trail.archive.store import require_archive
    from trail.cli.editor import Draft

    require_archive(session.config.archive, "ledger.db")
    with Draft(session.config.archive, session.environ, before.text if before else "") as draft:
        draft.open()
        _write_draft(session, slug, draft, before)


def _write_draft(session: Session, slug: str, draft: Draft, before: Note | None) -> None:
    text = clean_note(draft.read())
    try:
        _write(session, slug, text, before)
    except TrailError as error:  # a full disk, for one: what was written by hand is not lost
        draft.keep()
        raise type(error)(error.message, f"{error.hint}; your text is in {draft.path}") from error


def _write(session: Session, slug: str, text: str, before: Note | None) -> None:
    from trail.bookkeeping import find_entry, writing_book
    from trail.cli.entries import clip, note_data
    from trail.model.book import Note

    with writing_book(session.config.archive) as pen:
        if before:
            made = replace(find_entry(pen.archive, Note, before.id, slug), text=text)
            if made.text != before.text:
                made = replace(made, changed_at=pen.now)
                pen.write(made, "changed")
        else:
            made = Note(pen.make_id(), slug, text, pen.now, pen.now)
            pen.write(made, "added")
    first = clip(text.partition("\n")[0], 60, 0)
    session.emit(note_data(made), f"noted {made.id}  {slug}  {first}", is_note=True)


def _delete(session: Session, slug: str, id_: str) -> None:
    from trail.bookkeeping import find_entry, writing_book
    from trail.cli.entries import note_data
    from trail.model.book import Note

    with writing_book(session.config.archive) as pen:
        gone = find_entry(pen.archive, Note, id_, slug)
        pen.strike(gone)
    session.emit({**note_data(gone), "deleted": True}, f"deleted {gone.id}", is_note=True)


@app.command("notes")
def notes(
    ctx: typer.Context,
    client: Annotated[
        str | None, typer.Argument(metavar="[CLIENT]", help="Only this client's.")
    ] = None,
) -> None:
    """Show the notes, the newest first."""
    from trail.archive.store import open_archive
    from trail.cli.entries import note_data, note_lines
    from trail.config import find_client
    from trail.model.book import Note

    session: Session = ctx.obj
    slug = find_client(session.config, client).slug if client else None
    with open_archive(session.config.archive) as archive:
        found = archive.book.list_entries(Note, slug)[::-1]
    if not found:
        session.note("no notes")
    session.emit_lines({"notes": [note_data(one) for one in found]}, note_lines(found))


def clean_note(text: str) -> str:
    """A note as it is kept: lines that end alike, nothing before or behind. Raises TrailError when nothing is left."""
    lines = (line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    kept = "\n".join(lines).strip("\n")
    if not kept.strip():
        raise TrailError("the note is empty: nothing was noted", "write something into it")
    if len(kept) > LONGEST:
        raise TrailError(f"the note is longer than {LONGEST:,} characters", "split it")
    return kept.encode("utf-8", "replace").decode()


def _read_stdin() -> str:
    content = sys.stdin.buffer.read()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TrailError("what was piped in is not UTF-8", "pipe in text") from None

"""`trail next suggest`: what was promised in the mail, and by when something is due, made next actions with one key.

In: what the sync made of clients' mail. Out: actions for what is accepted; what nobody wants to see again is remembered.
Nothing is entered that nobody accepted.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

from trail.cli.booking import emit_action, join_words, note_past, read_day, read_today
from trail.cli.later import typer
from trail.cli.next import actions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from trail.archive.store import Archive
    from trail.bookkeeping import Pen
    from trail.cli.app import Session
    from trail.model.book import Action, Suggestion

_KEYS = "[a]ccept, [s]kip, [n]ever, [q]uit"


@actions.command("suggest")
def suggest(
    ctx: typer.Context,
    client: Annotated[
        str | None, typer.Argument(metavar="[CLIENT]", help="Only this client's mail.")
    ] = None,
) -> None:
    """Go through what the mail suggests; not on a terminal: list it."""
    from trail.archive.store import open_archive
    from trail.cli.entries import suggestion_data, suggestion_lines

    session: Session = ctx.obj
    with open_archive(session.config.archive) as archive:
        found = _read(session, archive, client)
        unread = archive.said.count_unheard()
    if unread:
        session.note(f"{unread:,} messages were not read for this yet; `trail sync` goes on")
    if found and not session.json and sys.stdin.isatty() and sys.stdout.isatty():
        _ask_each(session, found)
        return
    if not found:
        session.note("the mail suggests nothing")
    session.emit_lines(
        {"suggestions": [suggestion_data(one) for one in found]},
        suggestion_lines(found, read_today(), session.width),
    )


@actions.command("accept")
def accept(
    ctx: typer.Context,
    id_: Annotated[str, typer.Argument(metavar="ID", help="Its id, as `suggest` shows it.")],
    text: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT]", help="In your own words.")
    ] = None,
    due: Annotated[
        str | None, typer.Option("--due", metavar="DATE", help="By when, unless as it says.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Keep it out of hand-offs.")] = False,
) -> None:
    """Make a next action of a suggestion."""
    from trail.bookkeeping import writing_book

    session: Session = ctx.obj
    day = read_day(due) if due else None
    words = join_words(text) if text else ""
    with writing_book(session.config.archive) as pen:
        (one,) = _find(session, pen.archive, [id_])
        made = _take(pen, one, words, day, private=private)
    emit_action(session, made)
    note_past(session, day)


@actions.command("never")
def never(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Ids, as `suggest` shows them.")],
) -> None:
    """Never show suggestions again."""
    from trail.bookkeeping import writing_book
    from trail.render import count_of

    session: Session = ctx.obj
    with writing_book(session.config.archive) as pen:
        found = _find(session, pen.archive, ids)
        for one in found:
            pen.dismiss(one.id, one.client)
    told = f"{count_of(len(found), 'suggestion')} will not come again"
    session.emit({"never": [one.id for one in found]}, told, is_note=True)


def _read(session: Session, archive: Archive, client: str | None) -> list[Suggestion]:
    from trail.cli.clock import read_clock
    from trail.config import find_client
    from trail.suggesting import read_suggestions

    config = session.config
    slugs = [find_client(config, client).slug] if client else [one.slug for one in config.clients]
    return read_suggestions(archive, slugs, read_clock())


def _find(session: Session, archive: Archive, ids: Sequence[str]) -> list[Suggestion]:
    """Suggestions by their ids. Raises UnknownEntry."""
    from trail.book.ids import read_prefix
    from trail.bookkeeping import choose

    known = _read(session, archive, None)
    found = []
    for id_ in ids:
        prefix = read_prefix(id_)
        found.append(
            choose([s for s in known if prefix and s.id.startswith(prefix)], id_, "suggestion")
        )
    return list({one.id: one for one in found}.values())


def _take(
    pen: Pen, one: Suggestion, words: str = "", due: date | None = None, *, private: bool = False
) -> Action:
    """Make the action: it has the suggestion's id, so that it is there once however often it is accepted."""
    from trail.book.suggestions import word_action
    from trail.model.book import Action

    text = words or word_action(one)
    day = due or one.due or read_today()  # what names no day is not to be forgotten over it
    made = Action(one.id, one.client, text, pen.now, pen.now, day, private, one.source)
    pen.write(made, "added")
    return made


def _ask_each(session: Session, suggestions: Sequence[Suggestion]) -> None:
    from trail.bookkeeping import writing_book
    from trail.cli.keys import ENDS, reading_keys
    from trail.render import count_of

    counts = {"a": 0, "n": 0}
    with reading_keys() as read_key:
        for number, one in enumerate(suggestions, 1):
            for line in _describe(one, f"{number} of {len(suggestions)}", session.width):
                session.tell(line)
            session.tell(_KEYS)
            while (key := read_key().lower()) not in ("a", "s", "n", "q", *ENDS):
                pass
            if key in counts:
                counts[key] += 1
                with writing_book(session.config.archive) as pen:
                    if key == "a":
                        _take(pen, one)
                    else:
                        pen.dismiss(one.id, one.client)
            elif key != "s":
                break
    session.emit({}, f"{count_of(counts['a'], 'action')} added, {counts['n']} not to be seen again")


def _describe(one: Suggestion, place: str, width: int | None) -> list[str]:
    from trail.book.actions import describe_day
    from trail.render import format_day
    from trail.terminal import clean_text, fit_text, wrap_text

    who = "you" if one.ours else one.said_by or "they"
    day = describe_day(one.due, read_today())
    head = f"{place}  {one.client}  {day}  {who}, {format_day(one.said_at)} [{one.source[:8]}]"
    said = f"  “{clean_text(one.sentence)}”"
    return ["", fit_text(clean_text(head), width), *wrap_text(said, width, indent="  ")]

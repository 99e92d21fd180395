"""What the commands of the client's book share: words and days from a command line, and an action after a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trail.cli.later import typer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from trail.archive.store import Archive
    from trail.cli.app import Session
    from trail.model.book import Action


def emit_action(session: Session, *changed: Action) -> None:
    """Show actions after a change, a line each."""
    from trail.cli.entries import action_data, action_lines

    today = read_today()
    lines = action_lines(changed, today, session.width)
    data: dict[str, Any] = {"actions": [action_data(action, today) for action in changed]}
    session.emit(data, "\n".join(line.text for line in lines), is_note=True)


def find_source(archive: Archive, message: str | None) -> str:
    """The key of a message that a person names; "" for none. Raises UnknownMessage."""
    if not message:
        return ""
    from trail.cli.reading import find_message

    return find_message(archive, message).key


def clean_words(text: str) -> str:
    """A text on one line; what a command line has that is no text becomes a question mark."""
    return " ".join(text.split()).encode("utf-8", "replace").decode()


def join_words(words: Sequence[str]) -> str:
    """A text from the words of a command line, on one line. Raises BadParameter when it says nothing."""
    text = clean_words(" ".join(words))
    if not text:
        raise typer.BadParameter("says nothing", param_hint="TEXT")
    return text


def read_today() -> date:
    """The day where the user is."""
    from trail.cli.clock import read_clock

    return read_clock().date()


def note_past(session: Session, day: date | None) -> None:
    """Say that a day is past: it may be meant, or a slip."""
    if day is not None and day < read_today():
        session.note(f"note: {day} is past")


def read_day(text: str) -> date:
    """A day ahead. Raises InvalidQuery."""
    from trail.book.due import read_due

    return read_due(text, read_today())

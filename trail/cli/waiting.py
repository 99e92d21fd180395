"""`trail waiting`: who waits for whom, with the sentence that says so; and what of it is done, or put off.

In: what the sync made of clients' mail. Out: the list, the most pressing first; what a person settled of it.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from trail.cli.app import Session, app
from trail.cli.later import typer
from trail.errors import UnknownMessage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.archive.store import Archive
    from trail.model import Awaited, Settled, Side
    from trail.owed import Matter, Owed
    from trail.terminal import Line

waits = app.add_group(
    "waiting",
    help="Who waits for whom; alone: the list. `trail waiting list -h` tells its options.",
    default="list",
)


class On(StrEnum):
    """Whose word is waited for."""

    us = "us"
    them = "them"


@waits.command("list")
def list_(
    ctx: typer.Context,
    client: Annotated[
        str | None, typer.Argument(metavar="[CLIENT]", help="Only this client.")
    ] = None,
    on: Annotated[
        On | None, typer.Option("--on", help="Only what we owe (us), or what is owed to us (them).")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also what was put off, or is older than half a year.")
    ] = False,
) -> None:
    """List where a word is owed, the most pressing first."""
    from trail.archive.store import open_archive
    from trail.cli.clock import read_clock
    from trail.config import find_client
    from trail.owed import describe, read_owed

    session: Session = ctx.obj
    config = session.config
    slug = find_client(config, client).slug if client else None
    with open_archive(config.archive) as archive:
        by: Side | None = None if on is None else "us" if on is On.us else "them"
        owed = read_owed(archive, read_clock(), slug, by, everything=every)
        more = (*owed.snoozed, *owed.long_ago) if every else ()
        matters = describe(archive, (*owed.waiting, *more))
    if owed.unread:
        were = "message was" if owed.unread == 1 else "messages were"
        session.note(f"{owed.unread:,} {were} not read for this yet; `trail sync` goes on")
    data = {
        "waiting": [_data(matter) for matter in matters],
        "snoozed": len(owed.snoozed),
        "long_ago": owed.old,
        "unread": owed.unread,
    }
    session.emit_lines(data, _list_lines(matters, owed, session.width, every=every))


@waits.command("done")
def done(
    ctx: typer.Context,
    messages: Annotated[
        list[str], typer.Argument(metavar="ID", help="Ids of messages, as the list has them.")
    ],
    on: Annotated[
        On | None, typer.Option("--on", help="Only what we owe (us), or what is owed to us (them).")
    ] = None,
) -> None:
    """Take conversations off the list, as after a call."""
    _settle(ctx.obj, messages, on, None)


@waits.command("snooze")
def snooze(
    ctx: typer.Context,
    message: Annotated[
        str, typer.Argument(metavar="ID", help="Id of a message, as the list has it.")
    ],
    until: Annotated[
        list[str], typer.Argument(metavar="WHEN", help="Until when: 1w, friday, 2026-12-01.")
    ],
    on: Annotated[
        On | None, typer.Option("--on", help="Only what we owe (us), or what is owed to us (them).")
    ] = None,
) -> None:
    """Put a conversation off until a day, or the next word in it."""
    from trail.book.due import read_due
    from trail.cli.clock import read_clock

    now = read_clock()
    day = datetime.combine(read_due(" ".join(until), now.date()), time(), now.tzinfo)
    if day <= now:
        raise typer.BadParameter("is not after today", param_hint="WHEN")
    _settle(ctx.obj, [message], on, day)


@waits.command("undo")
def undo(
    ctx: typer.Context,
    messages: Annotated[
        list[str], typer.Argument(metavar="ID", help="Ids of messages, as the list had them.")
    ],
) -> None:
    """Put back on the list what was done or put off."""
    from trail.archive.store import open_archive, writing_beside
    from trail.cli.reading import find_message

    session: Session = ctx.obj
    with open_archive(session.config.archive) as archive:
        keys = set()
        for key in [find_message(archive, message).key for message in messages]:
            keys |= {key, *(a.key for a in archive.conversations.list_awaited_around(key))}
    with writing_beside(session.config.archive) as archive, archive.ledger.transaction():
        found = archive.conversations.unsettle(keys, datetime.now(UTC))
        settled = _settled_data(archive, found)
    count = len({s.key for s in found})
    told = f"{count:,} {'waits' if count == 1 else 'wait'} again"
    session.emit({"settled": settled}, told if found else "nothing of that was settled")


def _settle(
    session: Session, messages: Sequence[str], on: On | None, until: datetime | None
) -> None:
    from trail.archive.ledger import from_seconds
    from trail.archive.store import open_archive, writing_beside
    from trail.model import Settled

    at = datetime.now(UTC)
    with open_archive(session.config.archive) as archive:
        owed = [a for message in messages for a in _find_owed(archive, message, on)]
        words = archive.conversations.read_last_words(owed)
    settled = [
        Settled(
            a.client, a.key, a.by, at, until, from_seconds(words.get((a.client, a.conversation), 0))
        )
        for a in owed
    ]
    with writing_beside(session.config.archive) as archive, archive.ledger.transaction():
        archive.conversations.settle(settled)
        data = _settled_data(archive, settled)
    told = f"put off until {until:%A, %Y-%m-%d}" if until else "done"
    lines = dict.fromkeys(f"{a.client}: {a.sentence}  ({told})" for a in owed)
    session.emit({"settled": data}, "\n".join(lines), is_note=True)


def _find_owed(archive: Archive, message: str, on: On | None) -> list[Awaited]:
    """All that one side, or each, owes in the conversation of a message. Raises UnknownMessage."""
    from trail.cli.reading import find_message

    key = find_message(archive, message).key
    owed = [
        a for a in archive.conversations.list_awaited_around(key) if on is None or a.by == on.value
    ]
    sides = {a.by for a in owed if a.key == key} or {a.by for a in owed}
    if not sides:
        raise UnknownMessage(
            f"nobody waits in the conversation of {message}", "`trail waiting` lists who waits"
        )
    return [a for a in owed if a.by in sides]


def _settled_data(archive: Archive, settled: Sequence[Settled]) -> list[dict[str, Any]]:
    from trail.render import format_time

    short = archive.facts.shorten_keys([s.key for s in settled])
    return [
        {"id": id_, "key": s.key, "client": s.client, "on": s.by, "until": format_time(s.until)}
        for id_, s in zip(short, settled, strict=True)
    ]


def _data(matter: Matter) -> dict[str, Any]:
    from trail.render import format_time

    waiting = matter.waiting
    return {
        "id": matter.id,
        "key": waiting.first.key,
        "client": waiting.first.client,
        "on": waiting.first.by,
        "kind": waiting.telling.kind,
        "since": format_time(waiting.first.at),
        "days": waiting.since_days,
        "working_days": waiting.working_days,
        "name": matter.name,
        "address": matter.address,
        "subject": matter.subject,
        "sentence": waiting.telling.sentence,
        "due": waiting.due.isoformat() if waiting.due else None,
        "overdue_days": waiting.overdue_days,
        "messages": [awaited.key for awaited in waiting.awaited],
        "displeased": waiting.displeased or None,
        "snoozed_until": format_time(waiting.snoozed_until),
    }


def _list_lines(
    matters: Sequence[Matter], owed: Owed, width: int | None, *, every: bool
) -> list[Line]:
    """Two lines for each, more where they are long, and one for what is not shown; nothing owed is said in one line."""
    from trail.terminal import DIM, Line, join_pieces

    lines = [line for matter in matters for line in _matter_lines(matter, width)]
    left = [
        f"{count:,} {what}"
        for count, what in (
            (len(owed.snoozed), "put off"),
            (owed.old, "older than half a year"),
        )
        if count and not every
    ]
    if not lines:
        lines.append(Line("nobody waits"))
    if left:
        lines.append(join_pieces((f"{', '.join(left)} (trail waiting --all)", DIM)))
    return lines


def _matter_lines(matter: Matter, width: int | None) -> list[Line]:
    from trail.render import count_of
    from trail.terminal import BOLD, DIM, ID, MATCH, NAME, clean_text, join_pieces, wrap_line

    waiting = matter.waiting
    due = f", due {waiting.due}" if waiting.due else ""
    if waiting.overdue_days:
        due += f", {count_of(waiting.overdue_days, 'day')} overdue"
    if waiting.displeased:
        due += ", displeased"
    if waiting.snoozed_until:
        due += f", put off until {waiting.snoozed_until.astimezone():%Y-%m-%d}"
    head = join_pieces(
        (matter.id, ID),
        "  ",
        (waiting.first.client, NAME),
        "  ",
        (_tell_who(matter), BOLD),
        (due, MATCH if waiting.overdue_days or waiting.displeased else BOLD),
        f"  {clean_text(matter.subject)}",
    )
    sentences = dict.fromkeys(filter(None, (waiting.telling.sentence, waiting.displeased)))
    said = [
        join_pieces("          ", (f"\u201c{clean_text(sentence)}\u201d", DIM))
        for sentence in sentences
    ]
    return [piece for line in (head, *said) for piece in wrap_line(line, width, indent=" " * 10)]


def _tell_who(matter: Matter) -> str:
    from trail.render import count_of
    from trail.terminal import clean_text

    waiting = matter.waiting
    who = clean_text(matter.name or matter.address or "?")
    days = count_of(waiting.since_days, "day")
    ago = f"{days} ago" if waiting.since_days else "today"
    if waiting.telling.kind == "promise":
        return f"you promised {who} {ago}" if waiting.first.by == "us" else f"{who} promised {ago}"
    if waiting.first.by == "us":
        return f"{who} has waited {days}" if waiting.since_days else f"{who} asked today"
    return f"{who} has not answered for {days}" if waiting.since_days else f"you asked {who} today"

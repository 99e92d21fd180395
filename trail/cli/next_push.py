"""`trail next push`: next actions into a calendar (CalDAV), and what was ticked off there back.

In: the book, and a calendar on a server. Out: both with the same things to do. What it does there is decided in
`trail.book.calendar`; an item of anybody else is never touched.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from trail.cli.later import typer
from trail.cli.next import actions
from trail.errors import ConfigError, SecretUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.book.calendar import Push
    from trail.calendars.remote import Calendar, Item
    from trail.cli.app import Session
    from trail.config.load import Caldav
    from trail.model.book import Action


@actions.command("push")
def push(
    ctx: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be done.")
    ] = False,
) -> None:
    """Put next actions into a calendar, and take ticks from it.

    The calendar is that of [caldav]; what was ticked off there is done here, too.
    """
    session: Session = ctx.obj
    caldav = session.config.caldav
    if caldav is None:
        raise ConfigError(
            f"{session.config.path}: no [caldav] in the configuration, so there is no calendar to push to",
            "name one: a table [caldav] with url and user (docs/configuration.md)",
        )
    make_calendar = _load_calendar()
    password = _find_password(session, caldav)
    ca_file = str(caldav.ca_file) if caldav.ca_file else None
    with make_calendar(caldav.url, caldav.user, password, ca_file) as calendar:
        calendar.check()
        items = calendar.list_items()
        plan = _make_plan(session, items)
        missed = [] if dry_run else _carry_out(session, calendar, items, plan)
    _tell(session, plan, missed, dry_run=dry_run)


def _load_calendar() -> type[Calendar]:
    """What speaks to calendars. Raises ConfigError where the packages it needs are not there."""
    try:
        from trail.calendars.remote import Calendar
    except ImportError as error:
        raise ConfigError(
            f"the Python package {error.name or 'caldav'}, which speaks to calendars, is not installed",
            "install what trail needs for this: pip install 'trail[caldav]'",
        ) from error
    return Calendar


def _find_password(session: Session, caldav: Caldav) -> str:
    from urllib.parse import urlsplit

    from trail.fetch.auth import resolve_password
    from trail.model import Account

    host = urlsplit(caldav.url).hostname or ""
    account = Account(
        "caldav", host, caldav.user,
        password_env=caldav.password_env, password_command=caldav.password_command,
    )  # fmt: skip
    try:
        return resolve_password(account, session.environ)
    except SecretUnavailable as error:
        message = error.message.removeprefix('account "caldav": ')
        asked_keyring = caldav.password_env is None and not caldav.password_command
        hint = (
            f"put it there: keyring set trail {caldav.user}@{host}; or set password_env or password_command"
            if asked_keyring
            else error.hint
        )
        raise SecretUnavailable(f"[caldav]: {message}", hint) from None


def _make_plan(session: Session, items: dict[str, Item]) -> Push:
    from datetime import UTC, datetime

    from trail.archive.store import open_archive
    from trail.book.calendar import plan_push
    from trail.model.book import Action

    with open_archive(session.config.archive) as archive, archive.ledger.reading():
        return plan_push(
            archive.book.list_entries(Action),
            {uid: item.todo for uid, item in items.items()},
            archive.book.read_pushed(),
            [one.id for one in archive.book.list_struck() if one.kind == "action"],
            _names(session),
            datetime.now(UTC),
        )


def _names(session: Session) -> dict[str, str]:
    return {client.slug: client.name for client in session.config.clients}


def _carry_out(
    session: Session, calendar: Calendar, items: dict[str, Item], plan: Push
) -> list[str]:
    """Do what is planned. Returns the ids of what changed in the calendar meanwhile, and was left alone."""
    from trail.book.ics import name_uid
    from trail.calendars.remote import ChangedMeanwhile

    _tick_off(session, plan.ticked)
    left: list[Action] = [*plan.same, *(replace(a, done_at=a.changed_at) for a in plan.ticked)]
    gone: list[str] = []
    missed = {*plan.remove, *(action.id for action in (*plan.add, *plan.change))}
    texts = _format(session, (*plan.add, *plan.change))
    try:
        for action in (*plan.add, *plan.change):
            uid = name_uid(action.id)
            with suppress(ChangedMeanwhile):
                if uid in items:
                    calendar.change(items[uid], texts[action.id])
                else:
                    calendar.add(uid, texts[action.id])
                left.append(action)
                missed.remove(action.id)
        for id_ in plan.remove:
            with suppress(ChangedMeanwhile):
                calendar.remove(items[name_uid(id_)])
                gone.append(id_)
                missed.remove(id_)
    finally:  # the server may leave at any moment: what was done is remembered
        _remember(session, left, gone)
    return sorted(missed)


def _tick_off(session: Session, ticked: Sequence[Action]) -> None:
    """What is done there is done here, unless it was done or taken out here since it was looked at."""
    from trail.bookkeeping import writing_book
    from trail.model.book import Action

    if not ticked:
        return
    with writing_book(session.config.archive) as pen:
        for one in ticked:
            for action in pen.archive.book.find(Action, one.id):
                if action.done_at is None:
                    pen.write(replace(action, done_at=pen.now, changed_at=pen.now), "done")


def _format(session: Session, wanted: Sequence[Action]) -> dict[str, str]:
    from trail.archive.store import open_archive
    from trail.book.ics import format_calendar
    from trail.cli.next_ics import find_message_ids

    with open_archive(session.config.archive) as archive:
        message_ids = find_message_ids(archive, (action.source for action in wanted))
    names = _names(session)
    return {a.id: format_calendar([a], names, message_ids).decode() for a in wanted}


def _remember(session: Session, left: Sequence[Action], gone: Sequence[str]) -> None:
    from trail.archive.store import open_archive
    from trail.bookkeeping import writing_book

    with open_archive(session.config.archive) as archive:
        before = archive.book.read_pushed()
    new = [
        (action.id, action.client, action.done_at is not None)
        for action in left
        if before.get(action.id) is not (action.done_at is not None)
    ]
    if new or before.keys() & set(gone):
        with writing_book(session.config.archive) as pen:
            pen.archive.book.write_pushed(new)
            pen.archive.book.forget_pushed(gone)


def _tell(session: Session, plan: Push, missed: Sequence[str], *, dry_run: bool) -> None:
    from trail.cli.booking import read_today
    from trail.cli.entries import action_data

    today = read_today()
    lines = [f"done in the calendar: {a.id}  {a.client}  {a.text}" for a in plan.ticked]
    counts: dict[str, int] = {
        "added": sum(action.id not in missed for action in plan.add),
        "changed": sum(action.id not in missed for action in plan.change),
        "removed": sum(id_ not in missed for id_ in plan.remove),
        "unchanged": len(plan.same),
    }
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    if told or not lines:
        lines.append(
            f"calendar: {'would be ' if dry_run and told else ''}{told or 'nothing to do'}"
        )
    data: dict[str, Any] = {
        "dry_run": dry_run, **counts, "done_there": [action_data(a, today) for a in plan.ticked],
        "left_alone": list(missed),
    }  # fmt: skip
    session.emit(data, "\n".join(lines), is_note=not plan.ticked)
    if missed:
        session.warn(f"changed in the calendar meanwhile, and left alone: {', '.join(missed)}; push again")  # fmt: skip

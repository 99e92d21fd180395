"""`trail agree`: what was agreed with a client, where it is written, and until when it holds."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from trail.cli.app import Session, app
from trail.cli.booking import clean_words, find_source, join_words, note_past, read_day
from trail.cli.later import typer
from trail.errors import TrailError

if TYPE_CHECKING:
    from datetime import date

    from trail.model.book import Agreement

_SIZE = 1 << 20
_DOTTED = re.compile(r"([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4})")


class Kind(StrEnum):
    """What an agreement is about."""

    contract = "contract"
    rate = "rate"
    scope = "scope"
    response_time = "response-time"
    renewal = "renewal"
    expiry = "expiry"
    other = "other"


@app.command("agree")
def agree(
    ctx: typer.Context,
    client: Annotated[
        str | None, typer.Argument(metavar="[CLIENT]", help="Its slug or name.")
    ] = None,
    text: Annotated[
        list[str] | None, typer.Argument(metavar="[TEXT]", help="What was agreed; none: the list.")
    ] = None,
    kind: Annotated[Kind | None, typer.Option("--kind", help="What it is about.")] = None,
    value: Annotated[
        str | None, typer.Option("--value", metavar="TEXT", help='Such as "95 EUR an hour".')
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="The first day it holds.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="DATE", help="The last day, or that of renewal; none."),
    ] = None,
    remind: Annotated[
        str | None,
        typer.Option("--remind", metavar="TIME", help="How long before that day; never."),
    ] = None,
    remark: Annotated[
        str | None, typer.Option("--remark", metavar="TEXT", help="For yourself.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="ID", help="The message it is written in.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="The file it is written in; not copied."),
    ] = None,
    change: Annotated[
        str | None, typer.Option("--change", metavar="ID", help="Change one instead.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--end", metavar="ID", help="It holds no longer, from today.")
    ] = None,
    delete: Annotated[
        str | None, typer.Option("--delete", metavar="ID", help="Take one out for good.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Show those that ended, too.")] = False,
) -> None:
    """Write down what was agreed with a client, or show it. It never leaves with a hand-off."""
    from trail.config import find_client

    session: Session = ctx.obj
    slug = find_client(session.config, client).slug if client else None
    facts = _read_facts(kind, value, since, until, remind, remark)
    given = bool(text or facts or from_ or file)
    named = [option for option in (change, end, delete) if option]
    if len(named) > 1 or ((end or delete) and given):
        raise typer.BadParameter("goes alone", param_hint="--end" if end else "--delete")
    if slug is None and (end or delete):
        _close(session, "", end or "", delete or "")
        return
    if slug is None or not (given or named):
        if given or named:
            raise typer.BadParameter("which client?", param_hint="CLIENT")
        _list(session, slug, every=every)
        return
    if text:
        facts["text"] = join_words(text)
    elif not named:
        raise typer.BadParameter("what was agreed?", param_hint="TEXT")
    if end or delete:
        _close(session, slug, end or "", delete or "")
    else:
        facts |= _read_file(file) if file else {}
        _write(session, slug, facts, from_, change)


def _read_facts(
    kind: Kind | None,
    value: str | None,
    since: str | None,
    until: str | None,
    remind: str | None,
    remark: str | None,
) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if kind:
        facts["kind"] = kind.value
    for name, words in (("value", value), ("remark", remark)):
        if words is not None:
            facts[name] = clean_words(words)
    if since is not None:
        facts["since"] = None if since == "none" else _read_past(since)
    if until is not None:
        facts["until"] = None if until == "none" else read_day(until)
    if remind is not None:
        from trail.book.due import read_lead

        if remind != "never":
            read_lead(remind)
        facts["remind"] = "" if remind == "never" else " ".join(remind.lower().split())
    return facts


def _read_past(text: str) -> date:
    from trail.cli.clock import read_clock
    from trail.index.dates import parse_date

    if match := _DOTTED.fullmatch(text.strip()):
        text = f"{match[3]}-{match[2]:0>2}-{match[1]:0>2}"
    return parse_date(text, read_clock())[0].date()


def _read_file(path: Path) -> dict[str, Any]:
    """The name and SHA-256 of a file. Raises TrailError."""
    digest = hashlib.sha256()
    try:
        with path.expanduser().open("rb") as file:
            while piece := file.read(_SIZE):
                digest.update(piece)
    except OSError as error:
        raise TrailError(
            f"{path} cannot be read: {error.strerror}", "name a file that is there"
        ) from error
    return {"file": clean_words(path.name), "digest": digest.hexdigest()}


def _write(
    session: Session, slug: str, facts: dict[str, Any], message: str | None, change: str | None
) -> None:
    from trail.book.actions import REMIND
    from trail.bookkeeping import find_entry, writing_book
    from trail.model.book import Agreement

    with writing_book(session.config.archive) as pen:
        if message:
            facts["source"] = find_source(pen.archive, message)
        elif facts.get("digest"):
            facts["source"] = pen.archive.book.find_attached(slug, facts["digest"])
        if change:
            made = replace(find_entry(pen.archive, Agreement, change, slug), **facts)
            made = replace(made, changed_at=pen.now, ended_at=None)
        else:
            facts.setdefault("kind", "other")
            facts.setdefault("remind", REMIND)
            made = Agreement(
                id=pen.make_id(), client=slug, created_at=pen.now, changed_at=pen.now, **facts
            )
        if made.since and made.until and made.until < made.since:
            raise typer.BadParameter("is before --since", param_hint="--until")
        pen.write(made, "changed" if change else "added")
        reminder = pen.find_reminder(made)
    from trail.cli.booking import read_today
    from trail.cli.entries import action_data, action_lines, agreement_data, agreement_lines

    today = read_today()
    reminders = [reminder] if reminder and reminder.done_at is None else []
    lines = [*agreement_lines([made]), *action_lines(reminders, today, session.width)]
    data = agreement_data(made) | {"actions": [action_data(one, today) for one in reminders]}
    session.emit(data, "\n".join(line.text for line in lines), is_note=True)
    if "until" in facts:
        note_past(session, made.until)


def _close(session: Session, slug: str, end: str, delete: str) -> None:
    from trail.bookkeeping import find_entry, writing_book
    from trail.cli.entries import agreement_data
    from trail.model.book import Agreement

    with writing_book(session.config.archive) as pen:
        one = find_entry(pen.archive, Agreement, end or delete, slug)
        if delete:
            pen.strike(one)
        else:
            one = replace(one, ended_at=one.ended_at or pen.now, changed_at=pen.now)
            pen.write(one, "ended")
    told = f"{'deleted' if delete else 'ended'} {one.id}  {one.text}"
    session.emit(agreement_data(one) | {"deleted": bool(delete)}, told, is_note=True)


def _list(session: Session, slug: str | None, *, every: bool) -> None:
    from trail.archive.store import open_archive
    from trail.cli.booking import read_today
    from trail.cli.entries import agreement_data, agreement_lines
    from trail.model.book import Agreement

    today = read_today()

    def holds(one: Agreement) -> bool:
        return one.ended_at is None and (one.until is None or one.until >= today)

    with open_archive(session.config.archive) as archive:
        found = archive.book.list_entries(Agreement, slug)
    shown = [one for one in found if every or holds(one)]
    if not shown:
        ended = f"; {len(found):,} ended (trail agree --all)" if found else ""
        session.note(f"no agreements{ended}")
    session.emit_lines(
        {"agreements": [agreement_data(one) for one in shown]},
        agreement_lines(shown, with_client=slug is None),
    )

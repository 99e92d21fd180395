"""`trail requests`: what clients asked to have changed, when, by whom, and what became of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from trail.cli.app import Session, app
from trail.cli.booking import clean_words, find_source, join_words, read_today
from trail.cli.later import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trail.model.book import Request, RequestState

changes = app.add_group(
    "requests",
    help="What clients asked to have changed; alone: the open ones. `trail requests list -h` tells its options.",
    default="list",
)


@changes.command("list")
def list_(
    ctx: typer.Context,
    client: Annotated[
        str | None, typer.Argument(metavar="[CLIENT]", help="Only this client's.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Also what was done or declined.")] = False,
) -> None:
    """List those you added and those the mail has, the newest first."""
    from trail.archive.store import open_archive
    from trail.cli.clock import read_clock
    from trail.cli.entries import request_data, request_lines
    from trail.config import find_client
    from trail.suggesting import find_answered, read_requests

    session: Session = ctx.obj
    config = session.config
    slug = find_client(config, client).slug if client else None
    with open_archive(config.archive) as archive:
        found = read_requests(archive, slug, [one.slug for one in config.clients], read_clock())
        shown = [one for one in found if every or one.state == "open"]
        answered = find_answered(archive, shown)
    if not shown:
        settled = f"; {len(found):,} done or declined (trail requests --all)" if found else ""
        session.note(f"no{' open' if found else ''} requests{settled}")
    shown.sort(key=lambda one: (one.asked_on or one.created_at.date(), one.id), reverse=True)
    session.emit_lines(
        {"requests": [request_data(one, answered.get(one.id)) for one in shown]},
        request_lines(shown, session.width, answered, with_client=slug is None),
    )


@changes.command("add")
def add(
    ctx: typer.Context,
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="Its slug or name.")],
    text: Annotated[list[str], typer.Argument(metavar="TEXT", help="What is to be changed.")],
    from_: Annotated[
        str | None, typer.Option("--from", metavar="ID", help="The message it was asked in.")
    ] = None,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who asked.")] = "",
) -> None:
    """Add a change request.

    Day and person are those of the message, where one is named.
    """
    from trail.bookkeeping import writing_book
    from trail.config import find_client
    from trail.errors import TrailError
    from trail.model.book import Request
    from trail.placing import Placing

    session: Session = ctx.obj
    config = session.config
    slug = find_client(config, client).slug
    words = join_words(text)
    asked_on, asked_by = read_today(), clean_words(by)
    with writing_book(config.archive) as pen:
        source = find_source(pen.archive, from_)
        if source:
            envelope = pen.archive.facts.read_envelopes([source]).get(source)
            received = pen.archive.facts.find_messages([source])[source].received_at
            sent_at = (envelope and envelope.sent_at) or received
            asked_on = sent_at.astimezone().date()
            if envelope and Placing(config).is_ours(envelope):
                if not asked_by:
                    raise TrailError(
                        f"{from_} is a message of yours: a client asks in one of theirs",
                        "name that one (`trail thread` shows it), or say who asked: --by NAME",
                    )
            elif envelope and envelope.sender and not asked_by:
                asked_by = envelope.sender.name or envelope.sender.address
        made = Request(pen.make_id(), slug, words, pen.now, pen.now, asked_on, asked_by, source)
        pen.write(made, "added")
    _emit(session, [made])


@changes.command("done")
def done(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Ids, as the list shows them.")],
) -> None:
    """Say that requests were met."""
    _settle(ctx.obj, ids, "done")


@changes.command("decline")
def decline(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Ids, as the list shows them.")],
) -> None:
    """Say that requests will not be met."""
    _settle(ctx.obj, ids, "declined")


@changes.command("reopen")
def reopen(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Ids, as the list shows them.")],
) -> None:
    """Say that requests are open again."""
    _settle(ctx.obj, ids, "open")


def _settle(session: Session, ids: Sequence[str], state: RequestState) -> None:
    from trail.book.ids import read_prefix
    from trail.bookkeeping import choose, writing_book
    from trail.cli.clock import read_clock
    from trail.suggesting import read_requests

    slugs = [client.slug for client in session.config.clients]
    with writing_book(session.config.archive) as pen:
        known = read_requests(pen.archive, None, slugs, read_clock())
        before: dict[str, Request] = {}
        for id_ in ids:
            prefix = read_prefix(id_)
            found = choose([r for r in known if prefix and r.id.startswith(prefix)], id_, "request")
            before[found.id] = found
        after = [
            one if one.state == state else replace(one, state=state, changed_at=pen.now)
            for one in before.values()
        ]
        for one in after:
            if one != before[one.id]:
                pen.write(one, state)
    _emit(session, after)


def _emit(session: Session, requests: Sequence[Request]) -> None:
    from trail.cli.entries import request_data, request_lines

    lines = request_lines(requests, session.width, {})
    data = {"requests": [request_data(one) for one in requests]}
    session.emit(data, "\n".join(line.text for line in lines), is_note=True)

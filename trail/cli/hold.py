"""`trail hold`: nothing of a client may be forgotten, until a day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from trail.cli.app import Session, app
from trail.cli.later import typer

if TYPE_CHECKING:
    from trail.archive.holds import Hold
    from trail.model import Client


@app.command()
def hold(
    ctx: typer.Context,
    client: Annotated[
        str | None, typer.Argument(metavar="[CLIENT]", help="The client whose mail must stay.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="DATE", help="The last day on which it must stay."),
    ] = None,
    why: Annotated[
        str | None, typer.Option("--why", metavar="TEXT", help="For whoever asks later.")
    ] = None,
    release: Annotated[
        bool, typer.Option("--release", help="End every hold on the client now.")
    ] = False,
    by: Annotated[
        str,
        typer.Option("--by", metavar="NAME", help="Who decides; your first address by default."),
    ] = "",
    list_: Annotated[
        bool, typer.Option("--list", help="Show the holds, those that ran out too.")
    ] = False,
) -> None:
    """Keep a client's mail from being forgotten."""
    from trail.cli.deciding import name_decider
    from trail.config import find_client

    session: Session = ctx.obj
    whose = find_client(session.config, client) if client else None
    if list_ or whose is None:
        if until or why or release or by:
            raise typer.BadParameter("which client?", param_hint="CLIENT")
        _list(session, whose)
    elif release:
        if until or why:
            raise typer.BadParameter("goes without --until and --why", param_hint="--release")
        _release(session, whose, name_decider(session.config, by))
    elif not until or not (why and why.strip()):
        raise typer.BadParameter(
            "is needed to place a hold", param_hint="--why" if until else "--until"
        )
    else:
        _place(session, whose, until, " ".join(why.split()), name_decider(session.config, by))


def _place(session: Session, client: Client, until: str, why: str, by: str) -> None:
    from trail.archive.holds import Hold
    from trail.archive.store import writing_beside
    from trail.cli.clock import read_clock
    from trail.index.dates import parse_date
    from trail.render import format_day

    end = parse_date(until, read_clock())[1].astimezone(UTC)
    now = datetime.now(UTC)
    if end <= now:
        raise typer.BadParameter("is over already", param_hint="--until")
    with writing_beside(session.config.archive) as archive, archive.ledger.transaction():
        number = archive.holds.place(client.slug, end, why, by, now)
        day = end.strftime("%Y-%m-%dT%H:%M:%SZ")
        archive.audit.record(now, "held", client=client.slug, hold=number, until=day, by=by)
    placed = Hold(number, client.slug, end, why, by, now)
    told = f"{client.name} is on hold up to {format_day(placed.last_moment)}: nothing of theirs is forgotten until then"
    session.emit({"holds": [_data(placed, now)]}, told)


def _release(session: Session, client: Client, by: str) -> None:
    from trail.archive.store import writing_beside
    from trail.render import count_of

    now = datetime.now(UTC)
    with writing_beside(session.config.archive) as archive, archive.ledger.transaction():
        numbers = archive.holds.release(client.slug, now)
        if numbers:
            archive.audit.record(now, "released", client=client.slug, holds=numbers, by=by)
    told = (
        f"{client.name}: {count_of(len(numbers), 'hold')} released"
        if numbers
        else f"{client.name} is not on hold"
    )
    session.emit({"client": client.slug, "released": numbers}, told)


def _list(session: Session, client: Client | None) -> None:
    from trail.archive.store import open_archive

    now = datetime.now(UTC)
    with open_archive(session.config.archive) as archive:
        holds = archive.holds.list_all(client.slug if client else None)
    lines = [_describe(one, now) for one in holds]
    session.emit({"holds": [_data(one, now) for one in holds]}, "\n".join(lines or ["no hold"]))


def _describe(one: Hold, now: datetime) -> str:
    from trail.render import format_day
    from trail.terminal import clean_text

    state = f"until {format_day(one.last_moment)}"
    if one.released_at:
        state = f"released {format_day(one.released_at)}"
    elif not one.is_active(now):
        state = f"ran out {format_day(one.last_moment)}"
    return clean_text(
        f"{one.client}  {state}  {one.why}  (by {one.by}, {format_day(one.placed_at)})"
    )


def _data(one: Hold, now: datetime) -> dict[str, Any]:
    from trail.render import format_time

    return {
        "hold": one.number,
        "client": one.client,
        "until": format_time(one.until),
        "why": one.why,
        "by": one.by,
        "placed_at": format_time(one.placed_at),
        "released_at": format_time(one.released_at),
        "active": one.is_active(now),
    }

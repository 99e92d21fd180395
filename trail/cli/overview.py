"""`trail clients`: how it stands with each client, in a line.

In: the configuration, and the archive where there is one. Out: last words, who waits for whom, what is next, and why it stands so.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from trail.cli.addressbook import RULES, count_messages, describe_client, read_standings, shortening
from trail.cli.app import Session, app
from trail.cli.later import typer
from trail.terminal import fit_text, measure_text, pad_text

if TYPE_CHECKING:
    from datetime import datetime

    from trail.book.standing import Standing


class Sort(StrEnum):
    """What clients are sorted by."""

    health = "health"
    waiting = "waiting"
    last = "last"
    next = "next"
    name = "name"


class On(StrEnum):
    """Who owes a word."""

    us = "us"
    them = "them"


@app.command("clients")
def clients(
    ctx: typer.Context,
    sort: Annotated[
        Sort | None,
        typer.Option("--sort", help="health (if not given), waiting, last, next or name."),
    ] = None,
    waiting_on: Annotated[
        On | None, typer.Option("--waiting-on", help="Only where a word is owed by us, or by them.")
    ] = None,
    quiet_since: Annotated[
        str | None,
        typer.Option(
            "--quiet-since", help="Only those silent for so long: 3w, 2 months.", metavar="TIME"
        ),
    ] = None,
    rules: Annotated[
        bool, typer.Option("--rules", help="Their rules, and how much mail they have.")
    ] = False,
) -> None:
    """Show how it stands with each client, and why."""
    from trail.cli.clock import read_clock
    from trail.cli.standings import (
        sort_standings,
        standing_data,
        standings_lines,
    )

    session: Session = ctx.obj
    now = read_clock()
    if not session.config.clients:
        session.note(
            "no clients yet: `trail client suggest` proposes some, `trail client add` adds"
        )
    before = _read_before(quiet_since, now) if quiet_since else None
    standings = read_standings(session, session.config.clients, now)
    by_slug = {one.slug: one for one in session.config.clients}
    counts = count_messages(session.config) if session.json or rules or not standings else {}
    if not standings:
        rows = [describe_client(client, counts) for client in session.config.clients]
        session.emit({"clients": rows}, _tabulate(rows, session.width))
        return
    kept = [one for one in standings if _is_wanted(one, waiting_on, before)]
    today = now.date()
    ordered = kept if rules and sort is None else sort_standings(kept, (sort or Sort.health).value)
    rows = []
    if session.json or rules:
        with shortening(session.config) as shorten:
            rows = [
                describe_client(by_slug[one.client], counts) | standing_data(one, today, shorten)
                for one in ordered
            ]
    if rules:
        session.emit({"clients": rows}, _tabulate(rows, session.width))
    else:
        session.emit_lines({"clients": rows}, standings_lines(ordered, today, session.width))
    if not ordered:
        session.note("no client is like that")


def _is_wanted(standing: Standing, on: On | None, before: datetime | None) -> bool:
    if on is not None and not (standing.on_us if on is On.us else standing.on_them):
        return False
    word = standing.contact.theirs
    return before is None or word is None or word.at <= before


def _read_before(text: str, now: datetime) -> datetime:
    from trail.config.spans import read_span

    try:
        return read_span(text).before(now)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(str(error), param_hint="--quiet-since") from None


def _tabulate(rows: list[dict[str, Any]], width: int | None) -> str:
    if not rows:
        return ""
    cells = [("client", "name", "messages", "rules")]
    for row in rows:
        rules = ", ".join(rule for key in RULES for rule in row[key])
        cells.append((row["client"], row["name"], f"{row['messages']:,}", rules))
    widths = [max(measure_text(line[column]) for line in cells) for column in range(3)]
    lines = (
        f"{slug:<{widths[0]}}  {pad_text(name, widths[1])}  {count:>{widths[2]}}  {rules}"
        for slug, name, count, rules in cells
    )
    return "\n".join(fit_text(line, width) for line in lines)

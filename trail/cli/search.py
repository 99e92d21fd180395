"""`trail search`: finding. Reading what was found is `trail.cli.reading`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from trail.cli.app import Session, app
from trail.cli.nothing import Narrowed, explain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trail.config import Config


class Sort(StrEnum):
    """How hits are ordered."""

    date = "date"
    relevance = "relevance"


@app.command()
def search(
    ctx: typer.Context,
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY...",
            help='Words, "phrases", from: subject: client: after: has:attachment … with OR, NOT; see trail help query.',
        ),
    ] = None,
    client: Annotated[
        str | None, typer.Option("--client", help="Only this client's.", metavar="CLIENT")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", help="From this date on: 2024-03, yesterday, 3 weeks ago.", metavar="DATE"
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Up to the end of this date.", metavar="DATE")
    ] = None,
    sort: Annotated[Sort, typer.Option("--sort", help="Newest first, or best first.")] = Sort.date,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=10000, help="At most so many hits.", metavar="N")
    ] = 20,
) -> None:
    """Find messages."""
    from trail import render
    from trail.archive.store import open_archive
    from trail.asking import ask
    from trail.cli.clock import read_clock
    from trail.config import find_client
    from trail.index.store import WhooshIndex

    session: Session = ctx.obj
    now = read_clock()
    config = session.config
    with open_archive(config.archive) as archive:
        index = WhooshIndex.open(config.archive / "index")
        try:
            typed = _read_query(query or ())
            asked = ask(typed, archive=archive, index=index, config=config, now=now)
            narrowed: Narrowed = {
                "client": find_client(config, client).slug if client else None,
                "since": _read_date(since, now)[0] if since else None,
                "until": _read_date(until, now)[1] if until else None,
            }
            result = index.search(
                asked.node,
                sort=sort.value,
                limit=limit,
                now=now,
                stemming=read_stemming(config),
                **narrowed,
            )
            missed = None if result.total else explain(index, typed, asked, **narrowed)
            lag = archive.facts.count_unindexed(index.generation)
            holds_mail = archive.facts.count_messages()[0] > 0
        finally:
            index.close()
        keys = [hit.key for hit in result.hits]
        messages = archive.facts.find_messages(keys)
        places = archive.sightings.places(keys)
        attributions = archive.facts.read_attributions(keys)
        hits = [
            render.hit_data(
                hit,
                archive.facts.shorten_key(hit.key),
                messages[hit.key],
                places.get(hit.key, []),
                attributions.get(hit.key, ()),
                archive.root,
            )
            for hit in result.hits
            if hit.key in messages
        ]
    days = [hit.sent_at for hit in result.hits if hit.key in messages]
    data = {"total": result.total, "hits": hits}
    if missed is not None:
        data["nothing"] = missed.data
    session.emit(data, render.hits_text(hits, days, session.width))
    if not hits:
        session.note("nothing found" if holds_mail else "the archive is empty; run `trail sync`")
        for line in missed.lines if missed and holds_mail else ():
            session.note(line)
    elif result.total > len(hits):
        session.note(f"{len(hits)} of {result.total:,}; --limit shows more")
    for hint in asked.hints:
        session.note(f"hint: {hint}")
    if lag:
        session.note(
            f"the index is {render.count_of(lag, 'message')} behind; the next `trail sync` catches up"
        )


def _read_date(date: str, now: datetime) -> tuple[datetime, datetime]:
    from trail.index.dates import parse_date

    return parse_date(date, now)


def read_stemming(config: Config) -> dict[str, str]:
    """The languages in which forms of a word are found: by client, and that of the archive under ""."""
    named = {"": config.stemming} | {client.slug: client.stemming for client in config.clients}
    return {whose: language for whose, language in named.items() if language}


def _read_query(words: Sequence[str]) -> str:
    """The words as one query; bytes that are no text, which a shell may pass on, become question marks."""
    return " ".join(words).encode("utf-8", "replace").decode()

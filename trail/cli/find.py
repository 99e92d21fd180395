"""`trail find`: type and see."""

from __future__ import annotations

import contextlib
import sys
from typing import Annotated

from trail.cli.app import Session, app
from trail.cli.doubt import explaining_absence, tell_doubt
from trail.cli.later import typer
from trail.config import find_client
from trail.errors import TrailError


@app.command()
def find(
    ctx: typer.Context,
    query: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUERY...", help="What to begin with; as `trail search` takes it."),
    ] = None,
    client: Annotated[
        str | None, typer.Option("--client", help="Only this client's.", metavar="CLIENT")
    ] = None,
) -> None:
    """Find messages while you type, and read them."""
    session: Session = ctx.obj
    if session.json:
        raise typer.BadParameter("the finder is for people; `trail search --json` is for programs")
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or session.environ.get("TERM") == "dumb":
        raise TrailError("the finder needs a terminal", "`trail search` prints what it finds")
    from trail.cli.finder.searcher import Searcher
    from trail.cli.search import read_words

    if client is not None:
        client = find_client(session.config, client).slug
    with contextlib.closing(Searcher(session.config, client)) as searcher:
        with explaining_absence(session):
            searcher.open().result()  # what is wrong with archive or index is told before the screen is taken
        from trail.cli.finder.screen import Finder

        finder = Finder(searcher, read_words(query or ()), session.environ)
        finder.run()
        tell_doubt(session, searcher.doubt)
        if finder.return_code:
            raise TrailError(
                "the finder ended early", "run it again with -v; `trail search` finds the same"
            )

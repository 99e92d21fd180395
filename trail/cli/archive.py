"""`trail status` and `trail reindex`: how the archive stands."""

from __future__ import annotations

import typer  # noqa: TC002 - Typer reads the annotations

from trail.cli.app import Session, app


@app.command()
def status(ctx: typer.Context) -> None:
    """Show what is archived, what is missing, and what is going on."""
    from trail.cli.status import read_status, status_text

    session: Session = ctx.obj
    data = read_status(session.config)
    session.emit(data, status_text(data, by_folder=session.verbose))


@app.command()
def reindex(ctx: typer.Context) -> None:
    """Rebuild the search index. The old one answers until the new one is complete."""
    from trail import render
    from trail.archive.store import require_archive, writing_archive
    from trail.catchup import attribute_pending
    from trail.cli.progress import show_progress
    from trail.pipeline import rebuild_index

    session: Session = ctx.obj
    require_archive(session.config.archive)
    with writing_archive(session.config.archive) as archive, show_progress(session) as progress:
        attribute_pending(archive, session.config.clients, progress)
        count = rebuild_index(archive, progress)
    session.emit({"messages": count}, f"{render.count_of(count, 'message')} indexed")

"""`trail status` and `trail reindex`: how the archive stands."""

from __future__ import annotations

from typing import Annotated

import typer

from trail.cli.app import Session, app


@app.command()
def status(
    ctx: typer.Context,
    certificate: Annotated[
        bool,
        typer.Option(
            "--certificate", help="Account for every UID of every folder, and for every gap."
        ),
    ] = False,
    client: Annotated[
        str | None,
        typer.Option("--client", metavar="CLIENT", help="With --certificate: only what is theirs."),
    ] = None,
) -> None:
    """Show what is archived, what is missing, and what is going on."""
    from trail.cli.status import read_status, status_text

    session: Session = ctx.obj
    if certificate:
        from trail.cli.certificate import certificate_text, read_certificate

        told = read_certificate(session.config, client)
        session.emit(told, certificate_text(told))
        return
    if client is not None:
        raise typer.BadParameter("goes with --certificate only", param_hint="--client")
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

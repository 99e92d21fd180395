"""`trail status` and `trail reindex`: how the archive stands."""

from __future__ import annotations

from typing import Annotated

from trail.cli.app import Session, app
from trail.cli.later import typer
from trail.errors import EXIT_WARNINGS


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
    prometheus: Annotated[
        bool, typer.Option("--prometheus", help="Print metrics in the format of Prometheus.")
    ] = False,
) -> None:
    """Show what is wrong, what is archived, and what is going on."""
    session: Session = ctx.obj
    if prometheus and (session.json or certificate):
        raise typer.BadParameter(
            "not together with --json or --certificate", param_hint="--prometheus"
        )
    if client is not None and not certificate:
        raise typer.BadParameter("goes with --certificate only", param_hint="--client")
    if certificate:
        from trail.cli.certificate import certificate_text, read_certificate

        told = read_certificate(session.config, client)
        text = certificate_text(told, width=session.width, everything=session.verbose)
        session.emit(told, text)
        return
    from trail.cli.metrics import metrics_text
    from trail.cli.screen import status_text
    from trail.cli.status import read_status

    data = read_status(session.config)
    if prometheus:  # the numbers tell; a script that saves them need not see to an exit code
        session.emit({}, metrics_text(data).rstrip("\n"))
        return
    text, colours = status_text(
        data, by_folder=session.verbose, width=None if session.verbose else session.width
    )
    session.emit(data, text, colours)
    if not data["fine"]:
        raise typer.Exit(EXIT_WARNINGS)


@app.command()
def reindex(ctx: typer.Context) -> None:
    """Rebuild the search index. The old one answers until the new one is complete."""
    from trail import render
    from trail.archive.store import require_archive
    from trail.cli.progress import show_progress
    from trail.pipeline import reindex as make_anew
    from trail.workers import Crew

    session: Session = ctx.obj
    require_archive(session.config.archive)
    with Crew() as crew:
        crew.start()
        with show_progress(session) as progress:
            count = make_anew(session.config.archive, session.config.clients, progress, crew)
    told = f"{render.count_of(count, 'message')} indexed"
    session.emit({"messages": count}, told, is_note=True)

"""`trail status`, `trail verify`, `trail reindex`: how the archive stands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trail.cli.app import Session, app
from trail.errors import EXIT_WARNINGS, FixityMismatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from trail.model import Verification


@app.command()
def status(
    ctx: typer.Context,
    prometheus: Annotated[
        bool, typer.Option("--prometheus", help="Print metrics in the format of Prometheus.")
    ] = False,
) -> None:
    """Show what is wrong, what is archived, and what is going on."""
    from trail.cli.metrics import metrics_text
    from trail.cli.screen import status_text
    from trail.cli.status import read_status

    session: Session = ctx.obj
    if prometheus and session.json:
        raise typer.BadParameter("not together with --json", param_hint="--prometheus")
    data = read_status(session.config)
    if prometheus:  # the numbers tell; a script that saves them need not see to an exit code
        session.emit({}, metrics_text(data).rstrip("\n"))
        return
    text, colours = status_text(data, by_folder=session.verbose, width=session.width)
    session.emit(data, text, colours)
    if not data["fine"]:
        raise typer.Exit(EXIT_WARNINGS)


@app.command()
def verify(
    ctx: typer.Context,
    bundle: Annotated[
        Path | None,
        typer.Argument(
            metavar="[BUNDLE]", help="The folder of a hand-off; without it, the archive."
        ),
    ] = None,
) -> None:
    """Check the archive, or a hand-off, against its hashes."""
    from trail import render
    from trail.cli.progress import show_progress

    session: Session = ctx.obj
    with show_progress(session) as progress:
        if bundle is None:
            what, noun, result = (
                str(session.config.archive),
                "message",
                _verify_archive(session, progress),
            )
        elif (bundle / "ledger.db").exists():
            raise typer.BadParameter(
                f"{bundle} is an archive; name none to check it", param_hint="BUNDLE"
            )
        elif not bundle.is_dir():
            raise typer.BadParameter(f"{bundle} is no folder", param_hint="BUNDLE")
        else:
            from trail.handoff.check import verify_bundle

            what, noun, result = (
                str(bundle),
                "file",
                verify_bundle(bundle, lambda done: progress("verifying", done, 0)),
            )
    session.emit(render.verification_data(result), render.verification_text(result, what, noun))
    if not result.ok:
        hint = (
            "keep it as it is, and restore the files named above from a copy"
            if bundle is None
            else "ask the sender for the bundle again"
        )
        raise FixityMismatch(f"{what} is not as it was recorded", hint)


def _verify_archive(session: Session, progress: Callable[[str, int, int], None]) -> Verification:
    from trail.archive.store import open_archive
    from trail.archive.verify import verify_archive

    with open_archive(session.config.archive) as archive:
        return verify_archive(archive, progress)


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

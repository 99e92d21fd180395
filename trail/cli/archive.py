"""`trail status`, `trail verify`, `trail reindex`: how the archive stands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trail.cli.app import Session, app
from trail.errors import FixityMismatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from trail.model import Verification


@app.command()
def status(ctx: typer.Context) -> None:
    """Show what is archived, what is missing, and what is going on."""
    from trail.cli.status import read_status, status_text

    session: Session = ctx.obj
    data = read_status(session.config)
    session.emit(data, status_text(data, by_folder=session.verbose))


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

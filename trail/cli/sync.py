"""`trail sync`: one round."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from trail.cli.app import Session, app
from trail.cli.later import typer
from trail.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trail.archive.store import Archive
    from trail.model import Account


@app.command()
def sync(
    ctx: typer.Context,
    accounts: Annotated[
        list[str] | None, typer.Argument(metavar="[ACCOUNT]...", help="Only these accounts.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be fetched; write nothing.")
    ] = False,
    no_index: Annotated[
        bool, typer.Option("--no-index", help="Leave the index to the next round.")
    ] = False,
) -> None:
    """Fetch, archive and index what is new, once."""
    from trail import render
    from trail.cli.connect import connect_with
    from trail.cli.doubt import rebuild_in_doubt
    from trail.cli.progress import show_progress
    from trail.intake import Round
    from trail.pipeline import run_round

    session: Session = ctx.obj
    chosen = choose_accounts(session, accounts or ())
    with show_progress(session, "connecting") as progress:
        with _open(session.config.archive, dry_run=dry_run) as archive:
            round_ = Round(
                archive,
                session.config,
                connect_with(session.environ),
                dry_run=dry_run,
                progress=progress,
            )
            report = run_round(round_, chosen, index=not no_index)
        if not dry_run and not no_index:
            rebuild_in_doubt(session, progress)
    session.emit(
        render.sync_data(report),
        render.sync_text(report, planned=dry_run, by_folder=session.verbose),
        is_note=not dry_run,
    )
    unreached = [a.account for a in report.accounts if a.error and not a.folders]
    outcome = round_.problems[unreached[0]] if len(unreached) == len(chosen) else None
    for warning in report.warnings:
        if outcome is None or not warning.startswith(outcome.message):
            session.warn(warning)
    if outcome is not None:
        raise outcome  # nothing could be reached: that is no side remark
    failures = sum(folder.failed for account in report.accounts for folder in account.folders)
    if failures:
        session.warn(
            f"{render.count_of(failures, 'message')} could not be fetched and will be tried again; `trail status` lists them"
        )


def choose_accounts(session: Session, names: Sequence[str]) -> list[Account]:
    """The accounts of the configuration, or those named. Raises ConfigError."""
    from trail.config import find_account

    if not session.config.accounts:
        raise ConfigError(
            f"{session.config_path} has no account",
            "add one with `trail init`, or see config.example.toml",
        )
    named = dict.fromkeys(find_account(session.config, name) for name in names)
    return list(named or session.config.accounts)


@contextmanager
def _open(root: Path, *, dry_run: bool) -> Iterator[Archive]:
    from trail.archive.store import open_archive, writing_archive

    if not dry_run:
        with writing_archive(root) as archive:
            yield archive
    elif (root / "ledger.db").is_file():
        with open_archive(root) as archive:
            yield archive
    else:  # nothing there yet: plan against an empty archive that leaves no trace
        with tempfile.TemporaryDirectory() as empty, writing_archive(Path(empty)) as archive:
            yield archive

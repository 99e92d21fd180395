"""A progress bar on stderr, when a person is looking and did not ask for quiet."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trail.cli.app import Session

LONGEST = 40
"""Columns for what is being done; the bar needs the rest."""


@contextmanager
def show_progress(session: Session, begin: str = "") -> Iterator[Callable[[str, int, int], None]]:
    """A function to call with what is being done, how much is done, and of how much.

    `begin` is shown until the first call of it; nothing is, where it is empty.
    """
    if session.quiet or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from trail.terminal import clean_text, fit_text

    columns = (
        TextColumn("{task.description}", markup=False),  # a folder may be called [red]
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(begin, total=None, visible=bool(begin))

        def advance(what: str, done: int, total: int) -> None:
            bar.update(
                task,
                description=fit_text(clean_text(what), LONGEST),
                completed=done,
                total=total or None,
                visible=True,
            )

        yield advance

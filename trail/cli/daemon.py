"""`trail daemon`: keeps at it."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from typing import Annotated

import typer

from trail.cli.app import Session, app


@app.command()
def daemon(
    ctx: typer.Context,
    print_unit: Annotated[
        bool, typer.Option("--print-unit", help="Print a systemd user unit, and do nothing else.")
    ] = False,
) -> None:
    """Fetch at every account's interval until stopped; a line a round on stderr."""
    from trail.cli.connect import connect_with
    from trail.cli.sync import choose_accounts
    from trail.daemon import Daemon, describe_unit

    session: Session = ctx.obj
    if print_unit:
        session.emit(
            {
                "unit": (
                    unit := describe_unit(
                        [sys.executable, "-m", "trail"], session.config_path.absolute()
                    )
                )
            },
            unit.rstrip("\n"),
        )
        return
    choose_accounts(session, ())  # says what is missing when there is none
    stop = threading.Event()
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):  # Windows has no SIGHUP
            signal.signal(getattr(signal, name), lambda *_: stop.set())
    logging.getLogger().setLevel(logging.WARNING if session.quiet else logging.INFO)
    if not session.verbose:
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        logging.getLogger("imapclient").setLevel(logging.WARNING)
    Daemon(session.config_path.absolute(), lambda: connect_with(session.environ), stop).run()

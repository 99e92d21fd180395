"""`trail daemon`: keeps at it."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from trail.cli.app import LogLines, Session, app


@app.command()
def daemon(
    ctx: typer.Context,
    print_unit: Annotated[
        bool, typer.Option("--print-unit", help="Print a systemd user unit, and do nothing else.")
    ] = False,
) -> None:
    """Fetch at every account's interval until stopped. It tells a line a round on stderr."""
    from trail.cli.connect import connect_with
    from trail.cli.signals import stop_on_signals
    from trail.cli.sync import choose_accounts
    from trail.cli.unit import describe_unit
    from trail.daemon import Daemon

    session: Session = ctx.obj
    if print_unit:
        unit = describe_unit([sys.executable, "-m", "trail"], session.config_path.absolute())
        session.emit({"unit": unit}, unit.rstrip("\n"))
        return
    choose_accounts(session, ())  # says what is missing when there is none
    _prepare_log(session)
    stop = stop_on_signals()
    Daemon(session.config_path.absolute(), lambda: connect_with(session.environ), stop).run()


def _prepare_log(session: Session) -> None:
    root = logging.getLogger()
    root.setLevel(logging.WARNING if session.quiet else logging.INFO)
    moment = "" if "JOURNAL_STREAM" in session.environ else "%(asctime)s "  # the journal knows it
    for handler in root.handlers:
        handler.setFormatter(LogLines(f"{moment}%(levelname)s %(message)s"))
    if not session.verbose:
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

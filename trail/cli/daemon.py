"""`trail daemon`: keeps at it."""

from __future__ import annotations

import logging
import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from trail.cli.app import Session, app
from trail.cli.later import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trail.supervisor import Supervisor


class Manager(StrEnum):
    """What can start a daemon."""

    SYSTEMD = "systemd"
    LAUNCHD = "launchd"
    WINDOWS = "windows"


class LogFormat(StrEnum):
    """What the log consists of."""

    TEXT = "text"
    JSON = "json"


@app.command()
def daemon(
    ctx: typer.Context,
    manager: Annotated[
        Manager | None,
        typer.Argument(
            metavar="MANAGER",
            help="With --print-unit: systemd, launchd or windows; systemd if not given.",
        ),
    ] = None,
    print_unit: Annotated[
        bool,
        typer.Option(
            "--print-unit", help="Print what a service manager needs, and do nothing else."
        ),
    ] = False,
    log_format: Annotated[
        LogFormat, typer.Option("--log-format", help="text, or json for a JSON object a line.")
    ] = LogFormat.TEXT,
) -> None:
    """Fetch at every interval, and at once what arrives. It tells a line a round on stderr."""
    from trail.cli.connect import connect_with
    from trail.cli.digest import mail_with
    from trail.cli.signals import stop_on_signals
    from trail.cli.sync import choose_accounts
    from trail.cli.unit import describe_unit
    from trail.daemon import Daemon

    session: Session = ctx.obj
    if print_unit:
        command = [sys.executable, "-m", "trail", "--config", str(session.config_path.absolute())]
        command += [
            "daemon",
            *(["--log-format", log_format.value] if log_format != LogFormat.TEXT else []),
        ]
        if not session.config_path.is_file():
            session.tell(f"{session.config_path} is not there yet: `trail init` writes it")
        unit = describe_unit(manager or Manager.SYSTEMD, command)
        session.emit({"unit": unit}, unit.rstrip("\n"))
        return
    if manager is not None:
        raise typer.BadParameter("goes with --print-unit only", param_hint="MANAGER")
    choose_accounts(session, ())  # says what is missing when there is none
    _prepare_log(session, log_format)
    stop = stop_on_signals()
    path, supervisor = session.config_path.absolute(), _find_supervisor(session.environ)
    send = mail_with(session.environ)
    Daemon(path, lambda: connect_with(session.environ), stop, supervisor, send).run()


def _prepare_log(session: Session, kind: str) -> None:
    from trail.cli.logs import choose_formatter, is_journal

    root = logging.getLogger()
    root.setLevel(logging.WARNING if session.quiet else logging.INFO)
    formatter = choose_formatter(kind, journal=is_journal(sys.stderr, session.environ))
    if session.verbose:
        logging.getLogger("trail").setLevel(logging.DEBUG)
    for handler in root.handlers:
        handler.setFormatter(formatter)
    if not session.verbose:
        for library, level in (("apscheduler", logging.ERROR), ("imapclient", logging.WARNING)):
            logging.getLogger(library).setLevel(level)


def _find_supervisor(environ: Mapping[str, str]) -> Supervisor:
    """Who waits to hear from us: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID (sd_notify(3), sd_watchdog_enabled(3))."""
    from trail.supervisor import Supervisor

    ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    wanted = environ.get("WATCHDOG_USEC", "")
    watchdog = int(wanted) / 1_000_000 if ours and wanted.isdecimal() else 0.0
    return Supervisor(environ.get("NOTIFY_SOCKET", ""), watchdog)

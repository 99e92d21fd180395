"""The front door: runs a command line, and turns every error into one line, a hint and an exit code.

Comes in: argv. Goes out: the exit code. A traceback reaches the user only with `-v`.
"""

from __future__ import annotations

import io
import os
import re
import sys
from typing import TYPE_CHECKING

from trail.cli.app import Session, app, complain, write_text
from trail.cli.commands import register_commands
from trail.cli.later import typer
from trail.cli.plain import read_plain
from trail.errors import EXIT_INTERRUPTED, EXIT_WARNINGS, TrailError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer.exceptions import TyperException


def run(argv: Sequence[str]) -> int:
    """Run one command line (without the program's name) and return its exit code."""
    session = Session()
    _prepare_streams()
    where = "trail"
    try:
        register_commands(argv)
        if plain := read_plain(argv, app, session):
            where = plain.path
            code = plain.run()
        else:
            from trail.cli.frame import build

            code = build()(list(argv), prog_name="trail", obj=session, standalone_mode=False)
        write_text(
            sys.stdout, ""
        )  # what is buffered, help for one, meets a reader who has left here
    except TrailError as error:
        _show_traceback(session)
        return _explain(error.message, error.hint, error.exit_code)
    except (
        SystemExit
    ) as left:  # Typer's own: completion, or a reader who left while it printed help
        return left.code if isinstance(left.code, int) else 1
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
        # Python ends by the signal, whatever its exit code, if the last text it ran as code was interrupted: a dataclass
        # that was just being made, for one
        exec("")  # noqa: S102 - now the last one was not
    except Exception as error:  # noqa: BLE001 - the last wall: whatever it is, a user is told in one line
        if isinstance(error, typer.Exit):
            code = error.exit_code
        elif isinstance(error, typer.Abort):
            code = EXIT_INTERRUPTED
        elif isinstance(error, typer.exceptions.TyperException):
            return _explain_usage(error, where)
        else:
            _show_traceback(session)
            return _explain(
                f"unexpected {type(error).__name__}: {error}",
                "this is a fault in trail; run the command again with -v and report what it prints",
                1,
            )
    if code == EXIT_INTERRUPTED:
        complain("\ninterrupted" if sys.stderr.isatty() else "interrupted")  # below the ^C
    return code or (EXIT_WARNINGS if session.warnings else 0)


def _show_traceback(session: Session) -> None:
    if session.verbose:
        import traceback

        complain(traceback.format_exc())


def _explain(message: str, hint: str, code: int) -> int:
    complain(f"error: {message}")
    if hint:
        complain(f"hint: {hint}")
    return code


_SAID = (
    (re.compile("Value error, ('.*') is not one of (.*)"), r"\1 is none of \2"),
    (re.compile("Value error, "), ""),
    (re.compile("^Invalid value: "), ""),
    (re.compile("Input should be a valid integer, .*"), "must be a whole number"),
    (re.compile("Input should be greater than or equal to "), "must be at least "),
    (re.compile("Input should be less than or equal to "), "must be at most "),
    (re.compile("value for '([^']+)'"), r"value for \1"),
)
"""What the libraries say of a value, and how we do."""


def _explain_usage(error: TyperException, where: str) -> int:
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":  # Typer shows it nowhere else
        write_text(sys.stdout, message + "\n")
        return error.exit_code
    context = getattr(error, "ctx", None)
    where = context.command_path if context else where
    for theirs, ours in _SAID:
        message = theirs.sub(ours, message)
    return _explain(
        message[:1].lower() + message[1:].rstrip("."),
        f"`{where} -h` tells how it is used",
        error.exit_code,
    )


def _prepare_streams() -> None:
    """A stream that was closed is one to nowhere; a character that a stream cannot show is shown as its number."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - for the rest of the process
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

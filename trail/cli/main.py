"""The front door: runs a command line, and turns every error into one line, a hint and an exit code.

Comes in: argv. Goes out: the exit code. A traceback reaches the user only with `-v`.
"""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING

from trail.cli import (  # noqa: F401 - importing a command's module registers it
    archive,
    clients,
    daemon,
    demo,
    handoff,
    init,
    search,
    sync,
)
from trail.cli.app import Session, app
from trail.errors import EXIT_INTERRUPTED, EXIT_WARNINGS, TrailError

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(argv: Sequence[str]) -> int:
    """Run one command line (without the program's name) and return its exit code."""
    session = Session()
    try:
        app(list(argv), prog_name="trail", obj=session)
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 1
        return EXIT_WARNINGS if code == 0 and session.warnings else code
    except TrailError as error:
        if session.verbose:
            traceback.print_exc()
        print(f"error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last wall: whatever it is, a user is told in one line
        if session.verbose:
            traceback.print_exc()
        print(f"error: unexpected {type(error).__name__}: {error}", file=sys.stderr)
        print(
            "hint: this is a fault in trail; run the command again with -v and report what it prints",
            file=sys.stderr,
        )
        return 1
    return 0

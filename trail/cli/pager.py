"""A long result, a screen at a time, as git shows one.

Comes in: text that is safe on a terminal. Goes out: the same, to the pager. The pager is TRAIL_PAGER, else PAGER, else
`less`; LESS is `FRX` unless it is set: one screen is simply printed, colours pass, and nothing is cleared at the end.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def page_text(text: str, environ: Mapping[str, str]) -> bool:
    """Show `text` in the pager if it is longer than the terminal; return whether it was shown. stdout is a terminal."""
    if text.count("\n") < shutil.get_terminal_size().lines:
        return False
    command = find_pager(environ)
    if not command:
        return False
    environ = {"LESS": "FRX", "LESSCHARSET": "utf-8", "LV": "-c", **environ}
    try:
        pager = subprocess.Popen(  # noqa: S602 - the user's own command, with options, as git runs it
            command, shell=True, stdin=subprocess.PIPE, env=environ
        )
    except OSError:
        return False
    # Ctrl-C belongs to the pager as long as it is there
    interrupted = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert pager.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # left before the end
            pager.stdin.write(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
        with contextlib.suppress(BrokenPipeError):
            pager.stdin.close()
        # what a shell says of a command it does not find, or may not run
        return pager.wait() not in (126, 127)
    finally:
        signal.signal(signal.SIGINT, interrupted)


def find_pager(environ: Mapping[str, str]) -> str:
    """The pager's command line; "" where there is none, or `cat`."""
    for name in ("TRAIL_PAGER", "PAGER"):
        if name in environ:
            command = environ[name].strip()
            return "" if command == "cat" else command
    return "less" if environ.get("TERM") != "dumb" and shutil.which("less") else ""

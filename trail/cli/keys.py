"""Single keys from a terminal, without Enter.

Comes in: a terminal on stdin. Goes out: one key after the other; what was typed ahead counts.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENDS = ("", "\x04", "\x1a", "\x1b")
"""What ends a dialogue: the end of the input, Ctrl-D, Ctrl-Z (on Windows), Escape."""

if sys.platform == "win32":
    import msvcrt

    @contextmanager
    def reading_keys() -> Iterator[Callable[[], str]]:
        """What reads a key, as long as the `with` block lasts. Raises KeyboardInterrupt for Ctrl-C."""

        def read() -> str:
            key = msvcrt.getwch()
            if key == "\x03":
                raise KeyboardInterrupt
            return key

        yield read

else:
    import termios
    import tty

    @contextmanager
    def reading_keys() -> Iterator[Callable[[], str]]:
        """What reads a key, as long as the `with` block lasts. Raises KeyboardInterrupt for Ctrl-C."""
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        tty.setcbreak(descriptor, termios.TCSADRAIN)
        try:
            yield lambda: os.read(descriptor, 1).decode("ascii", "replace")
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)

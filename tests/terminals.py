"""A program on a terminal of its own, as a person has it."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import termios
import time


class Terminal:
    """A terminal of 80 columns and 24 lines, and the program on it."""

    def __init__(self, *command, kind="dumb", size=(24, 80)):
        self.pid, self.line = pty.fork()
        if not self.pid:
            termios.tcsetwinsize(0, size)
            environ = dict(os.environ) | {"TERM": kind}
            for name in ("COLUMNS", "LINES"):  # readline sets them behind Python's back
                environ.pop(name, None)
            os.execvpe(command[0], command, environ)
        self.heard = b""
        self.code = None

    def wait_for(self, text, seconds=60):
        """Read until `text` comes, and return all that came before."""
        end = time.monotonic() + seconds
        while text not in self.heard:
            if not select.select([self.line], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"{text!r} did not come, but {self.heard!r}")
            if not (more := self._read()):
                raise AssertionError(f"{text!r} did not come, but {self.heard!r}, and the end")
            self.heard += more
        before, _, self.heard = self.heard.partition(text)
        return before

    def type(self, text):
        os.write(self.line, text.encode())

    def interrupt(self):
        """Press Ctrl-C, and read to the end; again where it was missed, as by readline while it shows its prompt."""
        for _ in range(60):
            self.type("\x03")
            while select.select([self.line], [], [], 1)[0]:
                if not (more := self._read()):
                    return self.wait()
                self.heard += more
        raise AssertionError(f"it did not end, but {self.heard!r}")

    def wait(self):
        """Read to the end, and return all that came."""
        end = time.monotonic() + 60
        while select.select([self.line], [], [], max(0, end - time.monotonic()))[0]:
            if not (more := self._read()):
                break
            self.heard += more
        else:
            raise AssertionError(f"it did not end, but {self.heard!r}")
        self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.heard

    def _read(self):
        with contextlib.suppress(OSError):  # Linux says so when the program has left
            return os.read(self.line, 65536)
        return b""

    def close(self):
        with contextlib.suppress(OSError):
            os.close(self.line)
        if self.code is None:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)

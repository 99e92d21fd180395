"""Daemons for tests: a process whose log can be read while it runs, and one on a thread of this process."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from trail import daemon as daemon_module
from trail.config import load_config
from trail.daemon import Daemon
from trail.fetch.imap import ImapSource

PATIENCE = 30.0
"""Seconds after which something that should have happened did not."""


class Watched:
    """A daemon process whose log can be read while it runs."""

    def __init__(self, desk, *words, log_format="text"):
        self.desk = desk
        self.path = desk.root / f"daemon-{len(desk.processes)}.log"
        with self.path.open("w") as log:
            self.process = desk.start(
                *words,
                "daemon",
                "--log-format",
                log_format,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )

    @property
    def log(self):
        return self.path.read_text(encoding="utf-8")

    def wait_for(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, (
                f"it left with {self.process.returncode}: {self.log}"
            )
            assert time.monotonic() < end, f"not seen: {what}\n{self.log}"
            time.sleep(0.02)

    def wait_for_log(self, text, times=1):
        self.wait_for(lambda: self.log.count(text) >= times, text)

    def stop(self, number=signal.SIGTERM):
        """Ask it to end, which must not take long; returns its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE)


def status_of(desk):
    return desk.status()


def hurry(desk):
    """The shortest interval the configuration takes is 10 s, too long for a test: a changed file begins a round at once."""
    desk.config.write_text(desk.config.read_text() + "\n# changed\n")


def load_hurried(path):
    """The configuration, with an interval that no file may ask for."""
    config = load_config(path)
    return replace(config, accounts=tuple(replace(a, every=1.0) for a in config.accounts))


class Clock:
    """The time of day, moved at will."""

    ahead = 0
    monotonic = staticmethod(time.monotonic)

    def time(self):
        return time.time() + self.ahead


@contextmanager
def running_daemon(desk, rounds, clock, supervisor=None):
    """A daemon on a thread of this process, with a clock of ours and a look at it every hundredth of a second."""

    def connect(account):
        rounds.append(account.name)
        return ImapSource(account, desk.environ["TRAIL_TEST_PASSWORD"])

    stop = threading.Event()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(daemon_module, "time", clock)
        patch.setattr(daemon_module, "TICK", 0.01)
        worker = threading.Thread(target=Daemon(desk.config, lambda: connect, stop, supervisor).run)
        worker.start()
        try:
            yield
        finally:
            stop.set()
            worker.join(PATIENCE)
    assert not worker.is_alive()


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)

"""`trail` as a process of its own: started, watched, killed; and the configuration it is started with."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 60
"""Seconds after which a process that should have ended, or done something, is taken for hanging."""


def write_config(root, server, *, port=None, every="5m", timeout="60s"):
    """A configuration for everything on the server, its archive in `root`/archive."""
    path = root / "config.toml"
    path.write_text(
        f'archive = "archive"\nscope = "everything"\nme = ["me@studio.example"]\n[[account]]\nname = "work"\nhost = "127.0.0.1"\n'
        f'port = {port or server.port}\nsecurity = "plain"\nuser = "{server.user}"\npassword_env = "TRAIL_TEST_PASSWORD"\n'
        f'every = "{every}"\ntimeout = "{timeout}"\n[[client]]\nslug = "acme"\ndomains = ["acme.example"]\n'
    )
    return path


class Trail:
    """A process in a session of its own, by which its children are known. Killed at the end of the block."""

    def __init__(self, config, *arguments, under=(), environ=None):
        """`under` is a command that runs it, such as strace with its options."""
        self.log = config.with_name(
            f"stderr-{'-'.join(arguments)[:40].replace('/', '_')}-{time.monotonic_ns()}"
        )
        with self.log.open("wb") as complaints:
            self.process = subprocess.Popen(
                [*under, sys.executable, "-m", "trail", "--config", str(config), *arguments],
                env={**os.environ, "TRAIL_TEST_PASSWORD": "secret", **(environ or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                start_new_session=True,
            )

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.kill()

    def wait(self, *codes):
        """Until the process has ended, with one of these exit codes; none given: with 0."""
        code = self.process.wait(PATIENCE)
        assert code in (codes or (0,)), f"exit code {code}: {self.log.read_text()}"
        return code

    def wait_for(self, happened):
        """Until that is so, or the process has ended; false then."""
        deadline = time.monotonic() + PATIENCE
        while not happened():
            if self.process.poll() is not None:
                return False
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.005)
        return True

    def kill(self):
        """SIGKILL to the process itself, not to its children."""
        self.process.kill()
        self.process.wait()

    def list_others(self):
        """Processes of the session that are no zombies."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(") ")[2].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid and fields[0] != "Z":
                found.append(int(stat.parent.name))
        return found

    def expect_no_others(self, seconds=1.0):
        """No process of the session is left after so long."""
        deadline = time.monotonic() + seconds
        while (orphans := self.list_others()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not orphans, f"processes outlive the kill: {orphans}"


def count_files(root):
    """Messages in the Maildir."""
    return sum(1 for _ in (root / "mail").glob("*/*/cur/*"))
